import { AnnotationQuery, QueryEditorProps } from '@grafana/data';
import { Stack, Text } from '@grafana/ui';
import React, { useId } from 'react';
import type { DataSource } from '../datasource';
import { toQuery } from '../migrate';
import { defaultAnnotation } from '../querytypes';
import { FacilitiesOptions, FacilitiesQuery } from '../types';
import { QueryFields } from './QueryFields';
import { UnknownQuery } from './UnknownQuery';

type Props = QueryEditorProps<DataSource, FacilitiesQuery, FacilitiesOptions> & {
  annotation?: AnnotationQuery<FacilitiesQuery>;
  onAnnotationChange?: (annotation: AnnotationQuery<FacilitiesQuery>) => void;
};

/** Which incidents are drawn over graphs. */
export function AnnotationEditor({ query, onChange, annotation, onAnnotationChange, datasource }: Props) {
  const id = useId();
  const saved: FacilitiesQuery = annotation?.target ?? query ?? { refId: 'Anno' };
  const shown = toQuery(saved.queryType ? saved : { ...defaultAnnotation, ...saved });

  const change = (next: FacilitiesQuery) => {
    if (annotation && onAnnotationChange) {
      onAnnotationChange({ ...annotation, target: next });
    } else {
      onChange(next);
    }
  };

  if (shown.queryType !== 'incidents') {
    return <UnknownQuery query={saved} />;
  }
  return (
    <Stack direction="column" gap={1}>
      <Text variant="bodySmall" color="secondary">
        Each incident is a region from its beginning to its end, with its rule, cause and order.
      </Text>
      <QueryFields idPrefix={id} type="incidents" query={shown} onChange={change} choices={datasource.choices} />
    </Stack>
  );
}
