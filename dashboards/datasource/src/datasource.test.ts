import { CoreApp, DataFrame, DataQueryRequest, DataQueryResponse, dateTime, LoadingState } from '@grafana/data';
import { DataSourceWithBackend } from '@grafana/runtime';
import { lastValueFrom, Observable, of, toArray } from 'rxjs';
import { DataSource } from './datasource';
import { settings } from './testing/settings';
import { templates, Variable } from './testing/templates';
import { FacilitiesQuery } from './types';

const many = Array.from({ length: 10_000 }, (_, i) => `a${i}`);

function open(...variables: Variable[]): DataSource {
  return new DataSource(settings, templates(...variables));
}

function request(targets: FacilitiesQuery[], more: Partial<DataQueryRequest<FacilitiesQuery>> = {}) {
  const range = { from: dateTime(0), to: dateTime(3_600_000), raw: { from: 'now-1h', to: 'now' } };
  return { targets, scopedVars: {}, range, rangeRaw: range.raw, ...more } as DataQueryRequest<FacilitiesQuery>;
}

/** What the backend is asked, with an answer that has nothing in it. */
function listen(): jest.SpyInstance<Observable<DataQueryResponse>, [DataQueryRequest<FacilitiesQuery>]> {
  return jest.spyOn(DataSourceWithBackend.prototype as DataSource, 'query').mockReturnValue(of({ data: [] }));
}

afterEach(() => jest.restoreAllMocks());

describe('Variables in a query', () => {
  it('are replaced in every list, and everything else is left alone', () => {
    const query: FacilitiesQuery = {
      refId: 'A',
      queryType: 'work_orders',
      building: ['$building'],
      asset: ['$asset'],
      domain: ['lifts'],
      open: true,
      limit: 20,
    };
    const datasource = open(
      { name: 'building', chosen: ['b1', 'b2'] },
      { name: 'asset', chosen: '$__all', options: ['b1-l1'] }
    );
    expect(datasource.applyTemplateVariables(query, {})).toEqual({
      ...query,
      building: ['b1', 'b2'],
      asset: undefined,
    });
  });

  it('are replaced in what the editor has no input for', () => {
    const query: FacilitiesQuery = { refId: 'A', queryType: 'dispatch_events', subject: '$gateway' };
    expect(open({ name: 'gateway', chosen: 'gw-b1' }).applyTemplateVariables(query, {}).subject).toBe('gw-b1');
  });

  it('are left to a newer version in a query of its own', () => {
    const query = { refId: 'A', queryType: 'energy_use', of: { building: '$building' } } as unknown as FacilitiesQuery;
    expect(open({ name: 'building', chosen: 'b1' }).applyTemplateVariables(query, {})).toEqual(query);
  });

  it('are refused where they stand for too much, for whoever asks on behalf of an expression too', () => {
    const datasource = open({ name: 'asset', chosen: many });
    const query = { refId: 'A', queryType: 'asset_state', asset: ['$asset'] };
    expect(() => datasource.interpolateVariablesInQueries([query], {})).toThrow(/asset.*Choose All/);
  });
});

describe('A panel', () => {
  it('with one query that has too many values gets an error for that one and answers for the others', async () => {
    const asked = listen();
    const answers = await lastValueFrom(
      open({ name: 'asset', chosen: many })
        .query(
          request([
            { refId: 'A', queryType: 'asset_state', asset: ['$asset'] },
            { refId: 'B', queryType: 'asset_kpi', asset: ['b1-l1'] },
          ])
        )
        .pipe(toArray())
    );

    expect(asked.mock.calls[0][0].targets.map(({ refId }) => refId)).toEqual(['B']);
    const refused = answers.find(({ state }) => state === LoadingState.Error);
    expect(refused?.errors).toEqual([
      { refId: 'A', status: 400, message: expect.stringMatching(/“asset”.*1000.*Choose All/) },
    ]);
  });

  it('asks for whatever has been chosen, known or not, and for nothing in a row that nobody has touched', () => {
    const datasource = open();
    expect(datasource.filterQuery({ refId: 'A', queryType: 'energy_use' })).toBe(true);
    expect(datasource.filterQuery({ refId: 'A', building: ['b1'] })).toBe(true);
    expect(datasource.filterQuery({ refId: 'A' })).toBe(false);
  });

  it('begins with the open orders, and an alert rule with a number', () => {
    expect(open().getDefaultQuery(CoreApp.Dashboard)).toEqual({ queryType: 'work_orders', open: true, limit: 100 });
    expect(open().getDefaultQuery(CoreApp.UnifiedAlerting)).toMatchObject({
      queryType: 'sla_compliance',
      measure: 'share',
    });
  });

  it('is told in one line what a query asks, in the history of Explore', () => {
    const text = (query: FacilitiesQuery) => open().getQueryDisplayText(query);
    expect(text({ refId: 'A', queryType: 'asset_state', domain: ['lifts'] })).toBe(
      'Asset state over time · domain: lifts'
    );
    expect(text({ refId: 'A', queryType: 'energy_use' })).toBe('energy_use');
  });
});

describe('Dispatch events', () => {
  const events: FacilitiesQuery = { refId: 'A', queryType: 'dispatch_events', live: true };
  const asked = (more: Partial<DataQueryRequest<FacilitiesQuery>>, target = events) => {
    const spy = listen();
    open().query(request([target], more));
    return spy.mock.calls.at(-1)?.[0].targets[0].live;
  };

  it('are live where the range ends now', () => {
    expect(asked({})).toBe(true);
    expect(asked({}, { ...events, live: false })).toBe(false);
  });

  it('are not live in a look at the past', () => {
    expect(asked({ rangeRaw: { from: 'now-2d', to: 'now-1d' } })).toBe(false);
    expect(asked({ rangeRaw: { from: dateTime(0), to: dateTime(1) } })).toBe(false);
  });

  it('are live where Explore is told to follow', () => {
    expect(asked({ liveStreaming: true }, { ...events, live: false })).toBe(true);
  });

  it('are kept at least 500 long in a narrow panel, and as long as was asked for in any', () => {
    const kept = (limit: number) =>
      open().streamOptionsProvider(request([{ ...events, limit }], { maxDataPoints: 80 }), { refId: 'A' } as DataFrame);
    expect(kept(100).maxLength).toBe(500);
    expect(kept(900).maxLength).toBe(900);
  });
});
