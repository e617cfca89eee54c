// Tests tell times in UTC, wherever they run.
process.env.TZ = 'UTC';

const base = require('./.config/jest.config');
const { grafanaESModules, nodeModulesToTransform } = require('./.config/jest/utils');

// Packages below @grafana/ui that come as ES modules alone, beyond those that create-plugin knows.
const more = [
  '@react-hookz',
  '@ver0',
  'd3-.*',
  'internmap',
  'delaunator',
  'robust-predicates',
  'rbush',
  'quickselect',
  'quick-lru',
  'earcut',
  'geotiff',
  'pbf',
];
const [[pattern, swc]] = Object.entries(base.transform);

module.exports = {
  ...base,
  // A browser in software on a machine that does other things too.
  testTimeout: 60_000,
  transform: { [pattern]: swc, '^.+\\.mjs$': swc },
  transformIgnorePatterns: [nodeModulesToTransform([...grafanaESModules, ...more])],
};
