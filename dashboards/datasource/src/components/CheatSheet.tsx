import { css } from '@emotion/css';
import { GrafanaTheme2, QueryEditorHelpProps } from '@grafana/data';
import { Button, Stack, Text, useStyles2 } from '@grafana/ui';
import React from 'react';
import { samples } from '../samples';
import { FacilitiesQuery } from '../types';

/** Questions to start from, in Explore and behind the editor's help. */
export function CheatSheet({ onClickExample, query }: QueryEditorHelpProps<FacilitiesQuery>) {
  const styles = useStyles2(getStyles);
  return (
    <div>
      <Text element="h2" variant="h4">
        What Plantroom can be asked
      </Text>
      <ul className={styles.list}>
        {samples.map((sample) => (
          <li key={sample.title}>
            <Stack direction="row" gap={2} alignItems="center" justifyContent="space-between">
              <Stack direction="column" gap={0}>
                <Text weight="medium">{sample.title}</Text>
                <Text variant="bodySmall" color="secondary">
                  {sample.text}
                </Text>
              </Stack>
              <Button
                variant="secondary"
                size="sm"
                aria-label={`Use “${sample.title}”`}
                onClick={() =>
                  onClickExample({ ...sample.query, refId: query?.refId ?? 'A', datasource: query?.datasource })
                }
              >
                Use
              </Button>
            </Stack>
          </li>
        ))}
      </ul>
    </div>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  list: css({
    listStyle: 'none',
    marginTop: theme.spacing(1),
    maxWidth: 720,
    '& > li': { padding: theme.spacing(1, 0), borderTop: `1px solid ${theme.colors.border.weak}` },
  }),
});
