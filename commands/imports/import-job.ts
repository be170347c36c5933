import type { EntityModel, Field } from '../../core/entity.ts';
import { LeitwerkError, type Text } from '../../core/errors.ts';
import {
  errorColumns,
  keyColumn,
  missingColumns,
  numberColumns,
  suggestMapping,
  toColumnPaths,
} from '../../core/import-columns.ts';
import type { Decimal, ProcessStart } from '../../core/import-options.ts';
import { createMapper, type Mapper, type Mapping } from '../../core/mapping.ts';
import type { Ability } from '../../core/permissions.ts';
import type { Lane } from '../../store/events.ts';
import { abilityOf } from '../abilityOf.ts';
import { readingOf } from '../company.ts';
import { modelOf, type Context } from '../context.ts';
import { sourceOf, type Source } from '../source.ts';
import type { ImportRecord, Starter } from './import-record.ts';
import { matchField } from '../../core/match-key.ts';
import { unmappedOf } from './unmapped.ts';

/** What the file's connector has found out and the rows are read with. */
export interface ImportShape {
  readonly columns: readonly string[];
  readonly decimal: Decimal | undefined;
  readonly bytesPerRow: number;
  readonly notes: readonly Text[];
}

/** Everything that is the same for every row. */
export interface ImportJob {
  readonly record: ImportRecord;
  readonly model: EntityModel;
  readonly source: Source;
  readonly shape: ImportShape;
  readonly mapping: Mapping;
  readonly mapper: Mapper;
  /** Fields that the starter may fill. */
  readonly writable: ReadonlySet<string>;
  /** Columns whose numbers have the file's decimal sign. */
  readonly numbers: ReadonlySet<string>;
  readonly match: Field | undefined;
  /** Within which a row's key is unique. */
  readonly scope: string;
  readonly starts: ProcessStart;
  readonly lane: Lane;
  readonly ability: Ability;
}

/** Files with more rows start their processes in the background unless told otherwise. */
const manyRows = 1_000;

/** Whether a file that has been begun has more rows than anybody looks at one by one. */
export const isManyRows = ({ data }: ImportRecord): boolean => Number(data['expected'] ?? 0) > manyRows;

/**
 * What the starter may do now.
 * @throws LeitwerkError `Forbidden` when they have been disabled since.
 */
export function starterAbility(ctx: Context, { actor }: Starter): Ability {
  if (actor.kind === 'user' && ctx.snapshot.users.get(actor.id)?.isDisabled !== false)
    throw new LeitwerkError('Forbidden', {
      text: {
        de: 'Wer den Import begonnen hat, ist gesperrt.',
        en: 'Whoever started the import has been disabled.',
      },
    });
  // What the product does by itself, and what it reads from a source's table, no role narrows.
  return actor.kind === 'system' || actor.kind === 'source' ? ctx.ability : abilityOf(ctx.snapshot, actor, ctx.now());
}

const quoted = (names: readonly string[]): string => names.map((name) => `„${name}“`).join(', ');

/** @throws LeitwerkError `InvalidInput` when the file has none of the columns that are asked for. */
const mappingOf = (record: ImportRecord, model: EntityModel, columns: readonly string[]): Mapping => {
  const given = record.options.mapping;
  const mapping = given === undefined ? suggestMapping(model, columns) : toColumnPaths(given, columns);
  const missing = missingColumns(mapping, columns);
  const isUseful = mapping.rows.some((row) => row.from !== undefined) ? missing.length < mapping.rows.length : true;
  if (given !== undefined ? isUseful : mapping.rows.length > 0) return mapping;
  throw new LeitwerkError('InvalidInput', {
    text: {
      de: `Keine Spalte der Datei passt zu einem Feld. Spalten: ${quoted(columns)}.`,
      en: `No column of the file fits a field. Columns: ${columns.join(', ')}.`,
    },
  });
};

/** Mapping rows whose columns the file does not have; their fields stay empty. */
const missingNotes = (mapping: Mapping, columns: readonly string[]): Text[] => {
  const missing = missingColumns(mapping, columns);
  if (missing.length === 0) return [];
  const names = missing.join(', ');
  return [
    {
      de: `Die Zuordnung nennt Spalten, die die Datei nicht hat: ${names}.`,
      en: `The mapping names columns that the file does not have: ${names}.`,
    },
  ];
};

/** Columns that no field takes, of an entity that cannot keep them otherwise. */
const leftOutNotes = (mapper: Mapper, columns: readonly string[]): Text[] => {
  const { additional } = mapper({ body: Object.fromEntries(columns.map((name) => [name, ''])) }, 'en');
  const leftOut = Object.keys(additional).filter((name) => name !== keyColumn && !errorColumns.includes(name));
  if (leftOut.length === 0) return [];
  const names = leftOut.join(', ');
  return [
    {
      de: `Diese Spalten füllen kein Feld und werden weggelassen: ${names}.`,
      en: `These columns fill no field and are left out: ${names}.`,
    },
  ];
};

/**
 * Prepares the import of a file's rows under today's configuration and the starter's rights of today.
 * @throws LeitwerkError `InvalidInput` when no column fits, `Forbidden`, `NotFound` when source or entity are gone.
 */
export function prepareImport(ctx: Context, record: ImportRecord, shape: ImportShape): ImportJob {
  const model = modelOf(ctx, record.entity);
  const source = sourceOf(ctx.snapshot, record.source);
  const ability = starterAbility(ctx, record.starter);
  if (!ability.can('create', model.name)) throw new LeitwerkError('Forbidden');
  const mapping = mappingOf(record, model, shape.columns);
  const { options } = record;
  const rows = (record.table?.size ?? record.size) / shape.bytesPerRow;
  const starts = options.processes ?? (rows > manyRows ? 'background' : 'now');
  const { matchKey } = options;
  const mapper = createMapper({ model, mapping, ...readingOf(ctx.snapshot) });
  const leftOut = unmappedOf(ctx, model) === 'none' ? leftOutNotes(mapper, shape.columns) : [];
  return {
    record,
    model,
    source,
    shape: { ...shape, notes: [...shape.notes, ...missingNotes(mapping, shape.columns), ...leftOut] },
    mapping,
    mapper,
    writable: new Set([...model.fields.keys()].filter((name) => ability.isWritable(model.name, name))),
    numbers: numberColumns(model, mapping),
    match: matchKey === undefined || matchKey === 'externalId' ? undefined : matchField(model, matchKey),
    scope: `${model.name}/${source.key}`,
    starts,
    lane: starts === 'now' ? 'incoming' : 'background',
    ability,
  };
}
