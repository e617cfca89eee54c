import { execFileSync } from 'child_process';
import { readdirSync, readFileSync } from 'fs';
import { join } from 'path';
import { BoardSchema, folderOf, lackingInSchema, panelsWithoutSchema, Schemas } from './testing/boardSchema';

const root = join(__dirname, '..');
const dashboards = join(root, '..');
const files = ['boards', 'import'].flatMap((folder) =>
  readdirSync(join(dashboards, folder))
    .filter((name) => name.endsWith('.json'))
    .map((name) => join(folder, name))
);

// What a test changes is anywhere in a parsed file: hence any.
const read = (file: string): any => JSON.parse(readFileSync(join(dashboards, file), 'utf8'));
const panelsOf = (panels: any[]): any[] => panels.flatMap((panel) => [panel, ...panelsOf(panel.panels ?? [])]);
const every = files.flatMap((file) => panelsOf(read(file).panels));
const types = [...new Set<string>(every.map(({ type }) => type))].filter((type) => type !== 'row');

let schemas: Schemas;
let schema: BoardSchema;

// Where they are not made yet, some seconds of a processor, and more where many share it.
beforeAll(() => {
  const made = execFileSync(process.execPath, [join(root, 'schemas/generate.mjs')], { encoding: 'utf8' });
  schemas = JSON.parse(readFileSync(join(root, made.trim()), 'utf8'));
  schema = new BoardSchema(schemas);
}, 300_000);

it('There are boards in both flavours', () => {
  expect(files.filter((file) => file.startsWith('import'))).toHaveLength(files.length / 2);
  expect(files.length).toBeGreaterThanOrEqual(18);
});

describe('What Grafana’s own types say', () => {
  it.each(files)('%s has, and nothing else', (file) => {
    expect(schema.faults(read(file))).toEqual([]);
  });

  it('is there for every type of panel on a board, or a reason is', () => {
    for (const type of types) {
      expect([type, `${folderOf(type)}.Options` in schemas]).toEqual([type, !(type in panelsWithoutSchema)]);
    }
    expect(types).toEqual(expect.arrayContaining(Object.keys(panelsWithoutSchema)));
  });

  it('still lacks what is added to it', () => {
    for (const [type, { settings, asIn }] of Object.entries(lackingInSchema)) {
      const { properties } = schemas[`${folderOf(type)}.FieldConfig`];
      expect(settings.filter((key) => key in properties)).toEqual([]);
      expect(Object.keys(schemas[`${asIn}.FieldConfig`].properties)).toEqual(expect.arrayContaining(settings));
    }
  });
});

/** The first panel of a type that has what is asked for. */
const first = (board: any, type: string, has: (panel: any) => unknown = () => true) =>
  panelsOf(board.panels).find((panel) => panel.type === type && has(panel));
const asking = (plugin: string) => (panel: any) =>
  panel.targets?.some(({ datasource }: any) => datasource.type === plugin);
const ours = 'plantroom-facilities-datasource';

