/**
 * Makes JSON schemas of the types that boards consist of, with ts-json-schema-generator, and says where they are:
 * node_modules/.cache/board-schemas/VERSION-KEY.json, an object of schemas by name. It takes some seconds of a processor
 * once; what was made of the same packages and the same types is kept.
 *
 * Names are those of board.ts, and for panels `stat.Options`, `table.FieldConfig`: the folder in @grafana/schema and the type.
 * Every schema is strict: a property that a type does not have is refused. Each stands for itself, with everything
 * inlined, because Grafana's packages have several types of one name (`Panel`, `DataQuery`, `Options`).
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import generator from 'ts-json-schema-generator';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '..');
const packages = join(root, 'node_modules');
const cache = join(packages, '.cache/board-schemas');
const sources = [join(here, 'board.ts'), join(here, 'generate.mjs'), join(root, 'src/types.ts')];

const text = (...path) => readFileSync(join(...path), 'utf8');
const manifest = (name) => JSON.parse(text(packages, name, 'package.json'));

/** The types of panels: the folder's name, the path to import, and which of Options and FieldConfig there are. */
function panels() {
  const found = Object.entries(manifest('@grafana/schema').exports).flatMap(([path, target]) => {
    const [, name] = /^\.\/dist\/esm\/raw\/composable\/(\w+)\/panelcfg\//.exec(path) ?? [];
    if (name === undefined) {
      return [];
    }
    const declared = text(packages, '@grafana/schema', target.types);
    const types = ['Options', 'FieldConfig'].filter((type) => declared.includes(`export interface ${type} `));
    return [{ name, from: `@grafana/schema/${path.slice(2)}`, types }];
  });
  if (found.length === 0) {
    throw new Error('@grafana/schema exports no types of panels where they were in 13.2: look at its package.json');
  }
  return found;
}

/** A source that exports each panel's types under a name of its own, as `stat_Options`. */
const panelSource = () =>
  panels()
    .map(({ name, from, types }) => {
      const renamed = types.map((type) => `${type} as ${name}_${type}`);
      return `export type { ${renamed.join(', ')} } from '${from}';\n`;
    })
    .join('');

/**
 * A program of some files, with the plugin's own settings but strict: otherwise `null` is part of every type. It throws
 * at a type that is not there, which would be taken for `any`.
 */
function compile(files) {
  const { config, error } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile);
  if (error) {
    throw new Error(ts.flattenDiagnosticMessageText(error.messageText, '\n'));
  }
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  const program = ts.createProgram(files, { ...options, noEmit: true, strict: true, types: [] });
  const faults = files.flatMap((file) => program.getSemanticDiagnostics(program.getSourceFile(file)));
  if (faults.length > 0) {
    throw new Error(faults.map((fault) => ts.flattenDiagnosticMessageText(fault.messageText, '\n')).join('\n'));
  }
  return program;
}

/**
 * What a file exports, by name, and where it is declared. The generator's own search is by name alone, in every file of
 * the program, where there are several of one name; it is also what takes most of its time.
 */
function declarations(program, file) {
  const checker = program.getTypeChecker();
  return checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(file))).map((symbol) => {
    const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
    const [node, ...more] = target.declarations;
    if (more.length > 0) {
      throw new Error(
        `${symbol.name} is declared in ${more.length + 1} places, and the schema would be of one of them`
      );
    }
    return [symbol.name, node];
  });
}

function generate() {
  const entry = join(cache, 'panels.ts');
  writeFileSync(entry, panelSource());
  const files = [sources[0], entry];
  const program = compile(files);
  const config = {
    ...generator.DEFAULT_CONFIG,
    expose: 'none',
    topRef: false,
    jsDoc: 'none',
    additionalProperties: false,
  };
  const schemas = files
    .flatMap((file) => declarations(program, file))
    .map(([name, node]) => {
      const parser = generator.createParser(program, config);
      const made = new generator.SchemaGenerator(program, parser, generator.createFormatter(config), config);
      return [name.replace('_', '.'), made.createSchemaFromNodes([node])];
    });
  return Object.fromEntries(schemas);
}

const versions = ['@grafana/schema', '@grafana/data', 'ts-json-schema-generator', 'typescript'].map(
  (name) => `${name} ${manifest(name).version}`
);
const key = createHash('sha256')
  .update([...versions, ...sources.map((path) => text(path))].join('\n'))
  .digest('hex');
const name = `${manifest('@grafana/schema').version}-${key.slice(0, 16)}.json`;
mkdirSync(cache, { recursive: true });
if (!readdirSync(cache).includes(name)) {
  const made = JSON.stringify(generate());
  readdirSync(cache).forEach((old) => rmSync(join(cache, old)));
  // Another one that makes the same at the same time must not read the half of it.
  const part = join(cache, `${process.pid}.part`);
  writeFileSync(part, made);
  renameSync(part, join(cache, name));
}
console.log(relative(root, join(cache, name)));
