/** What is mounted: a part of the plugin, its value, and the inputs that a person finds in it, in the order of Tab. */
const place = ['Building', 'Asset', 'Domain'];
const orders = [...place, 'Contractor', 'Severity', 'Rule'];

const query = (queryType, inputs, more = {}) => ({
  name: `query-${queryType}`,
  part: 'query',
  value: { refId: 'A', queryType, ...more },
  inputs: ['Ask for', ...inputs],
});

const settings = { url: '', jsonData: {}, secureJsonFields: {}, readOnly: false };
const config = [
  'URL',
  'Token',
  'Public URL',
  'Certificate authority of your own',
  'Do not check the certificate',
  'Timeout',
];

export const pages = [
  { name: 'config-empty', part: 'config', value: settings, inputs: config },
  {
    name: 'config-kept',
    part: 'config',
    value: {
      ...settings,
      url: 'plantroom:8080',
      jsonData: { publicUrl: 'https://plantroom.example.org', tlsAuthWithCACert: true },
      secureJsonFields: { token: true, tlsCACert: true },
    },
  },
  query('work_orders', [...orders, 'State', 'Answer', 'Rows at most', 'Open now'], {
    building: ['$building'],
    severity: ['life', 'high'],
    open: true,
    limit: 100,
  }),
  query('incidents', [...orders, 'Answer', 'Rows at most']),
  query('sla_compliance', [...orders, 'Clock', 'Group by', 'Answer'], { by: ['contractor', 'clock'] }),
  query('contractor_league', [...orders, 'Answer']),
  query('sla_burndown', [...orders, 'Order', 'Clock', 'Answer'], {
    clock: ['restore'],
    order: ['wo-000001', 'wo-000002'],
  }),
  query('asset_state', place, { domain: ['lifts'], asset: ['b1-l1', 'b1-l2', 'b2-l1', 'b2-l2', 'b3-l1'] }),
  query('asset_current', [...place, 'Answer']),
  query('asset_kpi', [...place, 'Answer']),
  query('gateways', ['Building', 'Answer']),
  query('dispatch_events', [...orders, 'Order', 'Answer', 'Rows at most', 'Live'], { live: true }),
  { name: 'query-new', part: 'query', value: { refId: 'A' }, inputs: ['Ask for'] },
  {
    name: 'query-unknown',
    part: 'query',
    value: { refId: 'A', queryType: 'energy_use', meter: ['m1'], unit: 'kWh' },
    inputs: ['Ask for'],
  },
  { name: 'alert', part: 'alert', value: { refId: 'A', queryType: 'sla_compliance', by: [], measure: 'share' } },
  {
    name: 'variable',
    part: 'variable',
    value: { refId: 'v', variable: 'assets', building: ['$building'] },
    inputs: ['List', 'Building', 'Domain'],
  },
  { name: 'variable-unknown', part: 'variable', value: { refId: 'v', variable: 'tenants' }, inputs: ['List'] },
  {
    name: 'annotation',
    part: 'annotation',
    value: { refId: 'Anno', queryType: 'incidents', severity: ['life', 'high'] },
    inputs: [...orders, 'Rows at most'],
  },
  { name: 'help', part: 'help', value: { refId: 'A' } },
];
