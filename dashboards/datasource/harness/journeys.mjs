import assert from 'node:assert/strict';
import { settled } from './checks.mjs';

const mount = (page, part, theme, value) =>
  page.evaluate((...args) => window.harness.mount(...args), part, theme, value).then(() => settled(page));
const last = (page) => page.evaluate(() => window.harness.mounted.changes.at(-1));
const focus = async (page, label) => {
  const id = await page.evaluate(
    (text) => [...document.querySelectorAll('label')].find((l) => l.textContent.startsWith(text))?.htmlFor,
    label
  );
  assert.ok(id, `no input is labelled ${label}`);
  await page.evaluate((i) => document.getElementById(i).focus(), id);
};

/** What a person does, in the order in which they do it; each with the keyboard alone. */
export const journeys = {
  'somebody chooses a type, a building and a variable': async ({ page, picture }) => {
    await mount(page, 'query', 'light', { refId: 'A', queryType: 'asset_kpi' });
    await focus(page, 'Ask for');
    await page.keyboard.press('ArrowDown');
    await page.waitForSelector('[role=option]');
    await picture('choosing-type-light');
    await page.keyboard.type('burn');
    await page.waitForFunction(() => document.querySelectorAll('[role=option]').length === 1);
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => window.harness.mounted.changes.at(-1)?.queryType === 'sla_burndown');
    await settled(page);

    await focus(page, 'Building');
    await page.keyboard.type('Block 2');
    await page.waitForSelector('[role=option]');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Escape');
    await page.waitForFunction(() => window.harness.mounted.changes.at(-1)?.building?.[0] === 'b2');
    assert.deepEqual(await last(page), { refId: 'A', queryType: 'sla_burndown', clock: ['restore'], building: ['b2'] });
  },

  'a list is long, and open in the dark': async ({ page, picture }) => {
    await mount(page, 'query', 'dark', { refId: 'A', queryType: 'work_orders', building: ['b1'] });
    await focus(page, 'Asset');
    await page.keyboard.press('ArrowDown');
    await page.waitForSelector('[role=option]');
    await picture('choosing-asset-dark');
  },

  'a panel editor is narrow': async ({ page, picture }) => {
    const wide = page.viewport();
    await page.setViewport({ ...wide, width: 420 });
    try {
      for (const queryType of ['work_orders', 'sla_burndown']) {
        await mount(page, 'query', 'light', { refId: 'A', queryType, asset: ['b1-l1', 'b1-l2', 'b2-l1'] });
        const wider = await page.evaluate(() =>
          [...document.querySelectorAll('main *')]
            .filter((e) => e.getBoundingClientRect().right > window.innerWidth)
            .map((e) => e.outerHTML.slice(0, 120))
        );
        assert.deepEqual(wider, [], `${queryType} is too wide`);
      }
      await picture('narrow-light');
    } finally {
      await page.setViewport(wide);
    }
  },

  'the token is refused': async ({ page, state, picture }) => {
    state.failing = true;
    await mount(page, 'query', 'light', { refId: 'A', queryType: 'work_orders' });
    await page.waitForFunction(() => document.body.textContent.includes('does not accept the data source'));
    state.failing = false;
    await picture('query-refused-light');
  },

  'an address is typed wrong, then left': async ({ page, picture }) => {
    await mount(page, 'config', 'light', { url: '', jsonData: {}, secureJsonFields: {}, readOnly: false });
    await focus(page, 'URL');
    await page.keyboard.type('plantroom');
    await page.keyboard.press('Tab');
    await page.waitForFunction(() => document.body.textContent.includes('begin with http://'));
    await picture('config-wrong-light');
  },

  'a panel asks, with its variables expanded': async ({ page, state }) => {
    state.asked.length = 0;
    const answers = await page.evaluate(() =>
      window.harness.query({
        targets: [
          { refId: 'A', queryType: 'work_orders', building: ['$building'], domain: ['$domain'], open: true },
          { refId: 'B', queryType: 'asset_state', asset: ['$crowd'] },
          { refId: 'C', queryType: 'energy_use', of: 'tomorrow' },
        ],
      })
    );
    const { body } = state.asked.find(({ path }) => path.startsWith('/api/ds/query'));
    const sent = Object.fromEntries(body.queries.map((query) => [query.refId, query]));
    assert.deepEqual(Object.keys(sent), ['A', 'C'], 'a query with 10,000 values is not sent, the others are');
    assert.deepEqual(sent.A.building, ['b1', 'b2']);
    assert.equal(sent.A.domain, undefined, 'All is no filter');
    assert.equal(sent.C.of, 'tomorrow', 'a query from the future is sent as it is');
    // A backend that runs refuses C, too.
    const refused = answers.flatMap(({ errors }) => errors ?? []).filter(({ refId }) => refId === 'B');
    assert.equal(refused.length, 1);
    assert.match(refused[0].message, /Choose All/);
  },
};
