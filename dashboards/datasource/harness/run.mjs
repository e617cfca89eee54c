/**
 * The shipped dist/module.js in headless Chromium, with the real packages of Grafana around it: each editor, light and
 * dark. Fails on what breaks, on errors in the console, on grave findings of axe, and where the keyboard does not get.
 * Pictures are left in artifacts/harness. `--grafana URL` takes answers from a host program instead of canned ones, and
 * runs the journeys only; with it go `--refused URL`, a host whose token is not taken, and `--influx URL`. `--only TEXT` runs
 * the checks whose names have that text.
 */
import assert from 'node:assert/strict';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { argument, bundle, chain, home, openPage } from './browser.mjs';
import { chainJourneys } from './chain.mjs';
import { accessible, keyboardWalk, places, settled } from './checks.mjs';
import { journeys } from './journeys.mjs';
import { pages } from './pages.mjs';
import { serve } from './server.mjs';

const pictures = join(home, 'artifacts/harness');
const only = argument('--only');

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

const server = await serve(chain);
const { browser, page, complaints } = await openPage(server.url, { width: 1100, height: 760 });
try {
  onFailure = (file) => page.screenshot({ path: join(pictures, `${file}.png`) });
  await check(loading, async () => {
    const asked = await page.evaluate(() => window.harness.load());
    assert.ok(
      asked.includes('@grafana/ui') && asked.includes('react'),
      `it brings its own copies: it asks for ${asked}`
    );
  });

  // How editors look, and how the keyboard gets around, does not depend on who answers.
  for (const theme of chain.grafana ? [] : ['light', 'dark']) {
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
  for (const [name, journey] of Object.entries({ ...journeys, ...(chain.grafana && chainJourneys) })) {
    await check(name, async () => {
      complaints.length = 0;
      await journey({
        page,
        state: server.state,
        complaints,
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
