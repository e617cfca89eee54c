import { access } from 'node:fs/promises';
import { constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import puppeteer from 'puppeteer-core';

export const home = fileURLToPath(new URL('..', import.meta.url));

/** What follows a name on the command line. */
export const argument = (name) =>
  process.argv.includes(name) ? process.argv[process.argv.indexOf(name) + 1] : undefined;

/** The chain that the command line names; the password of InfluxDB is no argument, where others would see it. */
export const chain = {
  grafana: argument('--grafana'),
  refused: argument('--refused'),
  influx: argument('--influx'),
  token: process.env.PLANTROOM_INFLUX_TOKEN,
};

/** Makes artifacts/host.js of host.tsx and the real packages. */
export async function bundle() {
  await build({
    entryPoints: [join(home, 'harness/host.tsx')],
    outfile: join(home, 'artifacts/host.js'),
    bundle: true,
    format: 'iife',
    target: 'chrome120',
    jsx: 'transform',
    // The development build of React warns of what a plugin does wrong.
    define: { 'process.env.NODE_ENV': '"development"', global: 'window' },
    // Tables and graphs bring styles of their own, into artifacts/host.css.
    loader: { '.svg': 'dataurl', '.png': 'dataurl', '.css': 'css' },
    plugins: [withoutMonaco],
    logLevel: 'error',
  });
}

/** The code editor of @grafana/ui is 80 MB, and nothing of ours edits code. */
const withoutMonaco = {
  name: 'without monaco',
  setup(esbuild) {
    esbuild.onResolve({ filter: /^(monaco-editor|@monaco-editor)(\/|$)/ }, ({ path }) => ({
      path,
      namespace: 'absent',
    }));
    esbuild.onLoad({ filter: /.*/, namespace: 'absent' }, () => ({ contents: 'module.exports = {};' }));
  },
};

async function findChromium() {
  const names = ['chromium', 'chromium-browser', 'google-chrome'];
  const found = [
    process.env.CHROMIUM,
    ...process.env.PATH.split(delimiter).flatMap((d) => names.map((n) => join(d, n))),
  ];
  for (const path of found.filter(Boolean)) {
    if (
      await access(path, constants.X_OK).then(
        () => true,
        () => false
      )
    ) {
      return path;
    }
  }
  throw new Error("no Chromium on this machine: install Debian's package chromium, or name one in CHROMIUM");
}

/** Opens the harness's page, and collects what the console complains of. */
export async function openPage(url, viewport) {
  const browser = await puppeteer.launch({
    executablePath: await findChromium(),
    headless: true,
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--force-prefers-reduced-motion', '--hide-scrollbars'],
  });
  const page = await browser.newPage();
  await page.setViewport({ deviceScaleFactor: 1, ...viewport });
  page.setDefaultTimeout(20_000);
  const complaints = [];
  page.on('console', (message) => {
    // Grafana's server has the fonts, and its start fills a cache of data sources that the packages do not let us fill.
    const font = message.location()?.url?.includes('/public/fonts/');
    const cache = message.text().includes('found nothing in the new cache but the legacy DataSourceSrv did');
    if (['error', 'warn'].includes(message.type()) && !font && !cache) {
      complaints.push(`${message.type()}: ${message.text()} ${message.location()?.url ?? ''}`);
    }
  });
  page.on('pageerror', (error) => complaints.push(`error: ${error.message}`));
  await page.goto(url);
  return { browser, page, complaints };
}
