import { AnnotationQuery, AnnotationSupport } from '@grafana/data';
import { AnnotationEditor } from './components/AnnotationEditor';
import { toQuery } from './migrate';
import { defaultAnnotation } from './querytypes';
import { FacilitiesQuery } from './types';

/**
 * Incidents as regions on a graph. The backend's frame has the fields time, timeEnd, title, text, tags and id, which
 * Grafana takes by their names; so nothing is mapped here, and an author can still map fields otherwise.
 */
export const annotationSupport: AnnotationSupport<FacilitiesQuery> = {
  QueryEditor: AnnotationEditor,
  getDefaultQuery: () => defaultAnnotation,
  prepareAnnotation: (saved: AnnotationQuery<FacilitiesQuery>) => ({
    ...saved,
    target: saved.target && toQuery({ ...saved.target, queryType: saved.target.queryType ?? 'incidents' }),
  }),
  prepareQuery: ({ target }) => ({ ...(target ?? defaultAnnotation), refId: 'Anno' }),
};
