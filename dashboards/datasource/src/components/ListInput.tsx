import { css } from '@emotion/css';
import { getTemplateSrv } from '@grafana/runtime';
import { Field, MultiCombobox, useStyles2 } from '@grafana/ui';
import React, { useEffect, useMemo } from 'react';
import { ChoiceFilter, Choices } from '../choices';
import { ListField } from '../types';
import { fields } from './fields';
import { useChoices } from './useChoices';

interface Props {
  field: ListField;
  /** Makes the id of the input one of its own on a page with several editors. */
  idPrefix: string;
  value: string[] | undefined;
  onChange: (value: string[] | undefined) => void;
  choices: Choices;
  /** What narrows the choices. */
  filter: ChoiceFilter;
  /** Is told why there is nothing to choose from; undefined where there is. */
  onProblem: (field: ListField, problem: string | undefined) => void;
}

/**
 * One list of a query: choose among what the estate has, among the dashboard's variables, or type an id. An empty list
 * is no filter, which the placeholder says.
 */
export function ListInput({ field, idPrefix, value, onChange, choices, filter, onProblem }: Props) {
  const styles = useStyles2(getStyles);
  const { label, placeholder, from } = fields[field];
  const fixed = Array.isArray(from) ? from : undefined;
  const asked = useChoices(choices, Array.isArray(from) ? undefined : from, filter);
  const list = fixed ?? asked.list;

  useEffect(() => {
    onProblem(field, asked.error);
    return () => onProblem(field, undefined);
  }, [onProblem, field, asked.error]);

  const options = useMemo(() => {
    const ids = list.map(({ text, value: id }) => ({
      value: id,
      label: text,
      description: fixed || text === id ? undefined : id,
    }));
    if (field === 'by') {
      return ids;
    }
    const variables = getTemplateSrv()
      .getVariables()
      .filter(({ type }) => type !== 'adhoc' && type !== 'groupby')
      .map(({ name, label: text }) => ({ value: `$${name}`, label: `$${name}`, description: text || 'Variable' }));
    // The variable that bears the field's name is the likely one; the others come last.
    const likely = variables.filter((variable) => variable.value === `$${field}`);
    return [...likely, ...ids, ...variables.filter((variable) => !likely.includes(variable))];
  }, [list, fixed, field]);

  // Somebody who types a name in full means what bears it, and not a thing of that id.
  const idOf = (text: string) => {
    const same = (option: { label: string }) => option.label.toLowerCase() === text.trim().toLowerCase();
    return options.some((option) => option.value === text) ? text : (options.find(same)?.value ?? text.trim());
  };

  const id = `${idPrefix}-${field}`;
  return (
    <Field label={label} htmlFor={id} className={styles.list} noMargin>
      <MultiCombobox
        id={id}
        options={options}
        value={(value ?? []).map((entry) => options.find((o) => o.value === entry) ?? { value: entry, label: entry })}
        onChange={(chosen) => onChange(chosen.length > 0 ? chosen.map(({ value: text }) => idOf(text)) : undefined)}
        placeholder={placeholder}
        createCustomValue={field !== 'by' && field !== 'clock'}
        customValueDescription="Use as id or variable"
        isClearable
        loading={asked.loading}
      />
    </Field>
  );
}

const getStyles = () => ({
  // As high without a chosen value as with one, so that nothing moves below.
  list: css({ '& input': { minHeight: 22 } }),
});
