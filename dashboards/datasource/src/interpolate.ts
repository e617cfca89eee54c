import { ScopedVars } from '@grafana/data';
import { TemplateSrv } from '@grafana/runtime';

/** The server takes at most so many values in one list; the same number is in the backend. */
export const maxValues = 1000;

/** Text with variables stands for more values than the server takes. The message says what to do. */
export class TooManyValues extends Error {
  constructor(field: string, count: number) {
    super(
      `Too many values for “${field}”: its variables stand for ${count > maxValues ? 'more than ' : ''}${maxValues} ` +
        `values, and one query takes at most ${maxValues}. Choose All in the variable, which asks without a filter, or choose fewer values.`
    );
    this.name = 'TooManyValues';
  }
}

type Variables = Pick<TemplateSrv, 'replace' | 'getVariables'>;

// A list is made here, however the author wanted the variable written: ${asset:csv} and ${asset:pipe} are ${asset}.
const formatted = /\$\{(\w+):[^}]*\}|\[\[(\w+):[^\]]*\]\]/g;
const onlyVariable = /^(?:\$(\w+)|\$\{(\w+)\}|\[\[(\w+)\]\])$/;
// Stands for a variable's values within a text. Control characters, which no id can hold.
const mark = (index: number) => `\u0001${index}\u0002`;
const marked = /\u0001(\d+)\u0002/;

/**
 * The values that a list of a query stands for, or undefined for "no filter". A variable with several values becomes
 * each of them, All becomes no filter, and a variable that holds nothing adds nothing. A name that is no variable stays
 * as text, so that the server can say that it knows no such id.
 *
 * @throws TooManyValues past maxValues; no more than that is ever built.
 */
export function expandList(
  field: string,
  entries: string[] | undefined,
  variables: Variables,
  scopedVars: ScopedVars
): string[] | undefined {
  const values = new Set<string>();
  for (const entry of entries ?? []) {
    const expanded = expandEntry(field, entry.replace(formatted, '${$1$2}'), variables, scopedVars);
    if (expanded === 'all') {
      return undefined;
    }
    for (const value of expanded) {
      values.add(value);
      if (values.size > maxValues) {
        throw new TooManyValues(field, values.size);
      }
    }
  }
  return values.size > 0 ? [...values] : undefined;
}

function expandEntry(field: string, entry: string, variables: Variables, scopedVars: ScopedVars): string[] | 'all' {
  const lists: string[][] = [];
  let single = true;
  const text = variables.replace(entry, scopedVars, (value: unknown) => {
    single = single && !Array.isArray(value);
    return mark(lists.push(toStrings(value)) - 1);
  });

  const name = onlyVariable.exec(entry)?.slice(1).find(Boolean);
  // A panel that is repeated for each value of a variable sees one value, while the variable itself still says All.
  const local = lists.length > 0 && single;
  if (name !== undefined && !local && isAll(name, variables)) {
    return 'all';
  }

  let texts = [text];
  for (let found = marked.exec(texts[0] ?? ''); found; found = marked.exec(texts[0] ?? '')) {
    const [token, index] = found;
    const list = lists[Number(index)] ?? [];
    if (texts.length * list.length > maxValues) {
      throw new TooManyValues(field, texts.length * list.length);
    }
    texts = texts.flatMap((t) => list.map((value) => t.replace(token, () => value)));
  }
  // Ids hold no comma, and the server's lists are separated by them.
  return texts
    .flatMap((t) => t.split(','))
    .map((t) => t.trim())
    .filter((t) => t !== '');
}

function isAll(name: string, variables: Variables): boolean {
  const variable = variables.getVariables().find((v) => v.name === name);
  if (!variable || !('current' in variable) || !variable.current || !('value' in variable.current)) {
    return false;
  }
  const value: unknown = variable.current.value;
  return (Array.isArray(value) ? value : [value]).includes('$__all');
}

function toStrings(value: unknown): string[] {
  return (Array.isArray(value) ? value : [value])
    .filter((v) => v !== undefined && v !== null && v !== '')
    .map((v) => String(v));
}
