import type { EntityModel, EntitySchema, Field, PropertySchema } from '../entity.ts';
import type { Text } from '../errors.ts';

export type SchemaChangeKind =
  | 'entity-added'
  | 'field-added'
  | 'relaxed'
  | 'shown-otherwise'
  | 'removed'
  | 'retired'
  | 'required'
  | 'unique'
  | 'narrowed'
  | 'type'
  | 'hidden'
  | 'entity';

/** One difference between two revisions of an entity schema. A destructive one needs a confirmation. */
export interface SchemaChange {
  readonly change: SchemaChangeKind;
  readonly field: string | undefined;
  /** Fields that become unique together. */
  readonly fields?: readonly string[];
  readonly isDestructive: boolean;
  /** The column cannot hold what the new type says, so the change is refused. */
  readonly isImpossible: boolean;
  readonly text: Text;
}

const isWritten = (field: Field): boolean => ['text', 'longText', 'choice', 'reference'].includes(field.kind);

/** Characters that the column made for a field holds on MySQL, the stricter dialect (`store/tables.ts`). */
const capacity = (field: Field): number => {
  if (field.kind === 'longText') return 4_000_000;
  if (field.kind !== 'text' || (field.isSystem && !field.isSearchable)) return 190;
  return field.isIndexed || field.isUnique ? Math.min(field.maxLength ?? 255, 500) : 16_000;
};

const needed = (field: Field): number =>
  field.kind === 'text' || field.kind === 'longText' ? (field.maxLength ?? 255) : 1;

/** Whether the column made for one field can hold the values of another; columns are never changed, only added. */
export function fitsColumn(before: Field, after: Field): boolean {
  if (isWritten(before) && isWritten(after)) return needed(after) <= Math.max(capacity(before), needed(before));
  return (
    before.kind === after.kind || (['list', 'json'].includes(before.kind) && ['list', 'json'].includes(after.kind))
  );
}

const change = (kind: SchemaChangeKind, field: Field | undefined, text: Text): SchemaChange => ({
  change: kind,
  field: field?.name,
  isDestructive: !['entity-added', 'field-added', 'relaxed', 'shown-otherwise'].includes(kind),
  isImpossible: false,
  text,
});

interface Limit {
  readonly keyword: string;
  readonly direction: 'upper' | 'lower';
  /** What is counted. */
  readonly of: Text;
}

const characters: Text = { de: ' Zeichen', en: ' characters' };
const entries: Text = { de: ' Einträge', en: ' entries' };
const itself: Text = { de: '', en: '' };

const limits: readonly Limit[] = [
  { keyword: 'maxLength', direction: 'upper', of: characters },
  { keyword: 'maximum', direction: 'upper', of: itself },
  { keyword: 'maxItems', direction: 'upper', of: entries },
  { keyword: 'minLength', direction: 'lower', of: characters },
  { keyword: 'minimum', direction: 'lower', of: itself },
  { keyword: 'minItems', direction: 'lower', of: entries },
];

/** "at most 50 characters (so far 200)" */
const limitText = ({ direction, of }: Limit, [from, to]: readonly [number, number]): Text => {
  const most = direction === 'upper';
  const now = Number.isFinite(to)
    ? { de: `${most ? 'höchstens' : 'mindestens'} ${to}${of.de}`, en: `at ${most ? 'most' : 'least'} ${to}${of.en}` }
    : { de: `keine ${most ? 'Ober' : 'Unter'}grenze`, en: `no ${most ? 'upper' : 'lower'} limit` };
  if (!Number.isFinite(from)) return now;
  return { de: `${now.de} (bisher ${from})`, en: `${now.en} (so far ${from})` };
};

const bound = (property: PropertySchema, { keyword, direction }: Limit): number => {
  const value = property[keyword];
  if (typeof value === 'number') return value;
  return direction === 'upper' ? Infinity : -Infinity;
};

const compareLimits = (field: Field, before: PropertySchema, after: PropertySchema): SchemaChange[] =>
  limits.flatMap((limit) => {
    const [from, to] = [bound(before, limit), bound(after, limit)];
    if (from === to) return [];
    const isTighter = limit.direction === 'upper' ? to < from : to > from;
    return [change(isTighter ? 'narrowed' : 'relaxed', field, limitText(limit, [from, to]))];
  });

const compareValues = (
  field: Field,
  before: readonly string[] | undefined,
  after: readonly string[] | undefined,
): SchemaChange[] => {
  if (before === undefined && after === undefined) return [];
  const gone = (before ?? []).filter((value) => after !== undefined && !after.includes(value));
  if (before === undefined) return [change('narrowed', field, { de: 'nur noch feste Werte', en: 'fixed values only' })];
  if (gone.length > 0)
    return [
      change('narrowed', field, { de: `Werte entfallen: ${gone.join(', ')}`, en: `values gone: ${gone.join(', ')}` }),
    ];
  const isMore = after === undefined || after.length > before.length;
  return isMore ? [change('relaxed', field, { de: 'mehr Werte erlaubt', en: 'more values allowed' })] : [];
};

/** Keywords that say how a field is shown or found, not what it may hold. */
const shownKeywords = [
  'x-label',
  'x-labels',
  'x-help',
  'x-section',
  'x-list',
  'x-searchable',
  'x-indexed',
  'x-multiline',
  'title',
  'description',
  'x-personal',
];

