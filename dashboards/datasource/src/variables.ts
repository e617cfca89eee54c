import { CustomVariableSupport, DataQueryRequest, DataQueryResponse } from '@grafana/data';
import { defer, map, Observable } from 'rxjs';
import { VariableQueryEditor } from './components/VariableQueryEditor';
import type { DataSource } from './datasource';
import { FacilitiesOptions, FacilitiesQuery, variableKinds, VariableQuery } from './types';
import { isKnownKind, narrowing, toVariableQuery } from './variablequery';

/** Query variables: buildings, assets and so on, where the choice in one variable narrows another. */
export class FacilitiesVariables extends CustomVariableSupport<
  DataSource,
  VariableQuery,
  FacilitiesQuery,
  FacilitiesOptions
> {
  editor = VariableQueryEditor;

  constructor(private readonly datasource: DataSource) {
    super();
    // Grafana hands this method on without its object.
    this.query = this.query.bind(this);
  }

  query(request: DataQueryRequest<VariableQuery>): Observable<DataQueryResponse> {
    return defer(async () => {
      const { variable: kind, building, domain } = toVariableQuery(request.targets[0]);
      if (!isKnownKind(kind)) {
        throw new Error(
          `This version of the plugin knows no variable of “${kind}”. Choose one of ${variableKinds.join(', ')}, or update the plugin.`
        );
      }
      return this.datasource.choices.fresh(kind, narrowing(kind, { building, domain }), request.scopedVars ?? {});
    }).pipe(map((data) => ({ data })));
  }
}
