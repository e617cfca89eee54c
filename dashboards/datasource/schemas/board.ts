/**
 * The types that the boards of dashboards/boards are held against: generate.mjs makes a JSON schema of each. Those of
 * panels' options and fields are in @grafana/schema under a path of their own for each type of panel, and generate.mjs
 * finds them by itself.
 */
import { DataLink } from '@grafana/data';
import { AnnotationQuery, Dashboard, DataQuery, Panel, RowPanel } from '@grafana/schema';
import { FacilitiesQuery, VariableQuery } from '../src/types';

export type { Dashboard, DataQuery, FacilitiesQuery, Panel, RowPanel, VariableQuery };

/** An annotation that asks our data source. */
export type Annotation = AnnotationQuery<FacilitiesQuery>;

/** A link on a field. @grafana/schema has `unknown` there; of @grafana/data's type that what a file can hold. */
export type FieldLink = Pick<DataLink, 'title' | 'url' | 'targetBlank'>;
