import { ScopedVars } from '@grafana/data';
import { TemplateSrv } from '@grafana/runtime';
import { expandList } from './interpolate';
import { Choice, VariableKind } from './types';

/** How long an answer is used again. An estate changes by reload of its file, some times a day at most. */
const keepFor = 30_000;
const keepAtMost = 50;

/** Filters on choices: entries of a query's lists, with variables. */
export type ChoiceFilter = Partial<Record<'building' | 'domain', string[]>>;

type GetResource = (path: string, params: Record<string, string>) => Promise<unknown>;

/**
 * What can be chosen, asked from the backend. Each editor of a panel asks for the same lists, so answers are kept for
 * half a minute; one that failed is not.
 */
export class Choices {
  private readonly kept = new Map<string, { until: number; answer: Promise<Choice[]> }>();

  constructor(
    private readonly get: GetResource,
    private readonly templates: Pick<TemplateSrv, 'replace' | 'getVariables'>
  ) {}

  /** For editors: an answer may be half a minute old. */
  list(kind: VariableKind, filter: ChoiceFilter = {}): Promise<Choice[]> {
    let params: Record<string, string>;
    try {
      params = this.params(filter, {});
    } catch (error) {
      return Promise.reject(error);
    }
    const key = JSON.stringify([kind, params]);
    const now = Date.now();
    const known = this.kept.get(key);
    if (known && known.until > now) {
      return known.answer;
    }
    const answer = this.ask(kind, params);
    this.kept.delete(key);
    this.kept.set(key, { until: now + keepFor, answer });
    answer.catch(() => this.kept.delete(key));
    for (const oldest of this.kept.keys()) {
      if (this.kept.size <= keepAtMost) {
        break;
      }
      this.kept.delete(oldest);
    }
    return answer;
  }

  /** For variables: always asked anew. Fails with TooManyValues as a query does. */
  async fresh(kind: VariableKind, filter: ChoiceFilter, scopedVars: ScopedVars): Promise<Choice[]> {
    return this.ask(kind, this.params(filter, scopedVars));
  }

  private params(filter: ChoiceFilter, scopedVars: ScopedVars): Record<string, string> {
    const params: Record<string, string> = {};
    for (const field of ['building', 'domain'] as const) {
      const values = expandList(field, filter[field], this.templates, scopedVars);
      if (values) {
        params[field] = values.join(',');
      }
    }
    return params;
  }

  private async ask(kind: VariableKind, params: Record<string, string>): Promise<Choice[]> {
    const answer = await this.get(`variables/${kind}`, params);
    if (!Array.isArray(answer)) {
      throw new Error(`The list of ${kind} is not one. Is the plugin's backend of the same version?`);
    }
    return answer.filter(isChoice);
  }
}

function isChoice(value: unknown): value is Choice {
  return (
    typeof value === 'object' &&
    value !== null &&
    'value' in value &&
    typeof value.value === 'string' &&
    'text' in value &&
    typeof value.text === 'string'
  );
}
