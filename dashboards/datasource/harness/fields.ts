import {
  applyFieldOverrides,
  cacheFieldDisplayNames,
  DataFrame,
  dataLinksOverrideProcessor,
  displayNameOverrideProcessor,
  FieldConfigOptionsRegistry,
  FieldConfigPropertyItem,
  FieldConfigSource,
  GrafanaTheme2,
  identityOverrideProcessor,
  numberOverrideProcessor,
  standardFieldConfigEditorRegistry,
  standardTransformers,
  standardTransformersRegistry,
  thresholdsOverrideProcessor,
  transformDataFrame,
  DataTransformerConfig,
  DataTransformerInfo,
  unitOverrideProcessor,
  valueMappingsOverrideProcessor,
} from '@grafana/data';
import { getTemplateSrv } from '@grafana/runtime';
import { lastValueFrom, map } from 'rxjs';

type Process = FieldConfigPropertyItem['process'];

/** The properties of fields that Grafana knows by itself. */
const standard: Record<string, Process> = {
  unit: unitOverrideProcessor,
  min: numberOverrideProcessor,
  max: numberOverrideProcessor,
  decimals: numberOverrideProcessor,
  displayName: displayNameOverrideProcessor,
  noValue: identityOverrideProcessor,
  color: identityOverrideProcessor,
  thresholds: thresholdsOverrideProcessor,
  mappings: valueMappingsOverrideProcessor,
  links: dataLinksOverrideProcessor,
};

/** Those of the panels' own that our boards set. */
const custom = [
  'align',
  'cellOptions',
  'drawStyle',
  'fillOpacity',
  'filterable',
  'hideFrom',
  'insertNulls',
  'lineWidth',
  'pointSize',
  'showPoints',
  'spanNulls',
  'thresholdsStyle',
  'width',
];

const item = (id: string, process: Process, isCustom: boolean) =>
  ({ id, path: id, name: id, process, isCustom, shouldApply: () => true }) as unknown as FieldConfigPropertyItem;

const properties = [
  ...Object.entries(standard).map(([id, process]) => item(id, process, false)),
  ...custom.map((id) => ({ ...item(`custom.${id}`, identityOverrideProcessor, true), path: id })),
];
const registry = new FieldConfigOptionsRegistry(() => properties);

/** Grafana keeps this one to itself: each row of the first frame becomes a field of one value, by its name. */
const rowsToFields: DataTransformerInfo<{ mappings?: Array<{ fieldName: string; handlerKey: string }> }> = {
  id: 'rowsToFields',
  name: 'Rows to fields',
  operator: (options) => (source) =>
    source.pipe(
      map((frames) => {
        const column = (key: string) => {
          const name = options.mappings?.find(({ handlerKey }) => handlerKey === key)?.fieldName;
          return frames[0]?.fields.find((f) => f.name === name || f.config.displayNameFromDS === name);
        };
        const [names, values] = [column('field.name'), column('field.value')];
        if (!names || !values) {
          return [];
        }
        const { type, config } = values;
        const { displayNameFromDS: _, ...rest } = config;
        return [
          {
            length: 1,
            fields: names.values.map((name, i) => ({
              name: String(name),
              type,
              config: rest,
              values: [values.values[i]],
            })),
          },
        ];
      })
    ),
};

export function provideFields(): void {
  standardFieldConfigEditorRegistry.setInit(() => properties);
  standardTransformersRegistry.setInit(() =>
    [...new Map([...Object.values(standardTransformers), rowsToFields].map((info) => [info.id, info])).values()].map(
      (info) => ({ ...info, transformation: () => Promise.resolve(info), editor: () => null }) as never
    )
  );
}

/** A file has no word for the lowest of all marks; Grafana puts it in when it opens a board. */
const withLowest = (config: FieldConfigSource): FieldConfigSource =>
  JSON.parse(JSON.stringify(config), (key, value) => {
    if (key === 'steps' && Array.isArray(value) && value[0]?.value === null) {
      value[0].value = -Infinity;
    }
    return value;
  });

/** What a panel draws of its frames: transformations, then the board's own words on fields. */
export async function dress(
  frames: DataFrame[],
  transformations: DataTransformerConfig[],
  fieldConfig: FieldConfigSource,
  theme: GrafanaTheme2
): Promise<DataFrame[]> {
  const unknown = transformations.find(({ id }) => !standardTransformersRegistry.getIfExists(id));
  if (unknown) {
    throw new Error(`the harness has no transformation ${unknown.id}`);
  }
  const replaceVariables = (text: string) => getTemplateSrv().replace(text);
  const data = await lastValueFrom(transformDataFrame(transformations, frames, { interpolate: replaceVariables }));
  const dressed = applyFieldOverrides({
    data,
    fieldConfig: withLowest(fieldConfig),
    fieldConfigRegistry: registry,
    replaceVariables,
    theme,
    timeZone: 'browser',
  });
  cacheFieldDisplayNames(dressed);
  return dressed;
}
