import { FacilitiesQuery, listFields } from './types';
import { isKnown } from './querytypes';

/**
 * A saved query in the form that the editor works with. People write queries by hand in provisioned files, and newer
 * versions write fields that this one does not know. A list that is a single text becomes a list; everything that is not
 * understood stays as it is, so that saving a dashboard with an old plugin loses nothing.
 */
export function toQuery(saved: FacilitiesQuery): FacilitiesQuery {
  const query: FacilitiesQuery = { ...saved };
  if (!isKnown(query.queryType)) {
    return query;
  }
  for (const field of listFields) {
    const value: unknown = query[field];
    if (value !== undefined) {
      query[field] = toList(value);
    }
  }
  if (typeof query.limit === 'string') {
    const limit = Number(query.limit);
    query.limit = Number.isInteger(limit) ? limit : undefined;
  }
  return query;
}

function toList(value: unknown): string[] {
  const entries = Array.isArray(value) ? value : [value];
  return entries.filter((entry) => typeof entry === 'string' || typeof entry === 'number').map(String);
}

/** Whether somebody has only just added the query: nothing is chosen, and there is nothing to ask yet. */
export function isUntouched(query: FacilitiesQuery): boolean {
  const { refId, datasource, hide, key, ...rest } = query;
  return Object.values(rest).every((value) => value === undefined);
}
