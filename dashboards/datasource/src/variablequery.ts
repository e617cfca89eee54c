import { VariableKind, variableKinds, VariableQuery } from './types';

/** A saved variable's query; one that was written by hand may be the bare kind, "assets". An unknown kind stays. */
export function toVariableQuery(saved: VariableQuery | string | undefined): VariableQuery {
  if (typeof saved === 'string') {
    return { refId: 'variable', variable: saved || 'buildings' };
  }
  return { ...saved, refId: saved?.refId || 'variable', variable: saved?.variable || 'buildings' };
}

/** Whether this version can ask for the kind. */
export function isKnownKind(kind: string): kind is VariableKind {
  return variableKinds.some((known) => known === kind);
}

/**
 * The filters that narrow a kind: assets stand in buildings and belong to domains, rules are of both, and buildings and
 * domains narrow one another. Who works on what is in contracts, which a viewer does not see; so contractors are not
 * narrowed. The backend has the same.
 */
export function narrowing(
  kind: string,
  { building, domain }: Pick<VariableQuery, 'building' | 'domain'>
): Pick<VariableQuery, 'building' | 'domain'> {
  switch (kind) {
    case 'assets':
    case 'rules':
      return { building, domain };
    case 'buildings':
      return { domain };
    case 'domains':
      return { building };
    default:
      return {};
  }
}
