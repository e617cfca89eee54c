import assert from 'node:assert/strict';
import { painted, settled } from './checks.mjs';
import { plans } from './plans.mjs';

const day = 24 * 3_600_000;

/** The answer to queries of the last day, through the plugin's own query(): rows by column, for each refId. */
async function ask(page, targets, last = day) {
  const answers = await page.evaluate((request) => window.harness.query(request), { targets, last });
  const { data, errors = [] } = answers.at(-1);
  const rows = (refId) =>
    data
      .filter((frame) => frame.refId === refId)
      .flatMap(({ fields }) =>
        Array.from({ length: fields[0]?.values.length ?? 0 }, (_, i) =>
          Object.fromEntries(fields.map(({ name, values }) => [name, values[i]]))
        )
      );
  return { data, errors, rows };
}

/** One of each type, as boards ask it, and the columns that boards rely on. */
const questions = {
  work_orders: [{ limit: 200 }, ['id', 'asset', 'severity', 'raised', 'used']],
  incidents: [{ limit: 200 }, ['time', 'timeEnd', 'title', 'asset']],
  sla_compliance: [{ by: ['contractor', 'clock'] }, ['contractor_name', 'clock', 'share', 'promised']],
  contractor_league: [{}, ['contractor_name', 'orders', 'breach_share']],
  sla_burndown: [{}, ['time', 'used']],
  asset_state: [{ domain: ['lifts'] }, ['time', 'state']],
  asset_current: [{}, ['asset_name', 'state', 'since']],
  asset_kpi: [{ domain: ['lifts'] }, ['asset_name', 'availability', 'known']],
  dispatch_events: [{ limit: 50 }, ['timestamp', 'body', 'severity']],
};

/**
 * What only a chain that runs can show: browser, HTTP, gRPC, the plugin and a Plantroom with a past. Each of these fails
 * with canned answers.
 */
export const chainJourneys = {
  'the data source is saved and tested': async ({ page, state }) => {
    const told = await page.evaluate(() => window.harness.test());
    assert.equal(told.status, 'success', JSON.stringify(told));
    state.failing = true;
    const refused = await page.evaluate(() => window.harness.test());
    state.failing = false;
    assert.match(JSON.stringify(refused), /token/i, 'a token that is refused is called that');
    assert.notEqual(refused.status, 'success');
  },

  'every type of query is answered with rows': async ({ page }) => {
    const targets = Object.entries(questions).map(([queryType, [more]]) => ({ refId: queryType, queryType, ...more }));
    const { errors, data, rows } = await ask(page, targets);
    assert.deepEqual(errors, []);
    for (const [queryType, [, columns]] of Object.entries(questions)) {
      assert.ok(rows(queryType).length > 0, `${queryType} has no rows`);
      const frame = data.find(({ refId }) => refId === queryType);
      const names = frame.fields.map(({ name }) => name);
      // A number of the backend's that a browser takes for text is drawn as a name.
      assert.deepEqual(
        columns.filter((column) => !names.includes(column)),
        [],
        `${queryType} has ${names}`
      );
    }
  },

  'a variable narrows a panel to one building': async ({ page, state }) => {
    await page.evaluate(() => window.harness.choose({ building: { value: ['b2'] }, domain: { value: 'lifts' } }));
    state.asked.length = 0;
    const { errors, rows } = await ask(page, [
      { refId: 'A', queryType: 'asset_current', building: ['$building'], domain: ['$domain'] },
    ]);
    assert.deepEqual(errors, []);
    assert.deepEqual(state.asked[0].body.queries[0].building, ['b2']);
    assert.deepEqual(
      rows('A')
        .map(({ asset }) => asset)
        .sort(),
      ['b2-l1', 'b2-l2']
    );
    const assets = await page.evaluate(() =>
      window.harness.list({ refId: 'v', variable: 'assets', building: ['$building'], domain: ['$domain'] })
    );
    assert.deepEqual(
      assets.map(({ value }) => value),
      ['b2-l1', 'b2-l2']
    );
    assert.equal(assets[0].text, 'Lift 1, block 2', 'people read names');
  },

  'incidents are marked on a graph': async ({ page }) => {
    const target = await page.evaluate(() => window.harness.annotation({ severity: ['life', 'high'] }));
    const { errors, data, rows } = await ask(page, [target]);
    assert.deepEqual(errors, []);
    const names = data[0].fields.map(({ name }) => name);
    for (const wanted of ['time', 'timeEnd', 'title', 'text', 'tags', 'id']) {
      assert.ok(names.includes(wanted), `Grafana takes annotations by name, and ${wanted} is not among ${names}`);
    }
    const found = rows(target.refId);
    assert.ok(found.length > 0);
    assert.deepEqual([...new Set(found.map(({ severity }) => severity))].sort(), ['high', 'life']);
    const now = Date.now();
    assert.ok(found.every(({ time, timeEnd }) => time <= (timeEnd ?? now) && time > now - 2 * day));
  },

  'one query is wrong, the others are answered': async ({ page }) => {
    const { errors, rows } = await ask(page, [
      { refId: 'A', queryType: 'asset_current' },
      { refId: 'B', queryType: 'energy_use' },
      { refId: 'C', queryType: 'work_orders', state: ['lost'] },
    ]);
    assert.ok(rows('A').length > 100, 'all assets are there');
    assert.deepEqual(errors.map(({ refId }) => refId).sort(), ['B', 'C']);
    assert.match(errors.find(({ refId }) => refId === 'B').message, /the types are/);
  },

  'somebody types a building that there is not': async ({ page }) => {
    const { errors, data } = await ask(page, [{ refId: 'A', queryType: 'asset_current', building: ['b9'] }]);
    assert.deepEqual(errors, []);
    assert.match(JSON.stringify(data[0].meta.notices), /b9/, 'a typing error does not look like a quiet estate');
  },

  'the editor offers what the estate has': async ({ page, picture }) => {
    await page.evaluate(() => window.harness.mount('query', 'light', { refId: 'A', queryType: 'work_orders' }));
    await settled(page);
    const input = await page.evaluate(
      () => [...document.querySelectorAll('label')].find((l) => l.textContent.startsWith('Contractor')).htmlFor
    );
    await page.evaluate((id) => document.getElementById(id).focus(), input);
    await page.keyboard.type('quick');
    await page.waitForFunction(() => document.body.textContent.includes('Quicklift Services'));
    await picture('chain-contractor-light');
  },

  ...Object.fromEntries(
    Object.entries(plans).map(([name, plan]) => [
      `the board ${name} is asked and drawn`,
      async ({ page, complaints }) => {
        const panels = await page.evaluate((...args) => window.harness.sheet(...args), `plantroom-${name}.json`, {
          width: 1600,
          ...plan,
        });
        assert.deepEqual(
          panels.filter(({ error }) => error),
          []
        );
        assert.ok(panels.length > 5, `only ${panels.length} panels`);
        await painted(page);
        const numbers = panels.filter(({ type, counts }) => type === 'stat' && !counts);
        assert.ok(
          numbers.every(({ rows }) => rows > 0),
          JSON.stringify(numbers)
        );
        assert.deepEqual(complaints, [], 'the console has complaints');
      },
    ])
  ),
};
