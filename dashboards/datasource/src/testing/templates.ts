import { ScopedVars, TypedVariableModel } from '@grafana/data';
import { TemplateSrv } from '@grafana/runtime';

/** A dashboard's variable as a test needs it. */
export interface Variable {
  name: string;
  /** What is chosen: one value, several, or `$__all`. */
  chosen: string | string[];
  /** What could be chosen, which is what All stands for. */
  options?: string[];
  /** Where the author of the dashboard gave All a value of its own. */
  allValue?: string;
}

const reference = /\$(\w+)|\$\{(\w+)(?::(\w+))?\}|\[\[(\w+)(?::(\w+))?\]\]/g;

/**
 * Stands in for Grafana's template service: it hands a function the value, a list for several and for All, and lets a
 * format in the text go before the function, as Grafana does.
 */
export function templates(...variables: Variable[]): TemplateSrv {
  const valueOf = (name: string, scoped: ScopedVars | undefined): string | string[] | undefined => {
    if (scoped?.[name]) {
      return scoped[name]?.value;
    }
    const found = variables.find((v) => v.name === name);
    return found && [found.chosen].flat().includes('$__all') ? (found.options ?? []) : found?.chosen;
  };
  return {
    getVariables: () =>
      variables.map(
        ({ name, chosen }) =>
          ({ name, type: 'query', current: { text: 'x', value: chosen } }) as unknown as TypedVariableModel
      ),
    replace: (text = '', scoped, format) =>
      text.replace(reference, (match, a, b, formatB, c, formatC) => {
        const name: string = a ?? b ?? c;
        const value = valueOf(name, scoped);
        if (value === undefined) {
          return match;
        }
        const own = variables.find((v) => v.name === name);
        if (own?.allValue && [own.chosen].flat().includes('$__all') && !scoped?.[name]) {
          return own.allValue;
        }
        if ((formatB ?? formatC) === undefined && typeof format === 'function') {
          return format(value, { name, type: 'query' });
        }
        return [value].flat().join(formatB === 'pipe' ? '|' : ',');
      }),
    containsTemplate: (text = '') => new RegExp(reference).test(text),
    updateTimeRange: () => undefined,
  };
}
