import activityTypes from '../../schemas/config/activity-types.json' with { type: 'json' };
import calendars from '../../schemas/config/calendars.json' with { type: 'json' };
import company from '../../schemas/config/company.json' with { type: 'json' };
import definitions from '../../schemas/config/definitions.json' with { type: 'json' };
import lossReasons from '../../schemas/config/loss-reasons.json' with { type: 'json' };
import mappings from '../../schemas/config/mappings.json' with { type: 'json' };
import noteTypes from '../../schemas/config/note-types.json' with { type: 'json' };
import numbering from '../../schemas/config/numbering.json' with { type: 'json' };
import pipelines from '../../schemas/config/pipelines.json' with { type: 'json' };
import priorities from '../../schemas/config/priorities.json' with { type: 'json' };
import roles from '../../schemas/config/roles.json' with { type: 'json' };
import sources from '../../schemas/config/sources.json' with { type: 'json' };
import tags from '../../schemas/config/tags.json' with { type: 'json' };
import templates from '../../schemas/config/templates.json' with { type: 'json' };
import entitySchema from '../../schemas/entity.schema.json' with { type: 'json' };
import { LeitwerkError, type Text } from '../errors.ts';

/** Kinds in the order they are imported and shown: what others refer to comes first. */
export const configKinds = [
  'company',
  'calendars',
  'priorities',
  'loss-reasons',
  'tags',
  'activity-types',
  'note-types',
  'templates',
  'mappings',
  'numbering',
  'pipelines',
  'sources',
  'roles',
] as const;

export type ConfigKind = (typeof configKinds)[number];

/** Everything that is kept as revisions: the YAML kinds, and entity schemas as JSON text under the kind `schemas`. */
export type RevisionKind = ConfigKind | 'schemas';

const schemas: Readonly<Record<RevisionKind, object>> = {
  company,
  calendars,
  priorities,
  'loss-reasons': lossReasons,
  tags,
  'activity-types': activityTypes,
  'note-types': noteTypes,
  templates,
  mappings,
  numbering,
  pipelines,
  sources,
  roles,
  schemas: entitySchema,
};

export const configLabels: Readonly<Record<RevisionKind, Text>> = {
  company: { de: 'Firma', en: 'Company' },
  calendars: { de: 'Geschäftskalender', en: 'Business calendars' },
  priorities: { de: 'Prioritäten', en: 'Priorities' },
  'loss-reasons': { de: 'Verlustgründe', en: 'Loss reasons' },
  tags: { de: 'Tags', en: 'Tags' },
  'activity-types': { de: 'Aktivitätstypen', en: 'Activity types' },
  'note-types': { de: 'Notiztypen', en: 'Note types' },
  templates: { de: 'Vorlagen', en: 'Templates' },
  mappings: { de: 'Feldzuordnungen', en: 'Field mappings' },
  numbering: { de: 'Nummernkreise', en: 'Numbering' },
  pipelines: { de: 'Pipelines', en: 'Pipelines' },
  sources: { de: 'Quellen', en: 'Sources' },
  roles: { de: 'Rollen', en: 'Roles' },
  schemas: { de: 'Objekte', en: 'Entities' },
};

export const isConfigKind = (kind: string): kind is ConfigKind => (configKinds as readonly string[]).includes(kind);

/**
 * The kind of an address or folder name.
 * @throws LeitwerkError `NotFound` when there is no such kind.
 */
export function toConfigKind(name: string): ConfigKind {
  if (isConfigKind(name)) return name;
  throw new LeitwerkError('NotFound', {
    text: { de: `Die Einstellungsart „${name}“ gibt es nicht.`, en: `There is no config kind "${name}".` },
  });
}

/** The JSON Schema of a kind; refers to `definitions.json` beside it. */
export const configSchema = (kind: RevisionKind): object => schemas[kind];

export const configDefinitions: object = definitions;
