import type { DataSourceInstanceSettings, ScopedVars, TypedVariableModel } from '@grafana/data';
import { DataSourceSrv, setDataSourceSrv, setTemplateSrv, TemplateSrv } from '@grafana/runtime';
import { initializeLoggersRegistry } from '@grafana/runtime/unstable';

const uid = 'plantroom';
const type = 'plantroom-facilities-datasource';

/** The data source as Grafana would describe it. */
export function instanceSettings(): DataSourceInstanceSettings {
  return {
    id: 1,
    uid,
    type,
    name: 'Plantroom',
    access: 'proxy',
    readOnly: false,
    jsonData: {},
    meta: { id: type },
  } as never;
}

/** What a variable stands at; `$__all` is All. */
export interface Chosen {
  value: string | string[];
  /** What there is to choose from: All stands for each of them. */
  options?: string[];
  /** What All is in a text instead. */
  allValue?: string;
}

/** The dashboard's variables in the harness: one with two values, one on All, one with 10,000. */
let variables: Record<string, Chosen> = {
  building: { value: ['b1', 'b2'] },
  domain: { value: '$__all', options: ['lifts', 'leaks'] },
  crowd: { value: Array.from({ length: 10_000 }, (_, i) => `a${i}`) },
};

/** Puts the variables of a board in the place of the harness's own. */
export function choose(chosen: Record<string, Chosen>): void {
  variables = chosen;
}

const isAll = (value: unknown) => [value].flat().includes('$__all');
const escaped = (value: unknown) => String(value).replace(/[\\^$*+?.()|[\]{}/]/g, '\\$&');

/** A value as a text has it: Grafana's formats, as far as our boards use them. */
function written(name: string, value: unknown, text: unknown, format: string): string {
  if (isAll(value)) {
    return format === 'text' ? 'All' : (variables[name]?.allValue ?? '$__all');
  }
  const values = [value].flat();
  switch (format) {
    case 'text':
      return String(text ?? values.join(' + '));
    case 'regex':
      return values.length === 1 ? escaped(values[0]) : `(${values.map(escaped).join('|')})`;
    default:
      return values.length === 1 ? String(values[0]) : `{${values.join(',')}}`;
  }
}

const templates: TemplateSrv = {
  getVariables: () =>
    Object.entries(variables).map(
      ([name, { value }]) =>
        ({ name, type: 'query', label: '', current: { text: '', value } }) as unknown as TypedVariableModel
    ),
  replace: (target = '', scoped?: ScopedVars, format?: string | Function) =>
    target.replace(
      /\$\{(\w+)(?::(\w+))?\}|\$(\w+)/g,
      (match: string, braced: string | undefined, own: string | undefined, bare: string | undefined) => {
        const name = braced ?? bare ?? '';
        const local = scoped?.[name];
        if (!local && !(name in variables)) {
          return match;
        }
        const value = local ? local.value : variables[name]?.value;
        const { options = [], allValue } = variables[name] ?? {};
        if (typeof format === 'function') {
          // Grafana hands a custom value of All on as it stands, and asks nobody for a format.
          if (isAll(value) && allValue !== undefined) {
            return allValue;
          }
          return format(isAll(value) ? options : value, { name, type: 'query' });
        }
        return written(name, value, local?.text, own ?? format ?? '');
      }
    ),
  containsTemplate: (text = '') => text.includes('$'),
  updateTimeRange: () => undefined,
};

/** Puts in place what the packages ask Grafana for. */
export function provideServices(): void {
  initializeLoggersRegistry();
  setTemplateSrv(templates);
  setDataSourceSrv({
    getInstanceSettings: () => instanceSettings(),
    getList: () => [instanceSettings()],
    get: () => Promise.reject(new Error('the harness has one data source')),
    reload: () => undefined,
  } as unknown as DataSourceSrv);
}
