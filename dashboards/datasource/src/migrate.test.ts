import { isUntouched, toQuery } from './migrate';
import { queryTypeInfo, withType } from './querytypes';
import { samples } from './samples';
import { FacilitiesQuery, queryTypes } from './types';

describe('A saved query', () => {
  it('of a type from the future is kept as it is, field by field', () => {
    const saved = {
      refId: 'A',
      queryType: 'energy_use',
      meter: { of: ['b1'] },
      building: 'b1',
    } as unknown as FacilitiesQuery;
    expect(toQuery(saved)).toEqual(saved);
  });

  it('keeps fields that this version does not know', () => {
    const saved = { refId: 'A', queryType: 'work_orders', colour: 'mauve' } as unknown as FacilitiesQuery;
    expect(toQuery(saved)).toEqual(saved);
  });

  it('may have one text where a list is meant, and a number as text', () => {
    const saved = {
      refId: 'A',
      queryType: 'work_orders',
      building: '$building',
      limit: '50',
    } as unknown as FacilitiesQuery;
    expect(toQuery(saved)).toEqual({ refId: 'A', queryType: 'work_orders', building: ['$building'], limit: 50 });
  });

  it('is not changed itself', () => {
    const saved = Object.freeze({ refId: 'A', queryType: 'work_orders', building: 'b1' }) as unknown as FacilitiesQuery;
    toQuery(saved);
    expect(saved.building).toBe('b1');
  });

  it('is untouched until something is chosen', () => {
    expect(isUntouched({ refId: 'A', datasource: { uid: 'plantroom' }, key: 'k', hide: false })).toBe(true);
    expect(isUntouched({ refId: 'A', queryType: 'energy_use' })).toBe(false);
    expect(isUntouched({ refId: 'A', building: ['b1'] })).toBe(false);
  });
});

describe('Another type', () => {
  it('keeps the filters that both look at and drops the others', () => {
    const orders: FacilitiesQuery = {
      refId: 'B',
      datasource: { uid: 'plantroom' },
      queryType: 'work_orders',
      building: ['$building'],
      contractor: ['quicklift'],
      open: true,
      limit: 5,
    };
    expect(withType(orders, 'asset_state')).toEqual({
      refId: 'B',
      datasource: { uid: 'plantroom' },
      queryType: 'asset_state',
      building: ['$building'],
    });
  });

  it('asks of gateways by their building alone, and of each for one number of its own', () => {
    const lifts: FacilitiesQuery = {
      refId: 'A',
      queryType: 'asset_current',
      building: ['b1'],
      asset: ['b1-l1'],
      domain: ['lifts'],
      measure: 'level',
    };
    expect(withType(lifts, 'gateways')).toEqual({ refId: 'A', queryType: 'gateways', building: ['b1'] });
    expect(withType({ ...lifts, measure: 'silent' }, 'gateways').measure).toBe('silent');
    expect(Object.keys(queryTypeInfo.gateways.measures)[0]).toBe('backlog');
  });

  it('begins with what the type sets, but not over what was chosen', () => {
    expect(withType({ refId: 'A', clock: ['attend'] }, 'sla_burndown').clock).toEqual(['attend']);
    expect(withType({ refId: 'A' }, 'sla_burndown').clock).toEqual(['restore']);
  });

  it('keeps the number only where the type has one of that name', () => {
    const share: FacilitiesQuery = { refId: 'A', queryType: 'sla_compliance', measure: 'breached' };
    expect(withType(share, 'contractor_league').measure).toBe('breached');
    expect(withType(share, 'asset_kpi').measure).toBeUndefined();
  });
});

describe('The samples', () => {
  it.each(queryTypes)('have one of %s', (type) => {
    expect(samples.filter(({ query }) => query.queryType === type)).not.toHaveLength(0);
  });

  it('set only what their type looks at', () => {
    for (const { query } of samples) {
      const { lists, options, measures } = queryTypeInfo[query.queryType];
      const { queryType, measure, ...set } = query;
      expect([...lists, ...options]).toEqual(expect.arrayContaining(Object.keys(set)));
      expect(measure === undefined || measure in measures).toBe(true);
    }
  });
});