const differs = (before: PropertySchema, after: PropertySchema, keywords: readonly string[]): boolean =>
  keywords.some((keyword) => JSON.stringify(before[keyword]) !== JSON.stringify(after[keyword]));

const narrowingKeywords = ['format', 'x-config', 'x-reference', 'uniqueItems', 'items'];

const compareMeaning = (field: Field, before: PropertySchema, after: PropertySchema): SchemaChange[] => {
  const changes: SchemaChange[] = [];
  for (const keyword of narrowingKeywords) {
    if (!differs(before, after, [keyword])) continue;
    const isGone = after[keyword] === undefined;
    changes.push(
      change(isGone ? 'relaxed' : 'narrowed', field, {
        de: `„${keyword}“ ist anders`,
        en: `"${keyword}" is different`,
      }),
    );
  }
  if (differs(before, after, shownKeywords))
    changes.push(change('shown-otherwise', field, { de: 'Darstellung', en: 'presentation' }));
  if (differs(before, after, ['x-read', 'x-write', 'x-system', 'x-hidden'])) {
    changes.push(change('hidden', field, { de: 'wer lesen oder schreiben darf', en: 'who may read or write it' }));
  }
  return changes;
};

const compareField = (before: Field, after: Field, schemas: readonly [EntitySchema, EntitySchema]): SchemaChange[] => {
  const [oldProperty, newProperty] = [schemas[0].properties[after.name] ?? {}, schemas[1].properties[after.name] ?? {}];
  const changes = [
    ...compareLimits(after, oldProperty, newProperty),
    ...compareValues(after, before.values, after.values),
    ...compareMeaning(after, oldProperty, newProperty),
  ];
  if (before.kind !== after.kind || !fitsColumn(before, after)) {
    const text = { de: `Typ: ${before.kind} → ${after.kind}`, en: `type: ${before.kind} → ${after.kind}` };
    changes.push({ ...change('type', after, text), isImpossible: !fitsColumn(before, after) });
  }
  const flag = (isSet: (field: Field) => boolean, kind: 'required' | 'unique', text: Text): void => {
    if (isSet(before) === isSet(after)) return;
    if (isSet(after)) changes.push(change(kind, after, text));
    else changes.push(change('relaxed', after, { de: `nicht mehr ${text.de}`, en: `no longer ${text.en}` }));
  };
  flag((field) => field.isRequired, 'required', { de: 'Pflicht', en: 'required' });
  flag((field) => field.isUnique, 'unique', { de: 'eindeutig', en: 'unique' });
  if (newProperty['x-retired'] === true && oldProperty['x-retired'] !== true)
    changes.push(change('retired', after, { de: 'stillgelegt', en: 'retired' }));
  return changes;
};

const compareEntity = (before: EntityModel, after: EntityModel): SchemaChange[] => {
  const changes: SchemaChange[] = [];
  const [a, b] = [before.schema['x-entity'], after.schema['x-entity']];
  if (a.plural !== b.plural)
    changes.push(
      change('entity', undefined, {
        de: `Adresse: ${a.plural} → ${b.plural}`,
        en: `address: ${a.plural} → ${b.plural}`,
      }),
    );
  if (a.pipeline === true && b.pipeline !== true)
    changes.push(
      change('entity', undefined, { de: 'nicht mehr von Pipelines getragen', en: 'no longer carried by pipelines' }),
    );
  if (a.readOnly !== true && b.readOnly === true)
    changes.push(change('entity', undefined, { de: 'nur noch lesbar', en: 'read-only' }));
  const known = new Set((a.unique ?? []).map((fields) => fields.join()));
  for (const fields of (b.unique ?? []).filter((one) => !known.has(one.join()))) {
    const names = fields.join(', ');
    changes.push({
      ...change('unique', undefined, { de: `zusammen eindeutig: ${names}`, en: `unique together: ${names}` }),
      fields,
    });
  }
  if (
    JSON.stringify([a.label, a.pluralLabel, a.titleField, a.indexes]) !==
    JSON.stringify([b.label, b.pluralLabel, b.titleField, b.indexes])
  ) {
    changes.push(
      change('shown-otherwise', undefined, {
        de: 'Namen und Indizes des Objekts',
        en: 'names and indexes of the entity',
      }),
    );
  }
  return changes;
};

/**
 * What changes from one revision of a schema to the next. Adding and relaxing is harmless; narrowing, renaming (which is removing
 * and adding), retiring and removing is not: values stay in their columns but views, pipelines and people may miss them.
 */
export function compareSchemas(before: EntityModel | undefined, after: EntityModel): SchemaChange[] {
  if (before === undefined) return [change('entity-added', undefined, { de: 'neues Objekt', en: 'new entity' })];
  const changes = compareEntity(before, after);
  for (const field of after.fields.values()) {
    const known = before.fields.get(field.name);
    if (known !== undefined) changes.push(...compareField(known, field, [before.schema, after.schema]));
    else {
      changes.push(change('field-added', field, { de: 'neues Feld', en: 'new field' }));
      if (field.isRequired) changes.push(change('required', field, { de: 'Pflicht', en: 'required' }));
    }
  }
  for (const field of before.fields.values()) {
    if (!after.fields.has(field.name))
      changes.push(
        change('removed', field, {
          de: 'entfällt; seine Werte bleiben gespeichert',
          en: 'removed; its values are kept',
        }),
      );
  }
  return changes;
}
