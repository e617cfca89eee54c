import { Alert } from '@grafana/ui';
import React from 'react';
import { FacilitiesQuery } from '../types';

/** A query that this version has no editor for: shown as it is, and kept as it is until another type is chosen. */
export function UnknownQuery({ query }: { query: FacilitiesQuery }) {
  const { refId, datasource, key, hide, ...rest } = query;
  return (
    <Alert severity="warning" bottomSpacing={0} title={`This version of the plugin does not know “${query.queryType}”`}>
      <p>
        A newer version may have written it. Update the plugin to edit it. Until then it is kept as it is; choosing
        something else above replaces it.
      </p>
      <pre>{JSON.stringify(rest, null, 2)}</pre>
    </Alert>
  );
}