const broken: Array<[what: string, change: (board: any) => void, said: string]> = [
  ['a number as its title', (b) => (b.title = 7), '/title must be string'],
  ['a setting that is misspelt', (b) => (b.refesh = b.refresh), 'must NOT have additional properties: refesh'],
  ['panels that are no list', (b) => (b.panels = {}), '/panels must be array'],
  ['a link that keeps the time by a word', (b) => (b.links[0].keepTime = 'yes'), '/links/0/keepTime must be boolean'],
  ['a link without its icon', (b) => delete b.links[0].icon, "/links/0 must have required property 'icon'"],
  ['a variable of a type that is none', (b) => (b.templating.list[0].type = 'queri'), '/list/0/type must be equal'],
  ['a variable’s misspelt setting', (b) => (b.templating.list[0].includAll = true), 'properties: includAll'],
  ['a variable’s misspelt query', (b) => (b.templating.list[0].query.domains = ['x']), 'properties: domains'],
  ['an annotation without a colour', (b) => delete b.annotations.list[0].iconColor, "property 'iconColor'"],
  ['an annotation’s misspelt filter', (b) => (b.annotations.list[0].target.assets = ['x']), 'properties: assets'],
  ['an annotation with a limit in words', (b) => (b.annotations.list[0].target.limit = 'ten'), '/target/limit must be'],
  ['an annotation of nobody', (b) => delete b.annotations.list[0].datasource, 'asks undefined'],
  ['a row without its list of panels', (b) => delete first(b, 'row').panels, "property 'panels'"],
  ['a panel without a type', (b) => delete b.panels[1].type, "must have required property 'type'"],
  ['a panel of a type that is none', (b) => (first(b, 'table').type = 'tabel'), 'no panel of this type'],
  ['a panel’s misspelt setting', (b) => (first(b, 'stat').titel = ''), 'properties: titel'],
  ['a place without a width', (b) => delete first(b, 'stat').gridPos.w, "/gridPos must have required property 'w'"],
  [
    'a misspelt option',
    (b) => (first(b, 'table').options.showHeadr = true),
    'options must NOT have additional properties: showHeadr',
  ],
  ['a number for a word', (b) => (first(b, 'text').options.content = 7), 'options /content must be string'],
  ['a word for a number', (b) => (first(b, 'state-timeline').options.rowHeight = '1'), '/rowHeight must be number'],
  ['a word that no option has', (b) => (first(b, 'stat').options.colorMode = 'backgrond'), '/colorMode must be equal'],
  ['a part of an option misspelt', (b) => (first(b, 'timeseries').options.legend.calc = []), 'properties: calc'],
  ['options left out', (b) => delete first(b, 'stat').options, "must have required property 'colorMode'"],
  [
    'a setting of fields that its panel does not have',
    (b) => (first(b, 'timeseries').fieldConfig.defaults.custom.lineWidht = 1),
    'custom must NOT have additional properties: lineWidht',
  ],
  [
    'a setting of fields of another panel',
    (b) => (first(b, 'state-timeline').fieldConfig.defaults.custom.drawStyle = 'line'),
    'properties: drawStyle',
  ],
  [
    'a lent setting of the wrong type',
    (b) => (first(b, 'state-timeline').fieldConfig.defaults.custom.spanNulls = 'yes'),
    '/spanNulls must be',
  ],
  [
    'settings of fields where the panel has none',
    (b) => (first(b, 'stat').fieldConfig.defaults.custom = { align: 'left' }),
    'has no settings of fields of its own',
  ],
  ['a unit that is a number', (b) => (first(b, 'stat').fieldConfig.defaults.unit = 1), '/defaults/unit must be string'],
  ['a misspelt property', (b) => (first(b, 'stat').fieldConfig.defaults.colour = {}), 'properties: colour'],
  [
    'an override of a property that is none',
    (b) => override(b, { id: 'displayname', value: 'x' }),
    'properties: displayname',
  ],
  ['an override with the wrong value', (b) => override(b, { id: 'decimals', value: '2' }), '/decimals must be number'],
  ['an override of a setting that is none', (b) => override(b, { id: 'custom.widht', value: 9 }), 'properties: widht'],
  [
    'an override with a cell that is none',
    (b) => override(b, { id: 'custom.cellOptions', value: { type: 'gage' } }),
    'override: custom /cellOptions',
  ],
  [
    'an override’s link without an address',
    (b) => override(b, { id: 'links', value: [{ title: 'Order' }] }),
    "link Order must have required property 'url'",
  ],
  [
    'an override by a matcher that is none',
    (b) => (first(b, 'table', hasOverrides).fieldConfig.overrides[0].matcher.id = 'byNam'),
    'no matcher byNam',
  ],
  [
    'a transformation that is none',
    (b) => (first(b, 'table', (p) => p.transformations?.length).transformations[0].id = 'sort'),
    'no transformation sort',
  ],
  ['a misspelt filter', (b) => (first(b, 'table', asking(ours)).targets[0].buildin = ['b1']), 'properties: buildin'],
  ['a filter that is no list', (b) => (first(b, 'table', asking(ours)).targets[0].asset = 'x'), '/asset must be array'],
  [
    'a query of InfluxDB without a name',
    (b) => delete first(b, 'timeseries', asking('influxdb')).targets[0].refId,
    "must have required property 'refId'",
  ],
  [
    'a query of a data source that nothing is known of',
    (b) => (first(b, 'table').targets[0].datasource.type = 'prometheus'),
    'asks prometheus',
  ],
];

const hasOverrides = (panel: any) => panel.fieldConfig?.overrides.length;
const override = (board: any, property: object) =>
  first(board, 'table', hasOverrides).fieldConfig.overrides[0].properties.push(property);

describe('It is noticed that a board has', () => {
  it.each(broken)('%s', (_, change, said) => {
    const board = read('boards/plantroom-lifts.json');
    change(board);
    const faults = schema.faults(board);
    expect(faults.length).toBeGreaterThan(0);
    expect(faults.join('\n')).toContain(said);
  });

  it('a fault in a panel of a collapsed row', () => {
    const board = read('boards/plantroom-lifts.json');
    const row = board.panels.find((panel: any) => panel.type === 'row' && panel.panels.length > 0);
    row.panels[0].options.misspelt = 1;
    expect(schema.faults(board).join('\n')).toContain('properties: misspelt');
  });
});

/** Every place in a value where something can be replaced: the object or list, and the key. */
function places(value: any): Array<[any, string]> {
  if (typeof value !== 'object' || value === null) {
    return [];
  }
  return Object.keys(value).flatMap((key): Array<[any, string]> => [[value, key], ...places(value[key])]);
}

describe.each(types)('Of a %s', (type) => {
  const copies = () =>
    every
      .filter((panel) => panel.type === type)
      .slice(0, 3)
      .map((panel) => JSON.parse(JSON.stringify(panel)));
  const faults = (panel: any) => schema.faults({ schemaVersion: 42, panels: [panel] });
  const settings = (panel: any) => [panel.options, panel.fieldConfig?.defaults.custom].flatMap(places);

  it('no option and no setting of fields can be misspelt', () => {
    for (const panel of copies()) {
      for (const [parent, key] of settings(panel).filter(([of]) => !Array.isArray(of))) {
        parent[`${key}x`] = parent[key];
        delete parent[key];
        expect([key, faults(panel).length > 0]).toEqual([key, true]);
        parent[key] = parent[`${key}x`];
        delete parent[`${key}x`];
      }
      expect(faults(panel)).toEqual([]);
    }
  });

  it('none can be of another type', () => {
    for (const panel of copies()) {
      for (const [parent, key] of settings(panel)) {
        const was = parent[key];
        for (const wrong of [null, typeof was === 'string' ? 1 : 'wrong', { wrong: true }]) {
          parent[key] = wrong;
          expect([key, wrong, faults(panel).length > 0]).toEqual([key, wrong, true]);
        }
        parent[key] = was;
      }
      expect(faults(panel)).toEqual([]);
    }
  });
});
