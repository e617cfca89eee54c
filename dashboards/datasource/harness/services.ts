import type { DataSourceInstanceSettings, ScopedVars, TypedVariableModel } from '@grafana/data';
import { DataSourceSrv, setDataSourceSrv, setTemplateSrv, TemplateSrv } from '@grafana/runtime';

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

/** The dashboard's variables in the harness: one with two values, one on All, one with 10,000. */
const values: Record<string, string | string[]> = {
  building: ['b1', 'b2'],
  domain: ['lifts', 'leaks'],
  crowd: Array.from({ length: 10_000 }, (_, i) => `a${i}`),
};
const all = new Set(['domain']);

const templates: TemplateSrv = {
  getVariables: () =>
    Object.entries(values).map(
      ([name, value]) =>
        ({
          name,
          type: 'query',
          label: '',
          current: { text: '', value: all.has(name) ? '$__all' : value },
        }) as unknown as TypedVariableModel
    ),
  replace: (text = '', _scoped?: ScopedVars, format?: string | Function) =>
    text.replace(/\$\{?(\w+)\}?/g, (match, name: string) =>
      name in values && typeof format === 'function' ? format(values[name], { name, type: 'query' }) : match
    ),
  containsTemplate: (text = '') => text.includes('$'),
  updateTimeRange: () => undefined,
};

/** Puts in place what the packages ask Grafana for. */
export function provideServices(): void {
  setTemplateSrv(templates);
  setDataSourceSrv({
    getInstanceSettings: () => instanceSettings(),
    getList: () => [instanceSettings()],
    get: () => Promise.reject(new Error('the harness has one data source')),
    reload: () => undefined,
  } as unknown as DataSourceSrv);
}
