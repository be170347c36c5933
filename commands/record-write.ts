import { actorName } from '../core/actor.ts';
import { derivedFields } from '../core/derive.ts';
import type { EntityModel } from '../core/entity.ts';
import { issueOf, LeitwerkError, type Issue } from '../core/errors.ts';
import type { Verb } from '../core/permissions.ts';
import { isTooFine } from '../core/read-text.ts';
import { storedValues } from '../core/stored-value.ts';
import type { Tx } from '../store/database.ts';
import { insertEvent, type Lane } from '../store/events.ts';
import type { RecordData } from '../store/record-table.ts';
import { insertRecord, lockRecord, updateRecord } from '../store/records.ts';
import { violatedColumn } from '../store/violations.ts';
import { assertScopeToRead, type Context } from './context.ts';
import { findReadable, mayRead } from './readRecord.ts';
import { stampOf } from './stamp.ts';
import { withoutClosedFacts } from './visibleFacts.ts';

/** A record after a write, and the number of the write's event (the handle for undo). */
export interface Written {
  readonly record: RecordData;
  readonly event: number;
}

/** Whether two values of a field are the same; absent counts as null. */
export const same = (one: unknown, other: unknown): boolean =>
  one === other || JSON.stringify(one ?? null) === JSON.stringify(other ?? null);

/** Which process a write concerns: the record's own, or that of the record an activity belongs to. An import has one without a pipeline. */
const processOf = (ctx: Context, model: EntityModel, record: RecordData): string | undefined => {
  if (model.name === 'import' && record['state'] === 'draft') return undefined;
  if (model.hasPipeline || model.name === 'import') return `${model.name}/${String(record['id'])}`;
  if (model.name !== 'activity') return undefined;
  for (const { name, target } of model.fields.values()) {
    const id = record[name];
    if (target !== undefined && typeof id === 'string' && ctx.snapshot.models.get(target)?.hasPipeline === true)
      return `${target}/${id}`;
  }
  return undefined;
};

const laneOf = (ctx: Context): Lane => {
  if (ctx.lane !== undefined) return ctx.lane;
  return ctx.actor.kind === 'source' ? 'incoming' : 'interactive';
};

/** The wake-up that a write owes a process; a process's own writes wake nobody. */
const wakesOf = (ctx: Context, model: EntityModel, record: RecordData): { process: string; lane: Lane } | undefined => {
  const process = processOf(ctx, model, record);
  const isOwn = ctx.actor.kind === 'process' && process === ctx.actor.id;
  return process === undefined || isOwn ? undefined : { process, lane: laneOf(ctx) };
};

/**
 * Refuses fields that do not exist, belong to the system or are closed to this role, and amounts that would lose decimals.
 * `allowSystem` names system fields that the calling act sets on purpose.
 */
export function writeIssues(ctx: Context, model: EntityModel, input: RecordData): Issue[] {
  return Object.keys(input).flatMap((name) => {
    const field = model.fields.get(name);
    if (field === undefined || field.isHidden || !ctx.ability.isReadable(model.name, name)) {
      const text = { de: 'Dieses Feld gibt es nicht.', en: 'There is no such field.' };
      return [issueOf({ path: `/${name}`, code: 'unknown' }, text, ctx.language)];
    }
    if (field.isSystem) {
      const text = {
        de: 'Dieses Feld setzt das System; es ist nicht änderbar.',
        en: 'This field is set by the system and cannot be changed.',
      };
      return [issueOf({ path: `/${name}`, code: 'readOnly' }, text, ctx.language)];
    }
    if (!ctx.ability.isWritable(model.name, name)) {
      const text = {
        de: 'Ihre Rolle darf dieses Feld nicht ändern.',
        en: 'Your role may not change this field.',
      };
      return [issueOf({ path: `/${name}`, code: 'readOnly' }, text, ctx.language)];
    }
    if (field.kind === 'money' && typeof input[name] === 'number' && isTooFine(input[name])) {
      const text = { de: 'Höchstens 2 Nachkommastellen.', en: 'At most 2 decimals.' };
      return [issueOf({ path: `/${name}`, code: 'decimals' }, text, ctx.language)];
    }
    return [];
  });
}

