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
