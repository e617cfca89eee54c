import { css } from '@emotion/css';
import { CoreApp, GrafanaTheme2, QueryEditorProps } from '@grafana/data';
import { Combobox, Field, Stack, Text, useStyles2 } from '@grafana/ui';
import React, { useId } from 'react';
import type { DataSource } from '../datasource';
import { toQuery } from '../migrate';
import { isKnown, queryTypeInfo, withType } from '../querytypes';
import { FacilitiesOptions, FacilitiesQuery, queryTypes } from '../types';
import { QueryFields } from './QueryFields';
import { UnknownQuery } from './UnknownQuery';

export type Props = QueryEditorProps<DataSource, FacilitiesQuery, FacilitiesOptions>;

const typeOptions = queryTypes.map((type) => ({
  value: type as string,
  label: queryTypeInfo[type].label,
  description: queryTypeInfo[type].description,
}));

/** The editor of panels, alert rules and Explore: what to ask for, and the filters that such a question looks at. */
export function QueryEditor({ query: saved, onChange, onRunQuery, datasource, app }: Props) {
  const id = useId();
  const styles = useStyles2(getStyles);
  const query = toQuery(saved);
  const { queryType } = query;
  const known = isKnown(queryType);
  const alerting = app === CoreApp.UnifiedAlerting || app === CoreApp.CloudAlerting;

  const change = (next: FacilitiesQuery) => {
    onChange(next);
    onRunQuery();
  };

  const unknown = known || !queryType ? [] : [{ value: queryType, label: `${queryType} (not known here)` }];
  return (
    <Stack direction="column" gap={1}>
      <Stack direction="row" gap={2} wrap="wrap" alignItems="flex-end">
        <Field label="Ask for" htmlFor={`${id}-type`} noMargin>
          <Combobox
            id={`${id}-type`}
            width={32}
            options={[...typeOptions, ...unknown]}
            value={queryType ?? null}
            placeholder="Choose what to ask for"
            onChange={({ value }) => isKnown(value) && change(withType(query, value))}
          />
        </Field>
        {known && (
          <div className={styles.description}>
            <Text variant="bodySmall" color="secondary">
              {queryTypeInfo[queryType].description}
              {alerting &&
                Object.keys(queryTypeInfo[queryType].measures).length === 0 &&
                ' No alert can be made from it: it has no numbers.'}
            </Text>
          </div>
        )}
      </Stack>
      {known && (
        <QueryFields
          idPrefix={id}
          type={queryType}
          query={query}
          onChange={change}
          choices={datasource.choices}
          withMeasure
        />
      )}
      {!known && queryType && <UnknownQuery query={saved} />}
    </Stack>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  // Beside the input, at the height of its text.
  description: css({
    display: 'flex',
    alignItems: 'center',
    minHeight: theme.spacing(theme.components.height.md),
  }),
});
