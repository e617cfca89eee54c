import { legend } from '../legend';
import { Choice, ListField, VariableKind } from '../types';

/** How the editors show a list field. */
export interface FieldInfo {
  label: string;
  placeholder: string;
  /** Where the choices come from: a resource of the backend, or a fixed list of words. */
  from: VariableKind | Choice[];
}

const words = (...values: string[]): Choice[] =>
  values.map((value) => ({ value, text: value[0].toUpperCase() + value.slice(1) }));

export const clocks = words('acknowledge', 'attend', 'release', 'restore');

export const fields: Record<ListField, FieldInfo> = {
  building: { label: 'Building', placeholder: 'All buildings', from: 'buildings' },
  asset: { label: 'Asset', placeholder: 'All assets', from: 'assets' },
  domain: { label: 'Domain', placeholder: 'All domains', from: 'domains' },
  contractor: { label: 'Contractor', placeholder: 'All contractors', from: 'contractors' },
  severity: {
    label: 'Severity',
    placeholder: 'All severities',
    from: Object.entries(legend.severity).map(([value, { text }]) => ({ value, text })),
  },
  rule: { label: 'Rule', placeholder: 'All rules', from: 'rules' },
  clock: { label: 'Clock', placeholder: 'All clocks', from: clocks },
  order: { label: 'Order', placeholder: 'All orders; type an id', from: [] },
  state: {
    label: 'State',
    placeholder: 'All states',
    from: words(
      'raised',
      'dispatched',
      'acknowledged',
      'attended',
      'restored',
      'verified',
      'closed',
      'declined',
      'cancelled',
      'reopened',
      'merged'
    ),
  },
  by: {
    label: 'Group by',
    placeholder: 'One row for all',
    from: words('contractor', 'clock', 'domain', 'building', 'severity', 'asset', 'rule', 'day', 'month'),
  },
};

export const kindTexts: Record<VariableKind, string> = {
  buildings: 'Buildings',
  assets: 'Assets',
  contractors: 'Contractors',
  domains: 'Domains',
  rules: 'Rules',
  severities: 'Severities',
  clocks: 'Clocks',
};
