import { DataSourceJsonData } from '@grafana/data';
import { DataQuery } from '@grafana/schema';

/** The query types that this version has an editor for. A query may hold one that is not among them: see migrate.ts. */
export const queryTypes = [
  'work_orders',
  'incidents',
  'sla_compliance',
  'contractor_league',
  'sla_burndown',
  'asset_state',
  'asset_current',
  'asset_kpi',
  'gateways',
  'dispatch_events',
] as const;

export type QueryType = (typeof queryTypes)[number];

/** The fields of a query that are lists of ids or words. Absent and empty mean: no filter. */
export const listFields = [
  'building',
  'asset',
  'domain',
  'contractor',
  'severity',
  'rule',
  'clock',
  'order',
  'state',
  'by',
] as const;

export type ListField = (typeof listFields)[number];

/**
 * What a panel's target, an annotation or an alert rule holds. The backend reads the same JSON, so a name here is a
 * name in saved dashboards: add fields, never rename one.
 *
 * An entry of a list is an id (`b1-l2`), a word of the model (`high`), or text with dashboard variables (`$building`).
 */
export interface FacilitiesQuery extends DataQuery, Partial<Record<ListField, string[]>> {
  /** One of queryTypes, or a type that a newer version knows. */
  queryType?: string;
  /** work_orders: those open now, whenever they were raised, instead of those raised in the range. */
  open?: boolean;
  /** At most so many rows, 1 to 1,000; the server takes 100 where it is absent. */
  limit?: number;
  /** dispatch_events: new ones are shown as they happen. Only while the range ends now. */
  live?: boolean;
  /** dispatch_events: of one subject of the ledger alone, as `gw-b1`. By hand: the editor has no input for it. */
  subject?: string;
  /** sla_burndown: points of each line, 2 to 500; the panel's width where it is absent. By hand, too. */
  points?: number;
  /** One number for each row instead of all columns: what an alert rule, an expression or a stat looks at. */
  measure?: string;
}

/** What variables can be made from; the resource `variables/KIND` gives the values. */
export const variableKinds = [
  'buildings',
  'assets',
  'contractors',
  'domains',
  'rules',
  'severities',
  'clocks',
] as const;

export type VariableKind = (typeof variableKinds)[number];

/** What a dashboard variable holds. The filters cascade: assets of the chosen buildings and domains. */
export interface VariableQuery extends DataQuery {
  /** One of variableKinds, or a kind that a newer version knows. */
  variable: string;
  building?: string[];
  domain?: string[];
}

/** One value to choose, as the resource gives it. */
export interface Choice {
  text: string;
  value: string;
}

/** Settings of a data source that are no secrets. Keys under `tls` and `timeout` are those of Grafana's own HTTP client. */
export interface FacilitiesOptions extends DataSourceJsonData {
  /** The address under which people's browsers reach Plantroom, where that is not the one that Grafana uses. */
  publicUrl?: string;
  tlsAuthWithCACert?: boolean;
  tlsSkipVerify?: boolean;
  /** Seconds that one request may take. */
  timeout?: number;
}

/** Secrets: kept by Grafana, and never sent to a browser again. */
export interface FacilitiesSecrets {
  /** A token of Plantroom with the role viewer. */
  token?: string;
  tlsCACert?: string;
}
