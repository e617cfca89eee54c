/**
 * Pictures of the boards, from a chain that runs: each panel asks through the plugin's own front end, the host and the
 * plugin, or InfluxDB, and is drawn with Grafana's components. `--grafana URL --influx URL`, `--out DIR` for the boards,
 * `--img DIR` for what
 * the plugin's own page shows, `--only TEXT` draws those whose names have that text.
 */
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { argument, bundle, chain, home, openPage } from './browser.mjs';
import { painted, settled } from './checks.mjs';
import { plans, portraits } from './plans.mjs';
import { fewColours } from './png.mjs';
import { serve } from './server.mjs';

const width = 1600;
const out = argument('--out') ?? join(home, 'artifacts/boards');
const img = argument('--img') ?? join(home, 'artifacts/img');
const only = argument('--only') ?? '';

/** Pictures are said to be no larger than this; a page of docs loads several. */
const most = 300_000;

async function take(file) {
  await painted(page);
  const sheet = await page.$('#sheet');
  const picture = fewColours(Buffer.from(await sheet.screenshot()));
  await writeFile(file, picture);
  if (picture.length > most) {
    wrong.push(`${file} has ${picture.length} bytes`);
  }
}

await mkdir(out, { recursive: true });
await mkdir(img, { recursive: true });
await bundle();
const server = await serve(chain);
const { browser, page, complaints } = await openPage(server.url, { width, height: 5000 }); // what is out of sight is not drawn
const wrong = [];
try {
  await page.emulateTimezone('Asia/Shanghai');
  await page.evaluate(() => window.harness.load());
  for (const [name, plan] of Object.entries(plans).filter(([name]) => name.includes(only))) {
    complaints.length = 0;
    const panels = await page.evaluate((...args) => window.harness.sheet(...args), `plantroom-${name}.json`, {
      width,
      ...plan,
    });
    await take(join(out, `${name}.png`));
    for (const { type, title, rows, error } of panels) {
      if (error) {
        wrong.push(`${name}: ${title}: ${error}`);
      } else if (rows === 0 && type !== 'text') {
        process.stdout.write(`${name}: ${title} is empty\n`);
      }
    }
    wrong.push(...complaints.map((words) => `${name}: ${words}`));
  }
  for (const [name, { part, heading, value, height = 0 }] of Object.entries(portraits)) {
    if (name.includes(only)) {
      complaints.length = 0;
      await page.evaluate(() => window.harness.choose({}));
      await page.evaluate((...args) => window.harness.portrait(...args), part, heading, value, height);
      await settled(page);
      await take(join(img, `${name}.png`));
      wrong.push(...complaints.map((words) => `${name}: ${words}`));
    }
  }
  if ('board'.includes(only)) {
    await copyFile(join(out, 'overview.png'), join(img, 'board.png'));
  }
} finally {
  await browser.close();
  await server.close();
}
wrong.forEach((words) => process.stdout.write(`FAIL ${words}\n`));
process.exitCode = wrong.length > 0 ? 1 : 0;
