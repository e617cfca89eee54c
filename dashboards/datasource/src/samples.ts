import { FacilitiesQuery, QueryType } from './types';

/** A question to start from. */
export interface Sample {
  title: string;
  /** Which panel shows it well. */
  text: string;
  query: Omit<FacilitiesQuery, 'refId'> & { queryType: QueryType };
}

/** At least one for each query type, which a test sees to. The backend has the same in pkg/answer/samples.go. */
export const samples: Sample[] = [
  {
    title: 'What is open now',
    text: 'Table: each order with its most pressing clock, and a link to its page.',
    query: { queryType: 'work_orders', open: true, limit: 100 },
  },
  {
    title: 'Grave incidents',
    text: 'Table, or annotations over any graph.',
    query: { queryType: 'incidents', severity: ['life', 'high'], limit: 100 },
  },
  {
    title: 'Who keeps which promise',
    text: 'Table: the share of windows met, for each contractor and clock.',
    query: { queryType: 'sla_compliance', by: ['contractor', 'clock'] },
  },
  {
    title: 'Promises by day',
    text: 'Bar chart: how many windows were met and missed each day.',
    query: { queryType: 'sla_compliance', by: ['day'] },
  },
  {
    title: 'Contractors side by side',
    text: 'Table: orders, breaches, and how long they take to answer, arrive and restore.',
    query: { queryType: 'contractor_league' },
  },
  {
    title: 'How much of each window is left',
    text: 'Time series with thresholds at 50, 80 and 100 %.',
    query: { queryType: 'sla_burndown', clock: ['restore'] },
  },
  {
    title: 'Lifts over the week',
    text: 'State timeline: what each lift was in, with grey for what nobody heard.',
    query: { queryType: 'asset_state', domain: ['lifts'] },
  },
  {
    title: 'The estate now',
    text: 'Table, stat or geomap.',
    query: { queryType: 'asset_current' },
  },
  {
    title: 'How many are in which state',
    text: 'Stat, or an alert.',
    query: { queryType: 'asset_current', measure: 'assets' },
  },
  {
    title: 'Which asset lets people down',
    text: 'Table: availability, downtime, time between faults and time to repair.',
    query: { queryType: 'asset_kpi' },
  },
  {
    title: 'How gateways are',
    text: 'Table: last heard, what waits in each spool, how full it is, and what was quarantined.',
    query: { queryType: 'gateways' },
  },
  {
    title: 'What dispatch is doing',
    text: 'Logs, live.',
    query: { queryType: 'dispatch_events', live: true, limit: 100 },
  },
];
