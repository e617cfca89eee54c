import { DataSourceInstanceSettings, PluginType } from '@grafana/data';
import { FacilitiesOptions } from '../types';

/** A data source as Grafana describes it to the front end. */
export const settings = {
  uid: 'plantroom',
  type: 'plantroom-facilities-datasource',
  name: 'Plantroom',
  access: 'proxy',
  readOnly: false,
  url: '/api/datasources/proxy/uid/plantroom',
  jsonData: {},
  meta: {
    id: 'plantroom-facilities-datasource',
    name: 'Plantroom',
    type: PluginType.datasource,
    module: '',
    baseUrl: '',
    info: {
      author: { name: 'Plantroom' },
      description: '',
      links: [],
      logos: { small: '', large: '' },
      screenshots: [],
      updated: '',
      version: '',
    },
  },
} as DataSourceInstanceSettings<FacilitiesOptions>;
