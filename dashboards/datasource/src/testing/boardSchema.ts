import { DataTransformerID, FieldMatcherID } from '@grafana/data';
import Ajv, { ErrorObject, ValidateFunction } from 'ajv';

type Json = Record<string, unknown>;

/** A schema of an object. */
interface Schema {
  properties: Record<string, Schema>;
  required?: string[];
  additionalProperties: unknown;
}

/** The schemas of schemas/generate.mjs, by name. */
export type Schemas = Record<string, Schema>;

const ours = 'plantroom-facilities-datasource';

/** Types of panels that have no schema in @grafana/schema, and why a board has them all the same. */
export const panelsWithoutSchema: Record<string, string> = {};

/** Data sources whose queries have no type in @grafana/schema. Of those only what every query has is looked at. */
export const queriesWithoutSchema: Record<string, string> = {
  influxdb: 'the type is inside Grafana; a test of dashboards/gen asks a real InfluxDB each of them',
};

/**
 * Settings of fields that a panel reads and its type in 13.2.2 lacks, and the panel whose type has them: “Connect null
 * values” and “Disconnect values” of the state timeline. A test says when they are lacking no more.
 */
export const lackingInSchema: Record<string, { settings: string[]; asIn: string }> = {
  'state-timeline': { settings: ['spanNulls', 'insertNulls'], asIn: 'timeseries' },
};

/** What only a board to be shared has. Grafana's import takes it off, and the type of a dashboard does not have it. */
const onlyToShare = ['__inputs', '__requires'];

/** Folders in @grafana/schema that are not called as the panel is. */
const folders: Record<string, string> = { annolist: 'annotationslist', dashlist: 'dashboardlist' };

export const folderOf = (panelType: unknown) =>
  folders[String(panelType)] ?? String(panelType).replace(/-/g, '').toLowerCase();

/** Schemas that are made of others: those of a part, and those that are less strict where a type does not say all. */
function derived(schemas: Schemas): Schemas {
  const made: Schemas = {
    'Panel.fieldConfig.defaults': schemas.Panel.properties.fieldConfig.properties.defaults,
    'DataQuery and more': { ...schemas.DataQuery, additionalProperties: true },
  };
  for (const [type, { settings, asIn }] of Object.entries(lackingInSchema)) {
    const name = `${folderOf(type)}.FieldConfig`;
    const lent = settings.map((key) => [key, schemas[`${asIn}.FieldConfig`].properties[key]]);
    made[name] = { ...schemas[name], properties: { ...schemas[name].properties, ...Object.fromEntries(lent) } };
  }
  for (const name of Object.keys(schemas).filter((key) => key.endsWith('.FieldConfig'))) {
    made[`some of ${name}`] = { ...(made[name] ?? schemas[name]), required: [] };
  }
  return made;
}

/**
 * Holds boards against the schemas. @grafana/schema has `unknown` for the options of transformations and of matchers,
 * whose ids are looked at, and nothing for __inputs and __requires: these are not covered.
 */
export class BoardSchema {
  private readonly ajv = new Ajv({ allErrors: true, allowUnionTypes: true });
  private readonly compiled = new Map<string, ValidateFunction>();
  private readonly schemas: Schemas;

  constructor(schemas: Schemas) {
    this.schemas = { ...schemas, ...derived(schemas) };
  }

  /** What is wrong with a board: where and what, a line each. */
  faults(board: Json): string[] {
    const head = Object.fromEntries(Object.entries(board).filter(([key]) => !onlyToShare.includes(key)));
    const annotations = head.annotations as Json | undefined;
    return [
      // Panels and annotations are looked at one by one: of a union it would only be said that nothing of it fits.
      ...this.check('board', 'Dashboard', { ...emptied('panels', head), annotations: emptied('list', annotations) }),
      ...list(annotations?.list).flatMap((annotation) => this.annotation(annotation)),
      ...list((head.templating as Json | undefined)?.list).flatMap((variable) => this.variable(variable)),
      ...list(head.panels).flatMap((panel) => this.panel(panel)),
    ];
  }

  private annotation(annotation: Json): string[] {
    const where = `annotation ${annotation.name}`;
    return pluginOf(annotation) === ours
      ? this.check(where, 'Annotation', annotation)
      : [`${where} asks ${pluginOf(annotation)}, of whose queries nothing is known`];
  }

  private variable(variable: Json): string[] {
    const asks = variable.type === 'query' && pluginOf(variable) === ours;
    return asks ? this.check(`variable ${variable.name}: query`, 'VariableQuery', variable.query) : [];
  }

