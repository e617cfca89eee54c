import { readdirSync, readFileSync } from 'fs';
import { join } from 'path';
import { queryTypeInfo } from './querytypes';
import { FacilitiesQuery, listFields, QueryType, queryTypes } from './types';
import { isKnownKind } from './variablequery';

// The generated boards are Go's work, and what they ask has to mean the same here.
const root = join(__dirname, '../..');
const files = [join(root, 'boards'), join(root, 'import')].flatMap((folder) =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => join(folder, name))
);

interface Panel {
  title: string;
  targets?: FacilitiesQuery[];
  panels?: Panel[];
}

const ours = 'plantroom-facilities-datasource';
const panelsOf = (panels: Panel[]): Panel[] => panels.flatMap((panel) => [panel, ...panelsOf(panel.panels ?? [])]);

describe.each(files)('%s', (file) => {
  const board = JSON.parse(readFileSync(file, 'utf8'));

  it('has variables of kinds that the plugin knows', () => {
    const variables = board.templating.list.filter(
      (variable: { type: string; datasource?: { type: string } }) =>
        variable.type === 'query' && variable.datasource?.type === ours
    );
    expect(variables.length).toBeGreaterThan(0);
    for (const { name, query } of variables) {
      expect([name, query.variable, isKnownKind(query.variable)]).toEqual([name, query.variable, true]);
    }
  });

  it('asks what the editor can show, with filters that the type looks at', () => {
    const targets = panelsOf(board.panels)
      .flatMap((panel) => panel.targets ?? [])
      .concat(board.annotations.list.map(({ target }: { target: FacilitiesQuery }) => target))
      .filter((target) => target?.datasource?.type === ours);
    expect(targets.length).toBeGreaterThan(0);
    for (const target of targets) {
      expect(queryTypes).toContain(target.queryType);
      const known = queryTypeInfo[target.queryType as QueryType];
      expect(known.lists).toEqual(expect.arrayContaining(listFields.filter((field) => target[field]?.length)));
      if (target.measure) {
        expect(Object.keys(known.measures)).toContain(target.measure);
      }
    }
  });
});
