import { createDataFrame, DataFrame, DataQuery, FieldType, ScopedVars, TimeRange } from '@grafana/data';
import { getTemplateSrv } from '@grafana/runtime';

/** A question of a board in InfluxQL, as Grafana's own InfluxDB data source keeps it. */
export interface InfluxQuery extends DataQuery {
  query: string;
  alias?: string;
}

interface Series {
  name: string;
  tags?: Record<string, string>;
  columns: string[];
  values: Array<Array<number | string | null>>;
}

/**
 * Stands in for Grafana's InfluxDB data source: puts time and variables into a question as that does, asks, and makes a
 * frame of each series, its name by the alias. Time series only: boards ask nothing else.
 */
export async function askInflux(
  { refId, query, alias = '' }: InfluxQuery,
  range: TimeRange,
  interval: string,
  scoped: ScopedVars
): Promise<DataFrame[]> {
  const text = getTemplateSrv()
    .replace(query, scoped)
    .replaceAll('$timeFilter', `time >= ${range.from.valueOf()}ms and time <= ${range.to.valueOf()}ms`)
    .replaceAll('$__interval', interval);
  const answer = await fetch('/influx', { method: 'POST', body: new URLSearchParams({ q: text, epoch: 'ms' }) });
  const { results = [], error } = await answer.json();
  const wrong = error ?? results.find((one: { error?: string }) => one.error)?.error;
  if (!answer.ok || wrong) {
    throw new Error(`InfluxDB: ${wrong ?? answer.statusText}: ${text}`);
  }
  return results
    .flatMap((one: { series?: Series[] }) => one.series ?? [])
    .map(({ name, tags = {}, values }: Series) => {
      const called = alias.replace(/\$tag_(\w+)/g, (_, tag: string) => tags[tag] ?? '').replaceAll('$m', name);
      const found = values.map(([, value]) => value);
      const kind = found.some((value) => typeof value === 'string') ? FieldType.string : FieldType.number;
      return createDataFrame({
        refId,
        name: called,
        fields: [
          { name: 'Time', type: FieldType.time, values: values.map(([time]) => time) },
          { name: 'Value', type: kind, values: found, labels: tags, config: { displayNameFromDS: called } },
        ],
      });
    });
}
