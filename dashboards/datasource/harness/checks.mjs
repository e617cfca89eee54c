import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

const axeSource = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** No violation that axe calls serious or critical. Lesser ones are told. */
export async function accessible(page, name) {
  await page.evaluate(axeSource);
  const { violations } = await page.evaluate(() =>
    window.axe.run(document, {
      resultTypes: ['violations'],
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'],
    })
  );
  const told = violations.map(
    ({ id, impact, help, nodes }) =>
      `${impact} ${id}: ${help}\n    ${nodes.map(({ html }) => html.slice(0, 300)).join('\n    ')}`
  );
  const grave = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
  assert.equal(grave.length, 0, `${name}: axe finds\n  ${told.join('\n  ')}`);
  return told;
}

/** Tab reaches each input once, in the order in which they are seen, shows where it is, and leads out again. */
export async function keyboardWalk(page, name, inputs) {
  await page.evaluate(() => {
    document.activeElement?.blur();
    window.getSelection().removeAllRanges();
  });
  const walked = [];
  for (let i = 0; i < 60; i++) {
    await page.keyboard.press('Tab');
    const at = await page.evaluate(() => {
      const element = document.activeElement;
      // Past the last one a browser without a window of its own begins anew.
      if (!element || element === document.body || element.dataset.walked) {
        return undefined;
      }
      element.dataset.walked = 'yes';
      const box = element.getBoundingClientRect();
      const ring = (e) => {
        const style = getComputedStyle(e);
        return (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== 'none';
      };
      let shown = false;
      for (let e = element, depth = 0; e && depth < 4 && !shown; e = e.parentElement, depth++) {
        shown = ring(e);
      }
      const label = element.labels?.[0]?.querySelector('div')?.textContent ?? element.labels?.[0]?.textContent;
      return {
        label: label ?? element.getAttribute('aria-label') ?? element.textContent,
        shown,
        top: box.top,
        left: box.left,
        tag: element.tagName,
        html: element.outerHTML.slice(0, 160),
      };
    });
    if (!at) {
      break;
    }
    assert.ok(at.shown, `${name}: nothing shows that the keyboard is at ${at.label} ${at.html}`);
    walked.push(at);
  }
  assert.ok(walked.length < 60, `${name}: Tab does not lead out`);
  const reached = walked.map(({ label }) => label.replace(' *', '').trim());
  const named = reached.filter((label) => inputs.includes(label));
  assert.deepEqual(named, inputs, `${name}: Tab reaches ${JSON.stringify(reached)}`);
}

/** Where everything that can be operated is, down the page; what a field holds may change its text and so its width. */
export function places(page) {
  return page.evaluate(() =>
    [...document.querySelectorAll('main input, main button, main label')].map((e) => {
      const { left, top, height } = e.getBoundingClientRect();
      return [e.tagName, e.tagName === 'LABEL' && Math.round(left), Math.round(top), Math.round(height)].join(' ');
    })
  );
}

/** What the page asks of the server has come, and is drawn. */
export async function settled(page) {
  await page.waitForNetworkIdle({ idleTime: 60, timeout: 10_000 });
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
}

/** Every panel of a board is drawn: tables and charts come some frames after the page, and choices when they are there. */
export async function painted(page) {
  await page.waitForFunction(() => {
    const parts = { table: '[role=columnheader]', timeseries: 'canvas', 'state-timeline': 'rect' };
    const panels = [...document.querySelectorAll('[data-panel]')].filter(({ dataset }) => dataset.rows !== '0');
    const drawn = panels.every((p) => !(p.dataset.panel in parts) || p.querySelector(parts[p.dataset.panel]));
    return drawn && !document.querySelector('[data-testid=Spinner]');
  });
  await page.evaluate(async () => {
    for (let i = 0; i < 12; i++) {
      await new Promise((done) => requestAnimationFrame(done));
    }
  });
}
