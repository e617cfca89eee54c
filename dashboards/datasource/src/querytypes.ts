import { FacilitiesQuery, ListField, QueryType, queryTypes } from './types';

/**
 * What the editor has to know of a query type. The backend has the same lists, options and measures in pkg/answer, and
 * a test holds the two together.
 */
export interface QueryTypeInfo {
  label: string;
  /** One sentence: what one row, line or point is. */
  description: string;
  /**
   * The list fields that the type looks at, in the order in which they are shown; what many types have comes first and so
   * stays where it is when another type is chosen. The backend refuses others.
   */
  lists: ListField[];
  /** The other fields that it looks at. What has no input in the editor, `subject` and `points`, is kept all the same. */
  options: Array<'open' | 'limit' | 'live' | 'subject' | 'points'>;
  /** The numbers that it can be reduced to, the usual one first; none: no alert can be made from it. */
  measures: Record<string, string>;
  /** What choosing it sets, so that the first answer is of use. */
  initial: Partial<FacilitiesQuery>;
}

const place: ListField[] = ['building', 'asset', 'domain'];
const orders: ListField[] = [...place, 'contractor', 'severity', 'rule'];

export const queryTypeInfo: Record<QueryType, QueryTypeInfo> = {
  work_orders: {
    label: 'Work orders',
    description: 'A row for each order, with its most pressing clock and a link to its page.',
    lists: [...orders, 'state'],
    options: ['open', 'limit'],
    measures: { orders: 'Number of orders' },
    initial: { open: true, limit: 100 },
  },
  incidents: {
    label: 'Incidents',
    description: 'A row for each incident that overlaps the time range. Also what annotations show.',
    lists: orders,
    options: ['limit'],
    measures: { incidents: 'Number of incidents' },
    initial: { limit: 100 },
  },
  sla_compliance: {
    label: 'SLA compliance',
    description: 'How many windows were promised, met and breached by orders raised in the time range.',
    lists: [...orders, 'clock', 'by'],
    options: [],
    measures: {
      share: 'Share of windows met',
      breached: 'Windows breached',
      met: 'Windows met',
      promised: 'Windows promised',
      open: 'Windows still open',
      void: 'Windows that fell away',
    },
    initial: { by: ['contractor', 'clock'] },
  },
  contractor_league: {
    label: 'Contractor league',
    description: 'A row for each contractor: orders, breaches, and times to answer, arrive and restore (p50, p90).',
    lists: orders,
    options: [],
    measures: {
      breach_share: 'Share of windows breached',
      orders: 'Orders',
      declined: 'Orders declined',
      reopened: 'Orders reopened',
      contradicted: 'Words that a sensor contradicted',
      promised: 'Windows promised',
      met: 'Windows met',
      breached: 'Windows breached',
      acknowledge_p50: 'Time to answer, half of them',
      acknowledge_p90: 'Time to answer, 9 of 10',
      attend_p50: 'Time to arrive, half of them',
      attend_p90: 'Time to arrive, 9 of 10',
      release_p50: 'Time to free people, half of them',
      release_p90: 'Time to free people, 9 of 10',
      restore_p50: 'Time to restore, half of them',
      restore_p90: 'Time to restore, 9 of 10',
    },
    initial: {},
  },
  sla_burndown: {
    label: 'SLA burn-down',
    description: 'A line for each clock: how much of its window is used, over time. 100 % is a breach.',
    lists: [...orders, 'order', 'clock'],
    options: ['points'],
    measures: { used: 'Part of the window used' },
    initial: { clock: ['restore'] },
  },
  asset_state: {
    label: 'Asset state over time',
    description: 'A band for each asset, for state timelines. The state from before the range is carried in.',
    lists: place,
    options: [],
    measures: {},
    initial: {},
  },
  asset_current: {
    label: 'Asset state now',
    description: 'A row for each asset: its state, since when, why, and where it is on a map.',
    lists: place,
    options: [],
    measures: { assets: 'Assets in each state', level: 'How bad each asset is' },
    initial: {},
  },
  asset_kpi: {
    label: 'Asset reliability',
    description: 'A row for each asset: availability, downtime, faults, time between and time to repair.',
    lists: place,
    options: [],
    measures: {
      availability: 'Availability',
      known: 'Part of the time that is known',
      downtime_s: 'Downtime',
      faults: 'Faults',
      mtbf_s: 'Time between faults',
      mttr_s: 'Time to repair',
    },
    initial: {},
  },
  gateways: {
    label: 'Gateways',
    description:
      'A row for each gateway: last heard, what waits in its spool, how full that is, and what was quarantined.',
    lists: ['building'],
    options: [],
    measures: {
      backlog: 'Records that wait in the spool',
      spool_share: 'Used part of the spool',
      quarantined_24h: 'Quarantined in 24 hours',
      quarantined_15m: 'Quarantined in 15 minutes',
      quarantined: 'In quarantine',
      silent: 'Whether it is silent, 1 or 0',
    },
    initial: {},
  },
  dispatch_events: {
    label: 'Dispatch events',
    description: 'What the ledger tells of orders, incidents and gateways, a line each, and live if wanted.',
    lists: [...orders, 'order'],
    options: ['limit', 'live', 'subject'],
    measures: { events: 'Number of events' },
    initial: { live: true, limit: 100 },
  },
};

/** What a new annotation asks for: incidents, the grave ones, so that a board of a year does not drown in lines. */
export const defaultAnnotation: Partial<FacilitiesQuery> = {
  queryType: 'incidents',
  severity: ['life', 'high'],
  limit: 100,
};

/** Whether this version has an editor for the type. */
export function isKnown(type: string | undefined): type is QueryType {
  return queryTypes.some((known) => known === type);
}

/**
 * The query with another type. What both types look at is kept, what the new one does not look at goes: the backend
 * refuses a filter that does nothing, and nobody would see it in the editor.
 */
export function withType(query: FacilitiesQuery, type: QueryType): FacilitiesQuery {
  const { lists, options, measures, initial } = queryTypeInfo[type];
  const kept: FacilitiesQuery = { refId: query.refId };
  for (const field of ['datasource', 'hide', 'key', ...lists, ...options] as const) {
    if (query[field] !== undefined) {
      Object.assign(kept, { [field]: query[field] });
    }
  }
  if (query.measure !== undefined && query.measure in measures) {
    kept.measure = query.measure;
  }
  return { ...initial, ...kept, queryType: type };
}
