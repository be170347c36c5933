import { createHash } from 'node:crypto';
import { compareSchemas, type SchemaChange } from '../core/config/schema-change.ts';
import type { EntityModel } from '../core/entity.ts';
import { LeitwerkError, type Language } from '../core/errors.ts';
import { parseFilter } from '../core/filter/index.ts';
import type { Database } from '../store/database.ts';
import { toTable } from '../store/record-table.ts';
import {
  countFieldUse,
  countRecords,
  countSharedValues,
  readViewTexts,
  type ViewTexts,
} from '../store/schema-usage.ts';
import { migrate } from '../store/tables.ts';
import type { ConfigState } from './config-state.ts';

/** What publishing a schema would touch. Texts are in the reader's language. */
export interface SchemaImpact {
  readonly isDestructive: boolean;
  readonly changes: readonly {
    readonly change: string;
    readonly field?: string;
    readonly isDestructive: boolean;
    readonly message: string;
    readonly records: number;
  }[];
  readonly views: readonly { readonly id: string; readonly name: string }[];
  /** Pipelines, mappings, forms, roles and templates that name what is gone. */
  readonly config: readonly {
    readonly kind: string;
    readonly key: string;
    readonly path: string;
    readonly message: string;
  }[];
  /** To be sent back as `confirm`; changes when the schema in force or the proposal does. */
  readonly hash: string;
}

export interface ImpactQuestion {
  readonly db: Database;
  readonly tenantId: string;
  readonly language: Language;
  readonly state: ConfigState;
  readonly after: EntityModel;
  readonly before: EntityModel | undefined;
}

/** Records that a change touches: those without a value where one becomes required, those with one where it is narrowed. */
const recordsOf = async ({ db, tenantId, before }: ImpactQuestion, change: SchemaChange): Promise<number> => {
  if (!change.isDestructive || before === undefined) return 0;
  const field = change.field === undefined ? undefined : before.fields.get(change.field);
  const { fields } = change;
  // Fields that are new have no value yet.
  if (fields !== undefined)
    return fields.every((name) => before.fields.has(name))
      ? await countSharedValues(db.scans, tenantId, { model: before, fields })
      : 0;
  if (change.change === 'required' && field === undefined) return await countRecords(db.scans, tenantId, before);
  if (field === undefined) return change.field === undefined ? await countRecords(db.scans, tenantId, before) : 0;
  if (change.change === 'unique')
    return await countSharedValues(db.scans, tenantId, { model: before, fields: [field.name] });
  const { filled, empty } = await countFieldUse(db.scans, tenantId, { model: before, field });
  return change.change === 'required' ? empty : filled;
};

const canRead = (filter: string, model: EntityModel): boolean => {
  try {
    parseFilter(filter, model, { now: new Date(0), me: 'me', team: 'team' });
    return true;
  } catch (error) {
    if (error instanceof LeitwerkError) return false;
    throw error;
  }
};

const isTouched = (view: ViewTexts, before: EntityModel, after: EntityModel): boolean => {
  const gone = [...before.fields.keys()].filter((name) => !after.fields.has(name));
  const named = [
    ...(JSON.parse(view.columns ?? '[]') as string[]),
    ...(view.sort ?? '').split(',').map((part) => part.replace(/^-/, '').trim()),
  ];
  const isShown = named.some((name) => gone.includes(name));
  return (
    isShown ||
    (view.filter !== null && view.filter !== '' && canRead(view.filter, before) && !canRead(view.filter, after))
  );
};

/** Compares a proposed schema with the one in force and finds who and what it touches. */
export async function schemaImpact(
  question: ImpactQuestion,
): Promise<SchemaImpact & { readonly impossible: readonly SchemaChange[] }> {
  const { db, tenantId, language, state, before, after } = question;
  const compared = compareSchemas(before, after);
  const isDestructive = compared.some((change) => change.isDestructive);
  // The schema in force may have been published a moment ago, before any registry brought its table up to it.
  if (isDestructive && before !== undefined) await migrate(db, [toTable(before)]);
  const changes = [];
  const impossible = compared.filter((change) => change.isImpossible);
  for (const change of compared) {
    const records = await recordsOf(question, change);
    if (change.change === 'unique' && records > 0) impossible.push(change);
    changes.push({
      change: change.change,
      ...(change.field === undefined ? {} : { field: change.field }),
      isDestructive: change.isDestructive,
      message: change.text[language],
      records,
    });
  }
  const added = [{ kind: 'schemas' as const, key: after.name, value: after.schema }];
  const views =
    isDestructive && before !== undefined
      ? (await readViewTexts(db, tenantId, before)).filter((view) => isTouched(view, before, after))
      : [];
  const { brokenReferences } = await import('./config-references.ts');
  const broken = isDestructive ? brokenReferences(state, { added }) : [];
  const proposal = JSON.stringify([after.name, before?.revision ?? 0, after.schema]);
  return {
    isDestructive,
    changes,
    impossible,
    views: views.map(({ id, name }) => ({ id, name })),
    config: broken.map(({ text, ...place }) => ({ ...place, message: text[language] })),
    hash: createHash('sha256').update(proposal).digest('hex').slice(0, 32),
  };
}
