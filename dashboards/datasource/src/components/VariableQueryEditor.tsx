import { css } from '@emotion/css';
import { QueryEditorProps } from '@grafana/data';
import { Alert, Combobox, Field, Stack, useStyles2 } from '@grafana/ui';
import React, { useId } from 'react';
import type { DataSource } from '../datasource';
import { FacilitiesOptions, FacilitiesQuery, variableKinds, VariableQuery } from '../types';
import { isKnownKind, narrowing, toVariableQuery } from '../variablequery';
import { kindTexts } from './fields';
import { ListInput } from './ListInput';
import { NoChoices } from './NoChoices';
import { useProblems } from './useChoices';

type Props = QueryEditorProps<DataSource, FacilitiesQuery, FacilitiesOptions, VariableQuery>;

const kindOptions = variableKinds.map((kind) => ({ value: kind as string, label: kindTexts[kind] }));

/** What a dashboard variable lists, and what narrows it: `$building` here makes the variable follow that one. */
export function VariableQueryEditor({ query: saved, onChange, datasource }: Props) {
  const id = useId();
  const styles = useStyles2(getStyles);
  const [problems, report] = useProblems();
  const query = toVariableQuery(saved);
  const known = isKnownKind(query.variable);
  const narrowed = narrowing(query.variable, { building: ['-'], domain: ['-'] });

  return (
    <Stack direction="column" gap={2}>
      <Field
        label="List"
        htmlFor={`${id}-kind`}
        description="The variable's values are ids, its texts are names."
        noMargin
      >
        <Combobox
          id={`${id}-kind`}
          width={40}
          options={
            known
              ? kindOptions
              : [...kindOptions, { value: query.variable, label: `${query.variable} (not known here)` }]
          }
          value={query.variable}
          onChange={({ value }) => onChange({ refId: query.refId, variable: value, ...narrowing(value, query) })}
        />
      </Field>
      {!known && (
        <Alert severity="warning" title={`This version of the plugin knows no variable of “${query.variable}”`}>
          It is kept as it is until you choose something else.
        </Alert>
      )}
      {(['building', 'domain'] as const)
        .filter((field) => narrowed[field])
        .map((field) => (
          <div key={field} className={styles.list}>
            <ListInput
              field={field}
              idPrefix={id}
              value={query[field]}
              onChange={(value) => onChange({ ...query, [field]: value })}
              choices={datasource.choices}
              filter={{}}
              onProblem={report}
            />
          </div>
        ))}
      <NoChoices problems={problems} />
    </Stack>
  );
}

const getStyles = () => ({ list: css({ maxWidth: 320 }) });
