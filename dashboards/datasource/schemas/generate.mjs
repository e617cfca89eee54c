/**
 * Makes JSON schemas of the types that boards consist of, with ts-json-schema-generator, and says where they are:
 * node_modules/.cache/board-schemas/VERSION-KEY.json, an object of schemas by name. It takes some 10 s of a processor
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

/** A source that exports each panel's types under a name of its own, and those names. */
function panelSource() {
  const lines = [];
  const names = {};
  for (const { name, from, types } of panels()) {
    lines.push(`import * as ${name} from '${from}';`);
    for (const type of types) {
      lines.push(`export type ${name}_${type} = ${name}.${type};`);
      names[`${name}.${type}`] = `${name}_${type}`;
    }
  }
  return { source: lines.join('\n') + '\n', names };
}

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

function generate() {
  const { source, names } = panelSource();
  const entry = join(cache, 'panels.ts');
  writeFileSync(entry, source);
  const program = compile([sources[0], entry]);
  const config = {
    ...generator.DEFAULT_CONFIG,
    expose: 'none',
    topRef: false,
    jsDoc: 'none',
    additionalProperties: false,
  };
  const checker = program.getTypeChecker();
  for (const { name } of checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(sources[0])))) {
    names[name] = name;
  }
  const schemas = {};
  for (const [name, type] of Object.entries(names)) {
    schemas[name] = new generator.SchemaGenerator(
      program,
      generator.createParser(program, config),
      generator.createFormatter(config),
      config
    ).createSchema(type);
  }
  return schemas;
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