/** References must name a record of the tenant that the actor may read. */
const referenceIssues = async (
  ctx: Context,
  tx: Tx,
  check: { model: EntityModel; record: RecordData; names: readonly string[] },
): Promise<Issue[]> => {
  const issues: Issue[] = [];
  for (const name of check.names) {
    const field = check.model.fields.get(name);
    const id = check.record[name];
    if (field?.target === undefined || typeof id !== 'string') continue;
    const target = ctx.snapshot.models.get(field.target);
    const isKnown =
      field.target === 'user'
        ? ctx.snapshot.users.has(id)
        : target !== undefined && (await findReadable({ ...ctx, db: tx }, target, id)) !== undefined;
    if (isKnown) continue;
    const text = { de: 'Dieser Datensatz existiert nicht.', en: 'This record does not exist.' };
    issues.push(issueOf({ path: `/${name}`, code: 'reference' }, text, ctx.language));
  }
  return issues;
};

/** One fault a field is enough: what the first check says of it stands. */
const mergeIssues = (first: readonly Issue[], second: readonly Issue[]): Issue[] => [
  ...first,
  ...second.filter((issue) => !first.some((one) => one.path === issue.path)),
];

export interface RecordCreation {
  readonly model: EntityModel;
  readonly input: RecordData;
  /** Faults found already (`writeIssues`), to be named together with the others. */
  readonly issues?: readonly Issue[] | undefined;
}

/**
 * Writes a new record with its event, inside the caller's transaction. The input has passed `writeIssues` or comes from the system.
 * @throws LeitwerkError `InvalidInput` with every faulty field, `Forbidden`.
 */
export async function addRecord(ctx: Context, tx: Tx, creation: RecordCreation): Promise<Written> {
  const { model } = creation;
  const input = storedValues(model, { ...model.defaults, ...creation.input });
  const stamp = stampOf(ctx, typeof input['id'] === 'string' ? input['id'] : ctx.newId());
  const record: RecordData = {
    ...input,
    ...derivedFields(model.name, input),
    ...stamp,
    deletedAt: null,
  };
  const issues = mergeIssues(creation.issues ?? [], ctx.snapshot.validatorOf(model).issues(record, ctx.language));
  issues.push(...(await referenceIssues(ctx, tx, { model, record, names: Object.keys(input) })));
  if (issues.length > 0) throw new LeitwerkError('InvalidInput', { issues });
  if (!ctx.ability.canOn('create', model.name, record)) throw new LeitwerkError('Forbidden');
  await refusingDoubles(ctx, async () => await insertRecord(tx, model, record));
  const event = await insertEvent(tx, {
    tenantId: stamp.tenantId,
    at: stamp.createdAt,
    actor: stamp.createdBy,
    act: `${model.name}.create`,
    entity: model.name,
    recordId: stamp.id,
    version: 1,
    requestId: ctx.requestId,
    wakes: wakesOf(ctx, model, record),
  });
  return { record, event };
}

export interface RecordChange {
  readonly model: EntityModel;
  readonly id: string;
  /** Right that the change needs: `update` or an act's name. */
  readonly verb: Verb;
  /** Recorded as `<entity>.<act>`. */
  readonly act: string;
  /** From `If-Match`: the version that the change was made on. */
  readonly version?: number | undefined;
  /** New values by field; null clears. Computed from the locked record, so that it is judged on what is true now. */
  readonly change: (record: RecordData) => RecordData;
  /** Faults found already (`writeIssues`), to be named together with the others. */
  readonly issues?: readonly Issue[] | undefined;
  /** Finds deleted records too: to bring one back. */
  readonly isDeletedToo?: boolean;
}

/**
 * Changes a record inside the caller's transaction: lock, judge rights on the row as it is and as it becomes, validate, write, record the event.
 * A change that changes nothing writes nothing.
 * @throws LeitwerkError `NotFound` (also when the actor may not see it), `Forbidden`, `Conflict` with `facts.current`, `InvalidInput`.
 */
