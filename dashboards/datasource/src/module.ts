import { DataSourcePlugin } from '@grafana/data';
import { CheatSheet } from './components/CheatSheet';
import { ConfigEditor } from './components/ConfigEditor';
import { QueryEditor } from './components/QueryEditor';
import { DataSource } from './datasource';
import { FacilitiesOptions, FacilitiesQuery, FacilitiesSecrets } from './types';

export const plugin = new DataSourcePlugin<DataSource, FacilitiesQuery, FacilitiesOptions, FacilitiesSecrets>(
  DataSource
)
  .setConfigEditor(ConfigEditor)
  .setQueryEditor(QueryEditor)
  .setQueryEditorHelp(CheatSheet);
