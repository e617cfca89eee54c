import { css } from '@emotion/css';
import { GrafanaTheme2 } from '@grafana/data';
import { Combobox, Field, Input, Switch, useStyles2 } from '@grafana/ui';
import React, { useState } from 'react';
import { Choices } from '../choices';
import { queryTypeInfo } from '../querytypes';
import { FacilitiesQuery, ListField, QueryType } from '../types';
import { narrowing } from '../variablequery';
import { fields } from './fields';
import { ListInput } from './ListInput';
import { NoChoices } from './NoChoices';
import { useProblems } from './useChoices';

interface Props {
  idPrefix: string;
  type: QueryType;
  query: FacilitiesQuery;
  onChange: (query: FacilitiesQuery) => void;
  choices: Choices;
  /** Whether the answer can be reduced to one number for each row; annotations cannot. */
  withMeasure?: boolean;
}

const switches = { open: 'Open now', live: 'Live' };

/** Stands for "no measure" among the choices, which have to have a value. */
const whole = '-';

/** The filters and options that a query type looks at, in a grid that does not move while choices are loaded. */
export function QueryFields({ idPrefix, type, query, onChange, choices, withMeasure }: Props) {
  const styles = useStyles2(getStyles);
  const [problems, report] = useProblems();
  const { lists, options, measures } = queryTypeInfo[type];
  const answers = [
    { value: whole, label: 'All columns' },
    ...Object.entries(measures).map(([value, label]) => ({ value, label, description: 'One number for each row' })),
  ];
  return (
    <div>
      <div className={styles.grid}>
        {lists.map((field) => (
          <ListInput
            key={field}
            field={field}
            idPrefix={idPrefix}
            value={query[field]}
            onChange={(value) => onChange({ ...query, [field]: value })}
            choices={choices}
            filter={narrowing(kindOf(field), query)}
            onProblem={report}
          />
        ))}
        {withMeasure && answers.length > 1 && (
          <Field label="Answer" htmlFor={`${idPrefix}-measure`} noMargin>
            <Combobox
              id={`${idPrefix}-measure`}
              options={answers}
              value={query.measure ?? whole}
              onChange={({ value }) => onChange({ ...query, measure: value === whole ? undefined : value })}
            />
          </Field>
        )}
        {options.includes('limit') && (
          <Limit id={`${idPrefix}-limit`} value={query.limit} onChange={(limit) => onChange({ ...query, limit })} />
        )}
        {(['open', 'live'] as const)
          .filter((option) => options.includes(option))
          .map((option) => (
            <Field key={option} label={switches[option]} htmlFor={`${idPrefix}-${option}`} noMargin>
              <div className={styles.switch}>
                <Switch
                  id={`${idPrefix}-${option}`}
                  value={query[option] ?? false}
                  onChange={(event) => onChange({ ...query, [option]: event.currentTarget.checked })}
                />
              </div>
            </Field>
          ))}
      </div>
      <NoChoices problems={problems} />
    </div>
  );
}

/** The kind of variable that has the same values; none for fixed words. */
function kindOf(field: ListField): string {
  const { from } = fields[field];
  return Array.isArray(from) ? '' : from;
}

interface LimitProps {
  id: string;
  value: number | undefined;
  onChange: (value: number | undefined) => void;
}

/** How many rows. It is taken on leaving the field or on Enter, not with each key, and only where the server would. */
function Limit({ id, value, onChange }: LimitProps) {
  const saved = value === undefined ? '' : String(value);
  // What is being typed counts until the saved value is another one.
  const [typed, setTyped] = useState({ over: saved, text: saved });
  const text = typed.over === saved ? typed.text : saved;
  const number = text.trim() === '' ? undefined : Number(text);
  const invalid = number !== undefined && !(Number.isInteger(number) && number >= 1 && number <= 1000);
  const take = () => {
    if (!invalid && number !== value) {
      onChange(number);
    }
  };
  return (
    <Field
      label="Rows at most"
      htmlFor={id}
      noMargin
      invalid={invalid}
      error="A whole number from 1 to 1000"
      validationMessageHorizontalOverflow
    >
      <Input
        id={id}
        inputMode="numeric"
        placeholder="100"
        value={text}
        onChange={(event) => setTyped({ over: saved, text: event.currentTarget.value })}
        onBlur={take}
        onKeyDown={(event) => event.key === 'Enter' && take()}
      />
    </Field>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  grid: css({
    display: 'grid',
    gridTemplateColumns: 'repeat(auto-fill, minmax(232px, 1fr))',
    gap: theme.spacing(1, 2),
    alignItems: 'start',
  }),
  switch: css({ display: 'flex', alignItems: 'center', height: theme.spacing(theme.components.height.md) }),
});
