/**
 * Draws a whole board from the frames that its queries are answered with: the plugin's through its own query(), those of
 * InfluxDB through a stand-in. It is no Grafana: a picture of it says so.
 */
import { createTheme, DataFrame, dateMath, dateTimeFormat, rangeUtil, ScopedVars, TimeRange } from '@grafana/data';
import { Icon, PanelChrome, useTheme2 } from '@grafana/ui';
import type { DataQuery } from '@grafana/schema';
import * as React from 'react';
import { lastValueFrom, Observable, toArray } from 'rxjs';
import { dress } from './fields';
import { Board, layOut, Panel, Placed, Variable } from './grid';
import { askInflux, InfluxQuery } from './influx';
import { Inside, ownDrawing, rowsOf } from './panels';
import { Chosen, choose } from './services';

type Query = (
  request: Record<string, unknown>
) => Observable<{ data: DataFrame[]; errors?: Array<{ message?: string }> }>;
export interface Asked {
  query: Query;
  variables: { query: (request: never) => Observable<{ data: Array<{ text: string; value: string }> }> };
}

export interface Drawn extends Placed {
  frames: DataFrame[];
  title: string;
  error?: string;
}

export interface Plan {
  width: number;
  theme: 'light' | 'dark';
  /** What variables stand at; others stand as the board opens. */
  chosen: Record<string, string>;
  /** Titles of collapsed rows that are opened. */
  opened: string[];
  /** Leave out everything from this row on. */
  until?: string;
}

/** What every picture says of itself. */
export const whatItIs =
  'Real frames of a Plantroom with a past, drawn by a test program with Grafana’s components. Not a screenshot of Grafana.';

const cell = 30;
const gap = 8;

function rangeOf({ time }: Board): TimeRange {
  const [from, to] = [dateMath.toDateTime(time.from, {})!, dateMath.toDateTime(time.to, {})!];
  return { from, to, raw: time };
}

const standing = ({ current, allValue, query, type }: Variable, chosen?: string): Chosen => ({
  value: chosen ?? (type === 'constant' ? String(query) : ([current?.value ?? '$__all'].flat()[0] ?? '$__all')),
  allValue,
});

/** Asks what a board asks when it opens. */
export async function fill(board: Board, source: Asked, plan: Plan): Promise<{ drawn: Drawn[]; range: TimeRange }> {
  const theme = createTheme({ colors: { mode: plan.theme } });
  const range = rangeOf(board);
  const variables = board.templating.list;
  choose(Object.fromEntries(variables.map((v) => [v.name, standing(v, plan.chosen[v.name])])));
  const choices = new Map<string, Array<{ text: string; value: string }>>();
  for (const { name, type, query } of variables) {
    if (type === 'query') {
      const { data } = await lastValueFrom(
        source.variables.query({ targets: [query], scopedVars: {}, range } as never)
      );
      choices.set(name, data);
    }
  }
  const end = board.panels.findIndex(({ title }) => title !== undefined && title === plan.until);
  const panels = end < 0 ? board.panels : board.panels.slice(0, end);
  const drawn: Drawn[] = [];
  for (const place of layOut(panels, plan.opened, (name) => choices.get(name) ?? [])) {
    const { panel, scoped } = place;
    const title = (panel.title ?? '').replace(/\$\{(\w+):text\}/g, (_, name: string) =>
      String(scoped[name]?.text ?? 'All')
    );
    try {
      const raw = await ask(panel, source, range, scoped, Math.round((place.w / 24) * plan.width));
      const frames = await dress(
        raw,
        panel.transformations ?? [],
        panel.fieldConfig ?? { defaults: {}, overrides: [] },
        theme
      );
      drawn.push({ ...place, title, frames });
    } catch (error) {
      drawn.push({
        ...place,
        title,
        frames: [],
        error: error instanceof Error ? error.message : JSON.stringify(error),
      });
    }
  }
  return { drawn, range };
}

async function ask(
  panel: Panel,
  source: Asked,
  range: TimeRange,
  scopedVars: ScopedVars,
  points: number
): Promise<DataFrame[]> {
  const targets = panel.targets ?? [];
  if (targets.length === 0) {
    return [];
  }
  const { interval, intervalMs } = rangeUtil.calculateInterval(range, points, panel.interval);
  if (panel.datasource?.uid === 'plantroom-influx') {
    const all = await Promise.all(targets.map((q) => askInflux(q as InfluxQuery, range, interval, scopedVars)));
    return all.flat();
  }
  // A picture does not live: events are asked for, not followed.
  const still = targets.map((target) => ({ ...target, live: undefined }));
  const request = { requestId: `Q${panel.id}`, panelId: panel.id, targets: still, range, rangeRaw: range.raw };
  const more = { interval, intervalMs, maxDataPoints: points, scopedVars, app: 'dashboard', timezone: 'browser' };
  const answers = await lastValueFrom(source.query({ ...request, ...more }).pipe(toArray()));
  const wrong = answers.flatMap(({ errors }) => errors ?? []);
  if (wrong.length > 0) {
    throw new Error(wrong.map(({ message }) => message).join('; '));
  }
  return answers.at(-1)?.data ?? [];
}

