/**
 * Stands in for the browser half of Grafana: it has the real packages that Grafana shares with its plugins, loads the
 * shipped module.js as AMD as Grafana does, and mounts the plugin's components. What it does not have: Grafana's pages,
 * its own request queue, Live and panels.
 */
import * as emotionCss from '@emotion/css';
import * as grafanaData from '@grafana/data';
import * as grafanaRuntime from '@grafana/runtime';
import * as grafanaUi from '@grafana/ui';
import * as i18next from 'i18next';
import { initPluginTranslations } from '@grafana/i18n';
import * as React from 'react';
import * as ReactDOM from 'react-dom';
import * as jsxRuntime from 'react/jsx-runtime';
import { createRoot, Root } from 'react-dom/client';
import * as rxjs from 'rxjs';
import { backendSrv } from './backend';
import { provideFields } from './fields';
import type { Board } from './grid';
import { choose, instanceSettings, provideServices } from './services';
import { Inside } from './panels';
import { answerOf, Asked, fill, Plan, report, Sheet, whatItIs } from './sheet';

const { createTheme, ThemeContext } = grafanaData;
const { GlobalStyles, PortalContainer } = grafanaUi;

/** What Grafana shares with plugins, as far as one of ours may ask for it. A further name fails the load, and the test. */
const shared: Record<string, unknown> = {
  '@emotion/css': emotionCss,
  '@grafana/data': grafanaData,
  '@grafana/runtime': grafanaRuntime,
  '@grafana/ui': grafanaUi,
  i18next,
  react: React,
  'react-dom': ReactDOM,
  'react/jsx-runtime': jsxRuntime,
  rxjs,
};

type Plugin = grafanaData.DataSourcePlugin<grafanaRuntime.DataSourceWithBackend>;

interface Mounted {
  /** What the component handed to onChange and the like, the last one last. */
  changes: unknown[];
  runs: number;
}

declare global {
  interface Window {
    harness: {
      load: () => Promise<string[]>;
      mount: (part: string, theme: 'light' | 'dark', value: Record<string, unknown>) => Promise<void>;
      query: (request: Record<string, unknown>) => Promise<unknown>;
      test: () => Promise<unknown>;
      list: (query: Record<string, unknown>) => Promise<unknown>;
      annotation: (target: Record<string, unknown>) => unknown;
      choose: typeof choose;
      sheet: (file: string, plan: Plan) => Promise<ReturnType<typeof report>>;
      portrait: typeof portrait;
      mounted: Mounted;
    };
  }
}

let plugin: Plugin;
let root: Root | undefined;
const mounted: Mounted = { changes: [], runs: 0 };

/** Loads the shipped module and gives the names of what it asked for. */
async function load(): Promise<string[]> {
  await initPluginTranslations('harness');
  provideServices();
  provideFields();
  let asked: string[] = [];
  const define = (...parts: unknown[]) => {
    const factory = parts.pop() as (...modules: unknown[]) => { plugin: Plugin };
    asked = parts.pop() as string[];
    const modules = asked.map((name) => {
      if (name === 'module') {
        return { uri: `${location.origin}/dist/module.js` };
      }
      if (!(name in shared)) {
        throw new Error(`module.js asks for ${name}, which this host does not share`);
      }
      return shared[name];
    });
    plugin = factory(...modules).plugin;
  };
  const page = window as unknown as { define?: unknown };
  page.define = Object.assign(define, { amd: {} });
  await new Promise<void>((resolve, reject) => {
    const script = document.createElement('script');
    script.src = '/dist/module.js';
    script.onload = () => resolve();
    script.onerror = () => reject(new Error('dist/module.js was not loaded: npm run build makes it'));
    document.head.append(script);
  });
  // Whatever else is brought onto the page, axe for one, must not take itself for the plugin.
  delete page.define;
  if (!plugin) {
    throw new Error('dist/module.js defined no plugin');
  }
  return asked;
}

function openDataSource() {
  const settings = instanceSettings();
  return new plugin.DataSourceClass(settings as never);
}

/** Holds the value that an editor changes, as Grafana's pages do. */
function Page({ part, initial }: { part: string; initial: Record<string, unknown> }) {
  const [value, setValue] = React.useState<Record<string, unknown>>(initial);
  const [datasource] = React.useState(openDataSource);
  const change = (next: unknown) => {
    mounted.changes.push(next);
    setValue(next as Record<string, unknown>);
  };
  const run = () => {
    mounted.runs++;
  };
  const element = (component: unknown, props: Record<string, unknown>) =>
    React.createElement(component as React.ComponentType<Record<string, unknown>>, props);
  const query = { datasource, query: value, onChange: change, onRunQuery: run };
  switch (part) {
    case 'config':
      return element(plugin.components.ConfigEditor, { options: value, onOptionsChange: change });
    case 'query':
      return element(plugin.components.QueryEditor, { ...query, app: 'panel-editor' });
    case 'alert':
      return element(plugin.components.QueryEditor, { ...query, app: 'unified-alerting' });
    case 'variable':
      return element((datasource.variables as unknown as { editor: unknown }).editor, query);
    case 'annotation':
      return element(datasource.annotations?.QueryEditor, query);
    case 'help':
      return element(plugin.components.QueryEditorHelp, { datasource, query: value, onClickExample: change });
    default:
      throw new Error(`no part ${part}`);
  }
}

