import {
  CoreApp,
  DataFrame,
  DataQueryError,
  DataQueryRequest,
  DataQueryResponse,
  DataSourceInstanceSettings,
  LoadingState,
  ScopedVars,
} from '@grafana/data';
import { DataSourceWithBackend, getTemplateSrv, TemplateSrv } from '@grafana/runtime';
import { merge, Observable, of } from 'rxjs';
import { annotationSupport } from './annotations';
import { Choices } from './choices';
import { expandList, TooManyValues } from './interpolate';
import { isUntouched, toQuery } from './migrate';
import { isKnown, queryTypeInfo } from './querytypes';
import { FacilitiesOptions, FacilitiesQuery, listFields } from './types';
import { FacilitiesVariables } from './variables';

/** How many live events a panel keeps at least, however narrow it is drawn. */
const liveEvents = 500;

/**
 * The front half of the data source: it puts values in the place of variables and leaves everything else to the backend,
 * which alone holds the token and speaks to Plantroom.
 */
export class DataSource extends DataSourceWithBackend<FacilitiesQuery, FacilitiesOptions> {
  /** What can be chosen in the editors. */
  readonly choices: Choices;

  constructor(
    settings: DataSourceInstanceSettings<FacilitiesOptions>,
    private readonly templates: TemplateSrv = getTemplateSrv()
  ) {
    super(settings);
    this.choices = new Choices((path, params) => this.getResource(path, params), this.templates);
    this.annotations = annotationSupport;
    this.variables = new FacilitiesVariables(this);
    this.streamOptionsProvider = (request, frame) => ({
      maxLength: Math.max(request.maxDataPoints ?? 0, limitOf(request, frame), liveEvents),
    });
  }

  getDefaultQuery(app: CoreApp): Partial<FacilitiesQuery> {
    if (app === CoreApp.UnifiedAlerting || app === CoreApp.CloudAlerting) {
      return { queryType: 'sla_compliance', ...queryTypeInfo.sla_compliance.initial, measure: 'share' };
    }
    return { queryType: 'work_orders', ...queryTypeInfo.work_orders.initial };
  }

  /** A row that nobody has touched is not asked. Everything else is, so that what is wrong with it gets said. */
  filterQuery(query: FacilitiesQuery): boolean {
    return !isUntouched(query);
  }

  getQueryDisplayText(query: FacilitiesQuery): string {
    const label = isKnown(query.queryType) ? queryTypeInfo[query.queryType].label : (query.queryType ?? 'No query');
    const filters = listFields.flatMap((field) => {
      const entries = toQuery(query)[field];
      return Array.isArray(entries) && entries.length > 0 ? [`${field}: ${entries.join(', ')}`] : [];
    });
    return [label, ...filters].join(' · ');
  }

  /** @throws TooManyValues where a list stands for more values than the server takes. */
  applyTemplateVariables(query: FacilitiesQuery, scopedVars: ScopedVars): FacilitiesQuery {
    const expanded = toQuery(query);
    for (const field of listFields) {
      const entries: unknown = expanded[field];
      if (Array.isArray(entries) && entries.every((entry) => typeof entry === 'string')) {
        expanded[field] = expandList(field, entries, this.templates, scopedVars);
      }
    }
    if (isKnown(expanded.queryType) && typeof expanded.subject === 'string') {
      expanded.subject = this.templates.replace(expanded.subject, scopedVars);
    }
    return expanded;
  }

  /**
   * A query with too many values is refused here and by itself: the other queries of the panel are asked. Events are
   * live only where the range ends now; a look at last week is not to be disturbed by what happens today.
   */
  query(request: DataQueryRequest<FacilitiesQuery>): Observable<DataQueryResponse> {
    const errors: DataQueryError[] = [];
    const targets = request.targets.filter((target) => {
      const message = this.refusal(target, request.scopedVars);
      if (message !== undefined) {
        errors.push({ refId: target.refId, message, status: 400 });
      }
      return message === undefined;
    });
    const live = request.liveStreaming === true || request.rangeRaw?.to === 'now';
    const answer = super.query({ ...request, targets: targets.map((target) => withLive(target, request, live)) });
    if (errors.length === 0) {
      return answer;
    }
    return merge(answer, of({ key: 'refused', data: [], errors, error: errors[0], state: LoadingState.Error }));
  }

  private refusal(target: FacilitiesQuery, scopedVars: ScopedVars): string | undefined {
    try {
      this.applyTemplateVariables(target, scopedVars);
    } catch (error) {
      if (error instanceof TooManyValues) {
        return error.message;
      }
      throw error;
    }
    return undefined;
  }
}

function withLive(target: FacilitiesQuery, request: DataQueryRequest<FacilitiesQuery>, live: boolean): FacilitiesQuery {
  if (target.queryType !== 'dispatch_events') {
    return target;
  }
  return { ...target, live: request.liveStreaming === true || (live && target.live === true) };
}

function limitOf(request: DataQueryRequest<FacilitiesQuery>, frame: DataFrame): number {
  return request.targets.find((target) => target.refId === frame.refId)?.limit ?? 0;
}