/** What a test can hold a drawn board to. */
export const report = (drawn: Drawn[]) =>
  drawn
    .filter(({ panel }) => panel.type !== 'row')
    .map(({ panel, title, frames, error }) => ({
      type: panel.type,
      title,
      frames: frames.length,
      rows: rowsOf(frames),
      // How many rows there are is a number without any, too.
      counts: panel.options?.reduceOptions?.calcs?.includes('count') ?? false,
      error,
    }));

/** The picture: what it is, what is chosen, and the panels where the board has them. */
export function Sheet({ board, drawn, range, plan }: { board: Board; drawn: Drawn[]; range: TimeRange; plan: Plan }) {
  const theme = useTheme2();
  const column = (plan.width - 2 * gap + gap) / 24;
  const height = Math.max(...drawn.map(({ y, h }) => y + h)) * (cell + gap);
  const chosen = board.templating.list
    .filter(({ hide, type }) => hide !== 2 && type === 'query')
    .map((v) => `${v.label ?? v.name}: ${plan.chosen[v.name] ?? 'All'}`);
  const times = [range.from, range.to].map((t) => dateTimeFormat(t, { format: 'YYYY-MM-DD HH:mm' })).join(' to ');
  return (
    <div id="sheet" style={{ width: plan.width, padding: gap, background: theme.colors.background.canvas }}>
      <header style={{ display: 'flex', alignItems: 'baseline', gap: 16, padding: '0 4px 8px' }}>
        <h1 style={{ ...theme.typography.h4, margin: 0 }}>{board.title}</h1>
        <span>{[...chosen, times].join(' · ')}</span>
      </header>
      <p style={{ margin: '0 4px 8px', color: theme.colors.text.secondary }}>{whatItIs}</p>
      <div style={{ position: 'relative', height }}>
        {drawn.map((one, i) => (
          <Frame key={i} one={one} range={range} column={column} />
        ))}
      </div>
    </div>
  );
}

function Frame({ one, range, column }: { one: Drawn; range: TimeRange; column: number }) {
  const theme = useTheme2();
  const { panel, title, x, y, w, h, closed, frames, error } = one;
  const box = { left: x * column, top: y * (cell + gap), width: w * column - gap, height: h * (cell + gap) - gap };
  if (panel.type === 'row') {
    return (
      <div
        style={{ position: 'absolute', ...box, display: 'flex', alignItems: 'center', gap: 8, ...theme.typography.h6 }}
      >
        <Icon name={closed ? 'angle-right' : 'angle-down'} /> {title}
        {closed && <span style={{ color: theme.colors.text.secondary }}>({panel.panels?.length} panels)</span>}
      </div>
    );
  }
  const own = ownDrawing[panel.type];
  return (
    <div style={{ position: 'absolute', ...box }} data-panel={panel.type} data-rows={rowsOf(frames)}>
      <PanelChrome
        title={title}
        width={box.width}
        height={box.height}
        padding={panel.type === 'table' ? 'none' : 'md'}
        titleItems={
          own ? <small style={{ color: theme.colors.text.secondary, paddingLeft: 8 }}>{own}</small> : undefined
        }
      >
        {(width, height) =>
          error ? <p>{error}</p> : <Inside panel={panel} frames={frames} range={range} width={width} height={height} />
        }
      </PanelChrome>
    </div>
  );
}

/** A query and its answer below it, as one who explores sees them. */
export async function answerOf(source: Asked, target: DataQuery, board: Board, mode: 'light' | 'dark') {
  const range = rangeOf(board);
  const panel: Panel = { id: 0, type: 'table', gridPos: { x: 0, y: 0, w: 24, h: 10 }, targets: [target] };
  const options = { cellHeight: 'sm', showHeader: true };
  const fieldConfig = { defaults: { custom: {} }, overrides: [] };
  const raw = await ask(panel, source, range, {}, 1000);
  const frames = await dress(raw, [], fieldConfig, createTheme({ colors: { mode } }));
  return { panel: { ...panel, options, fieldConfig }, frames, range };
}
