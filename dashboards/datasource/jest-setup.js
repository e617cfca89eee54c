// Jest setup provided by Grafana scaffolding
import './.config/jest-setup';
import { configure } from '@testing-library/react';

// What React's scheduler and @grafana/ui want, and jsdom has not.
global.MessageChannel ??= class {
  constructor() {
    this.port1 = { onmessage: null };
    this.port2 = { postMessage: (data) => setTimeout(() => this.port1.onmessage?.({ data }), 0) };
  }
};
for (const observer of ['ResizeObserver', 'IntersectionObserver']) {
  global[observer] ??= class {
    observe() {}
    unobserve() {}
    disconnect() {}
  };
}
HTMLCanvasElement.prototype.getContext = () => ({ measureText: (text) => ({ width: 8 * text.length }) });
// On a machine that does other things too, a second is short.
configure({ asyncUtilTimeout: 20_000 });
