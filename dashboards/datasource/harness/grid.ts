import type { DataTransformerConfig, FieldConfigSource, ScopedVars } from '@grafana/data';
import type { DataQuery } from '@grafana/schema';

/** A panel as a board's file has it; what the harness reads of it. */
export interface Panel {
  id: number;
  type: string;
  title?: string;
  gridPos: { x: number; y: number; w: number; h: number };
  collapsed?: boolean;
  panels?: Panel[];
  repeat?: string;
  maxPerRow?: number;
  interval?: string;
  datasource?: { uid: string };
  targets?: DataQuery[];
  transformations?: DataTransformerConfig[];
  fieldConfig?: FieldConfigSource;
  // What each kind of panel makes of it.
  options?: any; // eslint-disable-line @typescript-eslint/no-explicit-any
}

export interface Variable {
  name: string;
  label?: string;
  type: string;
  hide: number;
  query: unknown;
  allValue?: string;
  current?: { value: string | string[] };
}

export interface Board {
  uid: string;
  title: string;
  description: string;
  time: { from: string; to: string };
  panels: Panel[];
  templating: { list: Variable[] };
}

/** Where a panel stands in the picture, in columns and rows of Grafana's grid of 24. */
export interface Placed {
  panel: Panel;
  x: number;
  y: number;
  w: number;
  h: number;
  scoped: ScopedVars;
  closed: boolean;
}

/**
 * Lays a board out as Grafana does when it opens: rows that are collapsed show their head, unless `opened` names them,
 * and what is repeated stands side by side. `choices` are the values to repeat for.
 */
export function layOut(
  panels: Panel[],
  opened: string[],
  choices: (name: string) => Array<{ text: string; value: string }>
): Placed[] {
  const placed: Placed[] = [];
  let shift = 0; // how much further down things stand than the file says
  for (const panel of panels) {
    const { x, y, w, h } = panel.gridPos;
    const at = y + shift;
    if (panel.type === 'row') {
      const inner = panel.panels ?? [];
      const closed = panel.collapsed === true && !opened.includes(panel.title ?? '');
      placed.push({ panel, x, y: at, w, h, scoped: {}, closed });
      const height = Math.max(0, ...inner.map((p) => p.gridPos.y + p.gridPos.h - (y + h)));
      if (closed) {
        shift -= height;
      } else {
        placed.push(
          ...inner.map((p) => ({ panel: p, ...p.gridPos, y: p.gridPos.y + shift, scoped: {}, closed: false }))
        );
      }
      continue;
    }
    if (!panel.repeat) {
      placed.push({ panel, x, y: at, w, h, scoped: {}, closed: false });
      continue;
    }
    const name = panel.repeat;
    const each = choices(name);
    const perRow = Math.min(panel.maxPerRow ?? 4, each.length);
    each.forEach(({ text, value }, i) => {
      placed.push({
        panel,
        x: (i % perRow) * (24 / perRow),
        y: at + Math.floor(i / perRow) * h,
        w: 24 / perRow,
        h,
        scoped: { [name]: { text, value } },
        closed: false,
      });
    });
    shift += (Math.ceil(each.length / perRow) - 1) * h;
  }
  return placed;
}