  private panel(panel: Json): string[] {
    const where = `panel ${panel.id} (${panel.type})`;
    if (panel.type === 'row') {
      return [
        ...this.check(where, 'RowPanel', emptied('panels', panel)),
        ...list(panel.panels).flatMap((inner) => this.panel(inner)),
      ];
    }
    const { defaults, overrides } = (panel.fieldConfig ?? {}) as Json & { defaults?: Json };
    return [
      ...this.check(where, 'Panel', panel),
      ...this.options(where, panel),
      ...this.custom(`${where}: custom`, panel.type, defaults?.custom ?? {}),
      ...this.links(where, defaults?.links),
      ...list(overrides).flatMap((override) => this.override(`${where}: override`, panel.type, override)),
      ...list(panel.targets).flatMap((target) => this.target(`${where}: target ${target.refId}`, target)),
      ...list(panel.transformations).flatMap(({ id }) => known(where, 'transformation', DataTransformerID, id)),
    ];
  }

  private options(where: string, { type, options }: Json): string[] {
    const name = `${folderOf(type)}.Options`;
    if (name in this.schemas) {
      return this.check(`${where}: options`, name, options ?? {});
    }
    return String(type) in panelsWithoutSchema ? [] : [`${where}: @grafana/schema has no panel of this type`];
  }

  private target(where: string, target: Json): string[] {
    const plugin = pluginOf(target);
    if (plugin === ours) {
      return this.check(where, 'FacilitiesQuery', target);
    }
    return plugin in queriesWithoutSchema
      ? this.check(where, 'DataQuery and more', target)
      : [`${where} asks ${plugin}, of whose queries nothing is known`];
  }

  /** Settings of fields that only this type of panel has: all of them, or those of an override. */
  private custom(where: string, type: unknown, settings: object, which = ''): string[] {
    const name = `${folderOf(type)}.FieldConfig`;
    if (name in this.schemas) {
      return this.check(where, which + name, settings);
    }
    const none = Object.keys(settings).length === 0 || String(type) in panelsWithoutSchema;
    return none ? [] : [`${where}: this type of panel has no settings of fields of its own`];
  }

  /** An override names a property by its path: `unit`, `custom.cellOptions`. */
  private override(where: string, type: unknown, { matcher, properties }: Json): string[] {
    const faults = known(where, 'matcher', FieldMatcherID, (matcher as Json | undefined)?.id);
    for (const { id, value } of list(properties)) {
      const own = /^custom\.(.*)$/.exec(String(id))?.[1];
      faults.push(
        ...(own
          ? this.custom(`${where}: custom`, type, { [own]: value }, 'some of ')
          : this.check(where, 'Panel.fieldConfig.defaults', { [String(id)]: value })),
        ...(id === 'links' ? this.links(where, value) : [])
      );
    }
    return faults;
  }

  private links(where: string, links: unknown): string[] {
    return list(links).flatMap((link) => this.check(`${where}: link ${link.title}`, 'FieldLink', link));
  }

  private check(where: string, name: string, value: unknown): string[] {
    const validate = this.compiled.get(name) ?? this.ajv.compile(this.schemas[name]);
    this.compiled.set(name, validate);
    return validate(value) ? [] : fitting(validate.errors ?? []).map((error) => `${where}${told(error)}`);
  }
}

const list = (value: unknown): Json[] => (Array.isArray(value) ? value : []);

/** The object with an empty list in the place of a full one; what is no list stays. */
const emptied = (key: string, of: Json | undefined) => (Array.isArray(of?.[key]) ? { ...of, [key]: [] } : of);

const pluginOf = ({ datasource }: Json) => String((datasource as Json | undefined)?.type);

const known = (where: string, what: string, ids: object, id: unknown) =>
  Object.values(ids).includes(id) ? [] : [`${where}: there is no ${what} ${id}`];

const branch = ({ schemaPath }: ErrorObject) => /^.*\/anyOf\/\d+\//.exec(schemaPath)?.[0];

/** Without what is said of those variants of a union that are of another kind by a constant, as a cell's `type` is. */
function fitting(errors: ErrorObject[]): ErrorObject[] {
  const others = new Set(errors.filter(({ keyword }) => keyword === 'const').map(branch));
  return errors.filter((error) => branch(error) === undefined || !others.has(branch(error)));
}

/** One line: ` /legend must NOT have additional properties: showLegnd`. */
function told({ instancePath, message, params }: ErrorObject): string {
  const detail = params.additionalProperty ?? params.allowedValues?.join(', ');
  return `${instancePath && ` ${instancePath}`} ${message}${detail === undefined ? '' : `: ${detail}`}`;
}
