import { useCallback, useEffect, useState } from 'react';
import { ChoiceFilter, Choices } from '../choices';
import { Choice, ListField, VariableKind } from '../types';

/** What is known of a list of choices: nothing yet, the list, or why there is none. */
export interface Known {
  loading: boolean;
  list: Choice[];
  error?: string;
}

const nothing: Choice[] = [];

/** Choices of the backend. While others are being asked for, those that were there stay, so that nothing flickers. */
export function useChoices(choices: Choices, kind: VariableKind | undefined, filter: ChoiceFilter): Known {
  const filters = JSON.stringify(filter);
  const wanted = `${kind} ${filters}`;
  const [answer, setAnswer] = useState<{ to?: string; list: Choice[]; error?: string }>({ list: nothing });

  useEffect(() => {
    let current = kind !== undefined;
    if (kind !== undefined) {
      choices
        .list(kind, JSON.parse(filters))
        .then((list) => current && setAnswer({ to: wanted, list }))
        .catch((error) => current && setAnswer({ to: wanted, list: nothing, error: messageOf(error) }));
    }
    return () => {
      current = false;
    };
  }, [choices, kind, filters, wanted]);

  return { loading: kind !== undefined && answer.to !== wanted, list: answer.list, error: answer.error };
}

/** Gathers what several lists have to complain about, each complaint once. The second value is for ListInput. */
export function useProblems(): [string[], (field: ListField, problem: string | undefined) => void] {
  const [problems, setProblems] = useState<Partial<Record<ListField, string>>>({});
  const report = useCallback(
    (field: ListField, problem: string | undefined) =>
      setProblems((before) => (before[field] === problem ? before : { ...before, [field]: problem })),
    []
  );
  const told = Object.values(problems).filter((problem) => problem !== undefined);
  return [[...new Set(told)], report];
}

/** What an error of Grafana's requests says to a person. */
export function messageOf(error: unknown): string {
  if (typeof error === 'object' && error !== null) {
    if ('data' in error && typeof error.data === 'object' && error.data !== null) {
      // The plugin's backend says `error`, Grafana itself `message`.
      if ('error' in error.data && error.data.error) {
        return String(error.data.error);
      }
      if ('message' in error.data && error.data.message) {
        return String(error.data.message);
      }
    }
    if ('message' in error && error.message) {
      return String(error.message);
    }
    if ('statusText' in error && error.statusText) {
      return String(error.statusText);
    }
  }
  return String(error);
}
