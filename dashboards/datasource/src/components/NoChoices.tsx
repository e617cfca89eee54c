import { Alert } from '@grafana/ui';
import React from 'react';

/** Says once, below the fields, why there is nothing to choose from. What somebody types is taken all the same. */
export function NoChoices({ problems }: { problems: string[] }) {
  if (problems.length === 0) {
    return null;
  }
  return (
    <Alert severity="warning" title="There is nothing to choose from" topSpacing={1} bottomSpacing={0}>
      {problems.map((problem) => (
        <div key={problem}>{problem}</div>
      ))}
      Ids and variables can still be typed.
    </Alert>
  );
}
