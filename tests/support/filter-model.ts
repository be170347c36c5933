import { toEntityModel, type EntityModel } from '../../core/entity.ts';

const label = (text: string) => ({ de: text, en: text });

/** An entity with a field of every kind, named so that the names are easy to read in filters. */
export const filterModel: EntityModel = toEntityModel(
  {
    $id: 'test-thing',
    type: 'object',
    properties: {
      name: { type: 'string', maxLength: 100, 'x-label': label('Name') },
      note: { type: 'string', 'x-multiline': true, 'x-label': label('Notiz') },
      state: { type: 'string', enum: ['open', 'done', 'late'], 'x-label': label('Zustand') },
      source: { type: 'string', 'x-config': 'sources', 'x-label': label('Herkunft') },
      stage: { type: 'string', maxLength: 64, 'x-system': true, 'x-label': label('Stufe') },
      owner: { 'x-reference': 'user', 'x-label': label('Verantwortlich') },
      team: { type: 'string', maxLength: 64, 'x-label': label('Team') },
      score: { type: 'integer', 'x-label': label('Punkte') },
      rate: { type: 'number', 'x-label': label('Satz') },
      budget: { type: 'number', 'x-money': true, 'x-label': label('Budget') },
      consent: { type: 'boolean', 'x-label': label('Einwilligung') },
      due: { type: 'string', format: 'date', 'x-label': label('Fällig') },
      doneAt: { type: 'string', format: 'date-time', 'x-label': label('Erledigt am') },
      type: { type: 'array', items: { type: 'string' }, 'x-label': label('Arten') },
      tags: { type: 'array', items: { type: 'string' }, 'x-label': label('Tags') },
      extra: { type: 'object', 'x-label': label('Weiteres') },
      secret: { type: 'string', 'x-hidden': true, 'x-label': label('Geheim') },
    },
    'x-entity': { plural: 'test-things', label: label('Ding'), pluralLabel: label('Dinge'), titleField: 'name' },
  },
  1,
);
