import { AnnotationQuery } from '@grafana/data';
import { annotationSupport } from './annotations';
import { FacilitiesQuery } from './types';

const annotation = (target?: Partial<FacilitiesQuery>) =>
  ({ name: 'Incidents', enable: true, iconColor: 'red', target }) as AnnotationQuery<FacilitiesQuery>;

describe('An annotation', () => {
  it('begins with grave incidents', () => {
    expect(annotationSupport.getDefaultQuery?.()).toEqual({
      queryType: 'incidents',
      severity: ['life', 'high'],
      limit: 100,
    });
    expect(annotationSupport.prepareQuery?.(annotation())).toMatchObject({ queryType: 'incidents', refId: 'Anno' });
  });

  it('asks for what was chosen, also where that is all severities', () => {
    const query = annotationSupport.prepareQuery?.(annotation({ queryType: 'incidents', domain: ['lifts'] }));
    expect(query).toEqual({ queryType: 'incidents', domain: ['lifts'], refId: 'Anno' });
  });

  it('that was written by hand need not name its type, and may have a text for a list', () => {
    const saved = annotation({ refId: 'X', domain: 'lifts' as unknown as string[] });
    expect(annotationSupport.prepareAnnotation?.(saved).target).toEqual({
      refId: 'X',
      queryType: 'incidents',
      domain: ['lifts'],
    });
  });

  it('of a type from the future is kept', () => {
    const saved = annotation({ refId: 'X', queryType: 'energy_use', domain: 'lifts' as unknown as string[] });
    expect(annotationSupport.prepareAnnotation?.(saved)).toEqual(saved);
  });
});
