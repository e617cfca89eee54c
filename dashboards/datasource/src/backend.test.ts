import { readFileSync } from 'fs';
import { join } from 'path';
import { fields } from './components/fields';
import { maxValues } from './interpolate';
import { legend } from './legend';
import { queryTypeInfo } from './querytypes';
import { samples } from './samples';
import { listFields, queryTypes, variableKinds } from './types';
import { narrowing } from './variablequery';

/** What the backend takes and answers with, as a test of its own writes it down. */
interface Backend {
  types: Array<{ type: string; lists: string[]; options: string[]; measures: string[] }>;
  values: number;
  groups: string[];
  samples: unknown;
  kinds: string[];
  narrowed: Record<string, string[]>;
  clocks: unknown;
  legend: Record<'state' | 'severity' | 'clock', unknown> & { used: unknown };
}

const backend: Backend = JSON.parse(readFileSync(join(__dirname, '../pkg/plugin/testdata/front.json'), 'utf8'));
const words = ({ from }: { from: unknown }) => (Array.isArray(from) ? from.map(({ value }) => value) : from);

describe('Front and back end have the same', () => {
  it('query types, in the same order', () => {
    expect(queryTypes).toEqual(backend.types.map(({ type }) => type));
  });

  it.each(backend.types)('lists, options and numbers of $type, the usual number first', (type) => {
    const { lists, options, measures } = queryTypeInfo[type.type as keyof typeof queryTypeInfo];
    expect({
      type: type.type,
      lists: [...lists].sort(),
      options: [...options].sort(),
      measures: Object.keys(measures),
    }).toEqual(type);
  });

  it('list fields', () => {
    expect([...listFields].sort()).toEqual([...new Set(backend.types.flatMap(({ lists }) => lists))].sort());
  });

  it('samples, word for word', () => {
    expect(samples).toEqual(backend.samples);
  });

  it('values of a list at most, and words that are fixed', () => {
    expect(maxValues).toBe(backend.values);
    expect(words(fields.by)).toEqual(backend.groups);
    expect(fields.clock.from).toEqual(backend.clocks);
  });

  it('kinds of variables', () => {
    expect(variableKinds).toEqual(backend.kinds);
  });

  it.each(variableKinds)('filters of the variable of %s, but that a choice does not narrow itself', (kind) => {
    const filters = Object.entries(narrowing(kind, { building: ['b1'], domain: ['lifts'] }));
    const sent = filters.filter(([, value]) => value !== undefined).map(([name]) => name);
    expect(sent.sort()).toEqual(backend.narrowed[kind].filter((name) => `${name}s` !== kind));
  });

  it.each(['state', 'severity', 'clock'] as const)('legend of each %s, in the same order', (group) => {
    const entries = Object.entries(legend[group]).map(([value, { text, color }]) => ({ value, text, color }));
    expect(entries).toEqual(backend.legend[group]);
  });

  it('colours of the used part of a window', () => {
    expect(legend.used).toEqual(backend.legend.used);
  });
});
