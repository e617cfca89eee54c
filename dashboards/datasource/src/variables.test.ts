import { DataQueryRequest } from '@grafana/data';
import { lastValueFrom } from 'rxjs';
import { DataSource } from './datasource';
import { settings } from './testing/settings';
import { templates, Variable } from './testing/templates';
import { VariableQuery } from './types';

function open(answer: unknown, ...variables: Variable[]) {
  const datasource = new DataSource(settings, templates(...variables));
  const asked = jest.spyOn(datasource, 'getResource').mockResolvedValue(answer);
  const ask = (query: VariableQuery | string) => {
    const { query: run } = datasource.variables as unknown as {
      query: (r: unknown) => ReturnType<DataSource['query']>;
    };
    return lastValueFrom(run({ targets: [query], scopedVars: {} } as unknown as DataQueryRequest<VariableQuery>));
  };
  return { datasource, asked, ask };
}

describe('A dashboard variable', () => {
  const lifts = [
    { text: 'Lift 1, block 1', value: 'b1-l1' },
    { text: 'Lift 1, block 2', value: 'b2-l1' },
  ];

  it('lists names, and stands for ids', async () => {
    const { ask, asked } = open(lifts);
    expect((await ask({ refId: 'v', variable: 'assets' })).data).toEqual(lifts);
    expect(asked).toHaveBeenCalledWith('variables/assets', {});
  });

  it('follows the variables before it: estate, building, asset', async () => {
    const { ask, asked } = open(lifts, { name: 'building', chosen: ['b1', 'b2'] }, { name: 'domain', chosen: 'lifts' });
    await ask({ refId: 'v', variable: 'assets', building: ['$building'], domain: ['$domain'] });
    expect(asked).toHaveBeenCalledWith('variables/assets', { building: 'b1,b2', domain: 'lifts' });
  });

  it('is not narrowed by All', async () => {
    const { ask, asked } = open(lifts, { name: 'building', chosen: '$__all', options: ['b1'] });
    await ask({ refId: 'v', variable: 'assets', building: ['$building'] });
    expect(asked).toHaveBeenCalledWith('variables/assets', {});
  });

  it('is not narrowed by what its kind does not have', async () => {
    const { ask, asked } = open([]);
    await ask({ refId: 'v', variable: 'severities', building: ['b1'], domain: ['lifts'] });
    expect(asked).toHaveBeenCalledWith('variables/severities', {});
  });

  it('of buildings follows the domain, and of domains the building', async () => {
    const { ask, asked } = open([]);
    await ask({ refId: 'v', variable: 'buildings', building: ['b1'], domain: ['lifts'] });
    expect(asked).toHaveBeenLastCalledWith('variables/buildings', { domain: 'lifts' });
    await ask({ refId: 'v', variable: 'domains', building: ['b1'], domain: ['lifts'] });
    expect(asked).toHaveBeenLastCalledWith('variables/domains', { building: 'b1' });
  });

  it('may be written by hand as one word', async () => {
    const { ask, asked } = open([]);
    await ask('contractors');
    expect(asked).toHaveBeenCalledWith('variables/contractors', {});
  });

  it('of a kind from the future says so, and asks nothing', async () => {
    const { ask, asked } = open([]);
    await expect(ask({ refId: 'v', variable: 'tenants' })).rejects.toThrow(/“tenants”.*buildings, assets/);
    expect(asked).not.toHaveBeenCalled();
  });

  it('says that too much is chosen in the one before it', async () => {
    const { ask } = open([], { name: 'building', chosen: Array.from({ length: 10_000 }, (_, i) => `b${i}`) });
    await expect(ask({ refId: 'v', variable: 'assets', building: ['$building'] })).rejects.toThrow(
      /“building”.*Choose All/
    );
  });

  it('does not take a page of something else for a list', async () => {
    const { ask } = open('<html>');
    await expect(ask({ refId: 'v', variable: 'assets' })).rejects.toThrow(/not one/);
    const { ask: mixed } = open([{ text: 'ok', value: 'b1' }, null, { text: 1 }]);
    expect((await mixed({ refId: 'v', variable: 'assets' })).data).toEqual([{ text: 'ok', value: 'b1' }]);
  });
});

describe('Choices in editors', () => {
  it('are asked for once, however many editors a panel has', async () => {
    const { datasource, asked } = open([]);
    await Promise.all([datasource.choices.list('assets'), datasource.choices.list('assets')]);
    await datasource.choices.list('assets', { building: ['b1'] });
    expect(asked).toHaveBeenCalledTimes(2);
  });

  it('are asked for again after half a minute, and at once where the answer was an error', async () => {
    jest.useFakeTimers();
    const { datasource, asked } = open([]);
    asked.mockRejectedValueOnce(new Error('away'));
    await expect(datasource.choices.list('rules')).rejects.toThrow('away');
    await datasource.choices.list('rules');
    jest.advanceTimersByTime(29_000);
    await datasource.choices.list('rules');
    expect(asked).toHaveBeenCalledTimes(2);
    jest.advanceTimersByTime(2_000);
    await datasource.choices.list('rules');
    expect(asked).toHaveBeenCalledTimes(3);
    jest.useRealTimers();
  });
});
