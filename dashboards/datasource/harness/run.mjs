/**
 * The shipped dist/module.js in headless Chromium, with the real packages of Grafana around it: each editor, light and
 * dark. Fails on what breaks, on errors in the console, on grave findings of axe, and where the keyboard does not get.
 * Pictures are left in artifacts/harness. `--grafana URL` takes answers from a host program instead of canned ones,
 * `--only TEXT` runs the checks whose names have that text.
 */
import assert from 'node:assert/strict';
import { access, mkdir, rm } from 'node:fs/promises';
import { constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import puppeteer from 'puppeteer-core';
import { accessible, keyboardWalk, places, settled } from './checks.mjs';
import { journeys } from './journeys.mjs';
import { pages } from './pages.mjs';
import { serve } from './server.mjs';

const home = fileURLToPath(new URL('..', import.meta.url));
const pictures = join(home, 'artifacts/harness');
const argument = (name) => (process.argv.includes(name) ? process.argv[process.argv.indexOf(name) + 1] : undefined);
const grafana = argument('--grafana');
const only = argument('--only');

async function bundle() {
  await build({
    entryPoints: [join(home, 'harness/host.tsx')],
    outfile: join(pictures, 'host.js'),
    bundle: true,
    format: 'iife',
    target: 'chrome120',
    jsx: 'transform',
    // The development build of React warns of what a plugin does wrong.
    define: { 'process.env.NODE_ENV': '"development"', global: 'window' },
    loader: { '.svg': 'dataurl', '.png': 'dataurl', '.css': 'empty' },
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

const loading = 'module.js loads, and asks for what Grafana shares';
let passed = 0;
const failed = [];
let onFailure = () => Promise.resolve();
const told = new Set();

async function check(name, body) {
  if (only && !name.includes(only) && name !== loading) {
    return;
  }
  try {
    await body();
    passed++;
  } catch (error) {
    failed.push(name);
    await onFailure(`failed-${failed.length}`);
    process.stdout.write(`FAIL ${name}\n  ${error.message.replaceAll('\n', '\n  ')}\n`);
  }
}

await rm(pictures, { recursive: true, force: true });
await mkdir(pictures, { recursive: true });
const began = Date.now();
await bundle();
process.stdout.write(`host bundled in ${((Date.now() - began) / 1000).toFixed(1)} s\n`);

const server = await serve({ grafana });
const browser = await puppeteer.launch({
  executablePath: await findChromium(),
  headless: true,
  args: ['--no-sandbox', '--disable-dev-shm-usage', '--force-prefers-reduced-motion', '--hide-scrollbars'],
});
try {
  const page = await browser.newPage();
  await page.setViewport({ width: 1100, height: 760, deviceScaleFactor: 1 });
  page.setDefaultTimeout(20_000);
  onFailure = (file) => page.screenshot({ path: join(pictures, `${file}.png`) });
  const complaints = [];
  page.on('console', (message) => {
    // Grafana's server has the fonts, the packages have not.
    const font = message.location()?.url?.includes('/public/fonts/');
    if (['error', 'warn'].includes(message.type()) && !font) {
      complaints.push(`${message.type()}: ${message.text()} ${message.location()?.url ?? ''}`);
    }
  });
  page.on('pageerror', (error) => complaints.push(`error: ${error.message}`));
  await page.goto(server.url);

  await check(loading, async () => {
    const asked = await page.evaluate(() => window.harness.load());
    assert.ok(
      asked.includes('@grafana/ui') && asked.includes('react'),
      `it brings its own copies: it asks for ${asked}`
    );
  });

  for (const theme of ['light', 'dark']) {
    for (const { name, part, value, inputs } of pages) {
      await check(`${name}, ${theme}`, async () => {
        complaints.length = 0;
        let release;
        server.state.delay = new Promise((resolve) => (release = resolve));
        await page.evaluate((...args) => window.harness.mount(...args), part, theme, value);
        const before = await places(page);
        release();
        await settled(page);
        assert.deepEqual(await places(page), before, `${name}: what was there moved when the choices came`);
        await page.screenshot({ path: join(pictures, `${name}-${theme}.png`) });
        (await accessible(page, name)).forEach((finding) => told.add(finding));
        if (inputs) {
          await keyboardWalk(page, name, inputs);
        }
        assert.deepEqual(complaints, [], `${name}: the console has complaints`);
      });
    }
  }
  server.state.delay = Promise.resolve();
  for (const [name, journey] of Object.entries(journeys)) {
    await check(name, async () => {
      complaints.length = 0;
      await journey({
        page,
        state: server.state,
        picture: (file) => page.screenshot({ path: join(pictures, `${file}.png`) }),
      });
    });
  }
} finally {
  await browser.close();
  await server.close();
}
told.forEach((finding) => process.stdout.write(`axe, lesser: ${finding}\n`));
process.stdout.write(`${passed} passed, ${failed.length} failed\n`);
process.exitCode = failed.length > 0 ? 1 : 0;