export async function changeRecord(ctx: Context, tx: Tx, write: RecordChange): Promise<Written> {
  const { model, id } = write;
  const record = await loadRecord(ctx, tx, { model, id, isDeletedToo: write.isDeletedToo });
  assertMayAct(ctx, model, { verb: write.verb, record });
  if (write.version !== undefined && write.version !== record['version']) {
    throw new LeitwerkError('Conflict', { facts: { current: visibleRecord(ctx, model, record) } });
  }
  const wanted = storedValues(model, write.change(record));
  const merged = { ...record, ...wanted };
  const next: RecordData = { ...merged, ...derivedFields(model.name, merged) };
  const names = Object.keys(next).filter((name) => !same(record[name], next[name]));
  if (names.length === 0 && (write.issues ?? []).length === 0) return { record, event: 0 };
  // Only what changes is judged: a record may have values that were right when they were written.
  const found = ctx.snapshot
    .validatorOf(model)
    .issues(next, ctx.language)
    .filter((issue) => names.includes(issue.path.split('/')[1] ?? ''));
  const issues = mergeIssues(write.issues ?? [], found);
  issues.push(
    ...(await referenceIssues(ctx, tx, { model, record: next, names: names.filter((name) => name in wanted) })),
  );
  if (issues.length > 0) throw new LeitwerkError('InvalidInput', { issues });
  assertMayAct(ctx, model, { verb: write.verb, record: next });
  return await writeChange(ctx, tx, { write, record, next, names });
}

const writeChange = async (
  ctx: Context,
  tx: Tx,
  change: { write: RecordChange; record: RecordData; next: RecordData; names: readonly string[] },
): Promise<Written> => {
  const { write, record, next, names } = change;
  const at = ctx.now().toISOString();
  const version = Number(record['version']);
  const stamp = { version: version + 1, updatedAt: at, updatedBy: actorName(ctx.actor) };
  const changes: Record<string, [unknown, unknown]> = {};
  for (const name of names) changes[name] = [record[name] ?? null, next[name] ?? null];
  const columns = { ...Object.fromEntries(names.map((name) => [name, next[name] ?? null])), ...stamp };
  const row = { tenantId: ctx.actor.tenantId, id: write.id, version, changes: columns };
  await refusingDoubles(ctx, async () => await updateRecord(tx, write.model, row));
  const event = await insertEvent(tx, {
    tenantId: ctx.actor.tenantId,
    at,
    actor: actorName(ctx.actor),
    act: `${write.model.name}.${write.act}`,
    entity: write.model.name,
    recordId: write.id,
    version: stamp.version,
    changes,
    requestId: ctx.requestId,
    wakes: wakesOf(ctx, write.model, next),
  });
  return { record: { ...next, ...stamp }, event };
};

/** @throws LeitwerkError `Forbidden` without the act's own right and the right to update the record. */
export function assertMayAct(
  ctx: Context,
  model: EntityModel,
  act: { readonly verb: Verb; readonly record: RecordData },
): void {
  if (!mayAct(ctx, model, act)) throw new LeitwerkError('Forbidden');
}

/** @throws LeitwerkError `Conflict` naming the field whose value another record has. */
export const refusingDoubles = async <T>(ctx: Context, write: () => Promise<T>): Promise<T> => {
  try {
    return await write();
  } catch (error) {
    const field = violatedColumn(error);
    if (field === undefined) throw error;
    const text = { de: 'Diesen Wert hat schon ein anderer Datensatz.', en: 'Another record has this value already.' };
    throw new LeitwerkError('Conflict', {
      text,
      issues: [issueOf({ path: `/${field}`, code: 'unique' }, text, ctx.language)],
      cause: error,
    });
  }
};

/** An act's own right, or the right to update. */
const mayAct = (
  ctx: Context,
  model: EntityModel,
  { verb, record }: { readonly verb: Verb; readonly record: RecordData },
): boolean =>
  ctx.ability.canOn(verb, model.name, record) || (verb !== 'delete' && ctx.ability.canOn('update', model.name, record));

/**
 * Reads and locks a record for the actor.
 * @throws LeitwerkError `NotFound` when there is none or the actor may not see it.
 */
export async function loadRecord(
  ctx: Context,
  tx: Tx,
  key: { model: EntityModel; id: string; isDeletedToo?: boolean | undefined },
): Promise<RecordData> {
  const { model, ...rest } = key;
  assertScopeToRead(ctx, model);
  const record = await lockRecord(tx, model, { tenantId: ctx.actor.tenantId, ...rest });
  if (record === undefined || !(await mayRead({ ...ctx, db: tx }, model, record))) throw new LeitwerkError('NotFound');
  return record;
}

/** The record as this actor may see it: neither hidden fields nor those closed to the role. */
export function visibleRecord(ctx: Context, model: EntityModel, record: RecordData): RecordData {
  const visible: Record<string, unknown> = {};
  for (const field of model.fields.values()) {
    if (!field.isHidden && ctx.ability.isReadable(model.name, field.name))
      visible[field.name] = record[field.name] ?? null;
  }
  return withoutClosedFacts(ctx, model, visible);
}