/** Puts something in place of what is on the page. */
function show(mode: 'light' | 'dark', content: React.ReactNode): void {
  root?.unmount();
  const theme = createTheme({ colors: { mode } });
  document.documentElement.lang = 'en';
  document.body.style.background = theme.colors.background.primary;
  root = createRoot(document.getElementById('root')!);
  root.render(
    <ThemeContext.Provider value={theme}>
      <GlobalStyles />
      {content}
      <PortalContainer />
    </ThemeContext.Provider>
  );
}

const drawn = () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));

async function mount(part: string, mode: 'light' | 'dark', value: Record<string, unknown>): Promise<void> {
  mounted.changes = [];
  mounted.runs = 0;
  show(
    mode,
    <main style={{ padding: 16 }}>
      <h1 className="sr-only">{part}</h1>
      <Page key={Math.random()} part={part} initial={value} />
    </main>
  );
  await drawn();
}

/** Draws a board of dashboards/boards and tells what each panel was given. */
async function sheet(file: string, plan: Plan): Promise<ReturnType<typeof report>> {
  const board: Board = await (await fetch(`/boards/${file}`)).json();
  const filled = await fill(board, openDataSource() as unknown as Asked, plan);
  show(plan.theme, <Sheet board={board} plan={plan} {...filled} />);
  await drawn();
  return report(filled.drawn);
}

/** Mounts an editor with a heading and, where it has a height, the answer to its query below it. */
async function portrait(part: string, heading: string, value: Record<string, unknown>, height: number): Promise<void> {
  const mode = 'dark';
  const source = openDataSource() as unknown as Asked;
  const time = { from: 'now-24h', to: 'now' };
  const answer = height > 0 ? await answerOf(source, value as never, { time } as Board, mode) : undefined;
  const words = 'The shipped editor in a test program with Grafana’s components. Not a screenshot of Grafana.';
  show(
    mode,
    <main id="sheet" style={{ padding: 16, width: 1100 }}>
      <h1 style={{ fontSize: 18 }}>{heading}</h1>
      <Page key={Math.random()} part={part} initial={value} />
      {answer && (
        <div style={{ marginTop: 16, height }}>
          <Inside {...answer} width={1068} height={height} />
        </div>
      )}
      <p style={{ margin: '16px 0 0' }}>
        <small>{answer ? whatItIs : words}</small>
      </p>
    </main>
  );
  await drawn();
}

/**
 * Runs a query through the data source's own query(), up to the HTTP request; gives all that came back. `last` is how
 * many milliseconds the range has, up to now.
 */
async function query({ last, ...request }: Record<string, unknown>): Promise<unknown> {
  const now = typeof last === 'number' ? Date.now() : 3_600_000;
  const range = {
    from: grafanaData.dateTime(typeof last === 'number' ? now - last : 0),
    to: grafanaData.dateTime(now),
    raw: { from: 'now-1h', to: 'now' },
  };
  const answers = openDataSource().query({
    requestId: 'Q1',
    intervalMs: 1000,
    scopedVars: {},
    range,
    rangeRaw: range.raw,
    ...request,
  } as never);
  return rxjs.lastValueFrom((answers as rxjs.Observable<unknown>).pipe(rxjs.toArray()));
}

/** Save & test, with what Grafana would show of a failure. */
async function test(): Promise<unknown> {
  try {
    return await openDataSource().testDatasource();
  } catch (error) {
    return { status: 'error', message: error instanceof Error ? error.message : JSON.stringify(error) };
  }
}

/** What a variable can stand at. */
async function list(asked: Record<string, unknown>): Promise<unknown> {
  const source = openDataSource() as unknown as Asked;
  const { data } = await rxjs.lastValueFrom(source.variables.query({ targets: [asked], scopedVars: {} } as never));
  return data;
}

/** The query that Grafana sends for an annotation. */
function annotation(target: Record<string, unknown>): unknown {
  const { annotations } = openDataSource();
  const saved = { name: 'Incidents', enable: true, iconColor: 'red', target } as never;
  return annotations!.prepareQuery!(annotations!.prepareAnnotation!(saved));
}

grafanaRuntime.setBackendSrv(backendSrv);
window.harness = { load, mount, query, test, list, annotation, choose, sheet, portrait, mounted };
