import { expandList, maxValues, TooManyValues } from './interpolate';
import { templates } from './testing/templates';

const many = (count: number) => Array.from({ length: count }, (_, i) => `a${i}`);

describe('A list of a query', () => {
  const variables = templates(
    { name: 'building', chosen: 'b1' },
    { name: 'asset', chosen: ['b1-l1', 'b1-l2'] },
    { name: 'domain', chosen: '$__all', options: ['lifts', 'leaks'] },
    { name: 'severity', chosen: ['$__all'], options: ['high', 'low'] },
    { name: 'regex', chosen: '$__all', options: ['x'], allValue: '.*' },
    { name: 'none', chosen: [] },
    { name: 'empty', chosen: '' },
    { name: 'n', chosen: ['1', '2'] }
  );
  const expand = (entries: string[] | undefined) => expandList('asset', entries, variables, {});

  it.each([
    ['has no filter where it is absent', undefined, undefined],
    ['has no filter where it is empty', [], undefined],
    ['keeps ids', ['b1', 'b2'], ['b1', 'b2']],
    ['takes the value of a variable', ['$building'], ['b1']],
    ['takes every value of a variable with several', ['$asset'], ['b1-l1', 'b1-l2']],
    ['takes a variable in each notation', ['${building}', '[[building]]'], ['b1']],
    ['makes its own list, whatever format is written', ['${asset:pipe}', '[[asset:csv]]'], ['b1-l1', 'b1-l2']],
    ['joins ids and variables, each value once', ['b1-l2', '$asset', 'b9'], ['b1-l2', 'b1-l1', 'b9']],
    ['has no filter for All of a single choice', ['$domain'], undefined],
    ['has no filter for All of a multiple choice', ['${severity}'], undefined],
    ['has no filter for All with a value of its own', ['$regex'], undefined],
    ['has no filter for All, whatever else is in the list', ['lifts', '$domain'], undefined],
    ['adds nothing for a variable that holds nothing', ['b1', '$none', '$empty'], ['b1']],
    ['puts each value into text', ['b$n-l${n}'], ['b1-l1', 'b1-l2', 'b2-l1', 'b2-l2']],
    ['takes what somebody typed with commas', ['b1, b2,'], ['b1', 'b2']],
    ['leaves an unknown variable, so that the server names it', ['$nosuch'], ['$nosuch']],
    ['leaves what only looks like a replacement', ['a$&b'], ['a$&b']],
  ])('%s', (_, entries, values) => {
    expect(expand(entries)).toEqual(values);
  });

  it('takes one value in a panel that is repeated for each value of All', () => {
    const scoped = { domain: { text: 'Lifts', value: 'lifts' } };
    expect(expandList('domain', ['$domain'], variables, scoped)).toEqual(['lifts']);
  });

  it('expands the interval and the range, which come with the request', () => {
    const scoped = { __interval: { text: '1m', value: '1m' }, __range_s: { text: '60', value: 60 } };
    expect(expandList('by', ['$__interval', '${__range_s}'], variables, scoped)).toEqual(['1m', '60']);
  });

  it('takes as many values as the server does, and says what to do past that', () => {
    const just = templates({ name: 'asset', chosen: many(maxValues) });
    expect(expandList('asset', ['$asset'], just, {})).toHaveLength(maxValues);

    const over = templates({ name: 'asset', chosen: many(10_000) });
    const refused = () => expandList('asset', ['$asset'], over, {});
    expect(refused).toThrow(TooManyValues);
    expect(refused).toThrow(/“asset”.*more than 1000.*Choose All/);
  });

  it('builds no more than it may of products', () => {
    const wide = templates({ name: 'n', chosen: many(900) });
    expect(() => expandList('asset', ['$n-$n-$n-$n-$n'], wide, {})).toThrow(TooManyValues);
  });

  it('takes All of 10,000 assets, since that is no filter', () => {
    const all = templates({ name: 'asset', chosen: '$__all', options: many(10_000) });
    expect(expandList('asset', ['$asset'], all, {})).toBeUndefined();
  });
});
