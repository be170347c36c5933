import { describe, expect, it } from 'vitest';
import { toEntityModel, type EntityModel, type EntitySchema } from '../../core/entity.ts';
import { linkTo, withLinks } from '../../core/links.ts';
import { read } from './pipeline-fixtures.ts';

const shipped = (entity: string): EntityModel =>
  toEntityModel(JSON.parse(read(`schemas/entities/${entity}.json`)) as EntitySchema, 1);
const own = (name: string, pipeline = true): EntityModel =>
  toEntityModel(
    {
      $id: name,
      type: 'object',
      'x-entity': {
        plural: `${name}s`,
        label: { de: name, en: name },
        pluralLabel: { de: name, en: name },
        titleField: 'title',
        pipeline,
      },
      properties: { title: { type: 'string' } },
    },
    1,
  );
const linked = (...more: EntityModel[]): Map<string, EntityModel> => {
  const models = [shipped('activity'), shipped('timeline-entry'), shipped('lead'), ...more];
  return withLinks(new Map(models.map((model) => [model.name, model])));
};
const linkOf = (models: Map<string, EntityModel>, entity: string): string | undefined => {
  const activity = models.get('activity');
  return activity === undefined ? undefined : linkTo(activity, entity);
};

describe('withLinks', () => {
  it('leaves shipped links as they are, down to the object', () => {
    const activity = shipped('activity');
    const models = new Map([
      ['activity', activity],
      ['lead', shipped('lead')],
    ]);
    expect(withLinks(models).get('activity')).toBe(activity);
    expect(linkOf(withLinks(models), 'lead')).toBe('lead');
  });

  it('gives a carried entity a link that is found fast, and others none', () => {
    const models = linked(own('service-contract'), own('machine', false));
    expect(linkOf(models, 'service-contract')).toBe('serviceContract');
    expect(models.get('activity')?.indexes).toContainEqual(['serviceContract', 'dueAt']);
    expect(models.get('timeline-entry')?.indexes).toContainEqual(['serviceContract', 'at']);
    expect(linkOf(models, 'machine')).toBeUndefined();
  });

  it('takes another name where a field has the entity’s, in whatever case', () => {
    const models = linked(own('stage'), own('plan-key'), own('dueat'));
    expect(['stage', 'plan-key', 'dueat'].map((entity) => linkOf(models, entity))).toEqual([
      'stageLink',
      'planKeyLink',
      'dueatLink',
    ]);
  });

  it('adds nothing the second time', () => {
    const once = linked(own('service-contract'));
    expect(withLinks(once).get('activity')).toBe(once.get('activity'));
  });
});
