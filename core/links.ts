import type { EntityModel, Field, PropertySchema } from './entity.ts';

/** Entities that tell of others, and the field by which what they tell of one record is sorted. */
const tellers: Readonly<Record<string, string>> = { activity: 'dueAt', 'timeline-entry': 'at' };

/** Entities whose records belong to those they link to: who may read none of these may not read them. */
const belonging: ReadonlySet<string> = new Set(['activity', 'timeline-entry', 'intake-message']);

export type OwnerLink = Field & { readonly target: string };

/**
 * Links by which records of an entity belong to others, in groups: of the first group that has a link set, one owner is enough. What a process
 * carries comes before the contacts it is about, or everybody who may see a company would read what is on every lead of it.
 */
export const ownerLinks = (
  model: EntityModel,
  models: ReadonlyMap<string, EntityModel>,
): readonly (readonly OwnerLink[])[] => {
  if (!belonging.has(model.name)) return [];
  const isOwner = (target: string): boolean =>
    models.has(target) && (!belonging.has(target) || (target === 'activity' && model.name !== target));
  const links = [...model.fields.values()].filter(
    (field): field is OwnerLink => field.target !== undefined && isOwner(field.target),
  );
  const isCarried = ({ target }: OwnerLink): boolean =>
    target === 'activity' || models.get(target)?.hasPipeline === true;
  return [links.filter(isCarried), links.filter((link) => !isCarried(link))];
};

const camelCase = (entity: string): string =>
  entity.replaceAll(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

/** A name that the model does not have yet; columns do not tell upper from lower case. */
const freeName = (model: EntityModel, entity: string): string => {
  const taken = new Set([...model.fields.keys()].map((name) => name.toLowerCase()));
  let name = camelCase(entity);
  while (taken.has(name.toLowerCase())) name += 'Link';
  return name;
};

/** The field of a model that links to records of an entity; undefined when there is none. */
export const linkTo = (model: EntityModel, entity: string): string | undefined =>
  [...model.fields.values()].find((field) => field.target === entity)?.name;

const withLink = (model: EntityModel, target: EntityModel, sortedBy: string): EntityModel => {
  const name = freeName(model, target.name);
  const property: PropertySchema = { 'x-label': target.label, 'x-reference': target.name, 'x-section': 'links' };
  const field: Field = {
    name,
    kind: 'reference',
    label: target.label,
    section: 'links',
    isRequired: false,
    isSystem: false,
    isHidden: false,
    isUnique: false,
    isIndexed: false,
    isSearchable: false,
    listPosition: undefined,
    format: undefined,
    maxLength: undefined,
    target: target.name,
    values: undefined,
    valueLabels: undefined,
    configKind: undefined,
    personalData: undefined,
    readRoles: undefined,
    writeRoles: undefined,
  };
  return {
    ...model,
    fields: new Map([...model.fields, [name, field]]),
    indexes: model.fields.has(sortedBy) ? [...model.indexes, [name, sortedBy]] : model.indexes,
    schema: { ...model.schema, properties: { ...model.schema.properties, [name]: property } },
  };
};

/**
 * Gives activities and timeline entries a link to every entity that pipelines carry, where their schemas have none: an entity that an admin
 * makes gets plan and timeline like the shipped ones. A model that has its links already is answered as it is.
 */
export function withLinks(models: ReadonlyMap<string, EntityModel>): Map<string, EntityModel> {
  const linked = new Map(models);
  const carried = [...models.values()]
    .filter((model) => model.hasPipeline)
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  for (const [teller, sortedBy] of Object.entries(tellers)) {
    for (const target of carried) {
      const model = linked.get(teller);
      if (model !== undefined && target.name !== teller && linkTo(model, target.name) === undefined)
        linked.set(teller, withLink(model, target, sortedBy));
    }
  }
  return linked;
}
