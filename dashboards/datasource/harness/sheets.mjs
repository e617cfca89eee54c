/**
 * Pictures of the boards, from a chain that runs: each panel asks through the plugin's own front end, the host and the
 * plugin, or InfluxDB, and is drawn with Grafana's components. `--grafana URL --influx URL`, `--out DIR` for the boards,
 * `--only TEXT` draws those whose names have that text.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { painted } from './checks.mjs';
import { argument, bundle, chain, home, openPage } from './browser.mjs';
import { plans } from './plans.mjs';
import { fewColours } from './png.mjs';
import { serve } from './server.mjs';

const width = 1600;
const out = argument('--out') ?? join(home, 'artifacts/boards');
const only = argument('--only') ?? '';

await mkdir(out, { recursive: true });
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
    await painted(page);
    const sheet = await page.$('#sheet');
    await writeFile(join(out, `${name}.png`), fewColours(Buffer.from(await sheet.screenshot())));
    for (const { type, title, rows, error } of panels) {
      if (error) {
        wrong.push(`${name}: ${title}: ${error}`);
      } else if (rows === 0 && type !== 'text') {
        process.stdout.write(`${name}: ${title} is empty\n`);
      }
    }
    wrong.push(...complaints.map((words) => `${name}: ${words}`));
  }
} finally {
  await browser.close();
  await server.close();
}
wrong.forEach((words) => process.stdout.write(`FAIL ${words}\n`));
process.exitCode = wrong.length > 0 ? 1 : 0;
