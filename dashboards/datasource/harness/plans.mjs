/** How each board is opened for its picture. */
const as = (more = {}) => ({ theme: 'dark', chosen: {}, opened: [], ...more });

export const plans = {
  overview: as(),
  lifts: as(),
  leaks: as(),
  waste: as(),
  bays: as(),
  dispatch: as(),
  contractors: as(),
  asset: as({ chosen: { asset: 'b1-l1' }, opened: ['Every reading: Lifts'] }),
  quality: as(),
};

/** The pictures that the plugin's own page shows: its editors, and a query with its answer so many pixels high. */
export const portraits = {
  'query-editor': {
    heading: 'Query editor',
    part: 'query',
    value: {
      refId: 'A',
      queryType: 'sla_burndown',
      building: ['b2'],
      domain: ['lifts'],
      severity: ['life'],
      clock: ['restore'],
    },
  },
  'annotation-editor': {
    heading: 'Incidents as annotations',
    part: 'annotation',
    value: { refId: 'Anno', queryType: 'incidents', domain: ['lifts'], severity: ['high'], limit: 100 },
  },
  answer: {
    heading: 'A query and its answer',
    part: 'query',
    value: { refId: 'A', queryType: 'work_orders', domain: ['lifts'], limit: 100 },
    height: 330,
  },
};
