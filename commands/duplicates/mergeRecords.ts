import { actorName } from '../../core/actor.ts';
import { scoreLikeness, toLikeness } from '../../core/duplicate-score.ts';
import type { EntityModel, Field } from '../../core/entity.ts';
import { LeitwerkError, type Text } from '../../core/errors.ts';
import { createAbility } from '../../core/permissions.ts';
import type { Tx } from '../../store/database.ts';
import {
  insertMerge,
  orderedPair,
  readLinking,
  turnLinks,
  writePair,
  type MovedLinks,
  type PairState,
} from '../../store/duplicates.ts';
import { tableName, type RecordData } from '../../store/record-table.ts';
import { findRecord } from '../../store/records.ts';
import { transact, type Context } from '../context.ts';
import { changeRecord, loadRecord, writeIssues, type Written } from '../record-write.ts';
import { addTimelineEntry, linksOf } from '../timeline.ts';

export interface MergeInput {
  /** The record that stays. */
  readonly id: string;
  /** The one that goes into it. */
  readonly other: string;
  /** Fields whose value the other has right; absent: what the winner leaves empty. */
  readonly take?: readonly string[] | undefined;
}

const everything = { key: 'merge', label: { de: '', en: '' }, can: [{ do: ['*'], on: '*' }], may: [] };

/** Links follow their record, whoever may see the records that have them. */
export const followingLinks = (ctx: Context): Context => ({
  ...ctx,
  ability: createAbility(everything, ctx.actor, { models: ctx.snapshot.models, now: ctx.now() }),
});

/** Told of a record, not changed by anybody: their links turn without a version and an event each. */
export const tellers: ReadonlySet<string> = new Set(['timeline-entry', 'intake-message']);

const locked = (text: Text): LeitwerkError => new LeitwerkError('Locked', { text });

const isEmpty = (value: unknown): boolean =>
  value === null || value === undefined || value === '' || (Array.isArray(value) && value.length === 0);

const isMergeable = (ctx: Context, model: EntityModel, field: Field): boolean =>
  !field.isSystem && !field.isHidden && ctx.ability.isWritable(model.name, field.name) && field.target !== model.name;

/** Links that acts set: nobody chooses them, and none is to be lost. */
const actLinks = ['organization', 'person', 'opportunity'];

const filling = (winner: RecordData, loser: RecordData, fields: readonly Field[]): RecordData =>
  Object.fromEntries(
    fields.filter(({ name }) => isEmpty(winner[name]) && !isEmpty(loser[name])).map(({ name }) => [name, loser[name]]),
  );

/** What the winner gets from the loser. @throws LeitwerkError `InvalidInput` for a field that cannot be taken. */
const takenFields = (
  ctx: Context,
  of: { model: EntityModel; winner: RecordData; loser: RecordData; take: MergeInput['take'] },
): RecordData => {
  const { model, winner, loser, take } = of;
  const fields = [...model.fields.values()];
  const links = fields.filter(({ name, isSystem }) => isSystem && actLinks.includes(name) && name !== model.name);
  const linked = filling(winner, loser, links);
  if (take === undefined)
    return {
      ...linked,
      ...filling(
        winner,
        loser,
        fields.filter((field) => isMergeable(ctx, model, field)),
      ),
    };
  const taken = Object.fromEntries(take.map((name) => [name, loser[name] ?? null]));
  const issues = writeIssues(ctx, model, taken);
  if (issues.length > 0)
    throw new LeitwerkError('InvalidInput', { issues: issues.map((issue) => ({ ...issue, path: '/take' })) });
  return { ...linked, ...taken };
};

const assertMergeable = (winner: RecordData, loser: RecordData): void => {
  if (winner['id'] === loser['id'])
    throw locked({ de: 'Ein Datensatz ist keine Dublette seiner selbst.', en: 'A record is no duplicate of itself.' });
  if (winner['mergedInto'] !== null || loser['mergedInto'] !== null)
    throw locked({ de: 'Einer der beiden ist schon zusammengeführt.', en: 'One of the two has been merged already.' });
  if (loser['state'] === 'converted')
    throw locked({
      de: 'Der umgewandelte Eintrag muss der bleibende sein.',
      en: 'The converted lead has to be the one that stays.',
    });
};

/** A plan belongs to its process: its steps stay with the record that has it, or the winner would take them for its own. */
const isOwnStep = (model: EntityModel, record: RecordData | undefined): boolean =>
  model.name === 'activity' && !isEmpty(record?.['planKey']);

const moveField = async (
  ctx: Context,
  tx: Tx,
  move: { model: EntityModel; field: string; from: string; to: string },
): Promise<MovedLinks | undefined> => {
  const { model, field, from, to } = move;
  const { tenantId } = ctx.actor;
  const table = tableName(model.name);
  const linking = (await readLinking(tx, { tenantId, table, field, recordId: from })).filter(
    (id) => id !== to && id !== from,
  );
  if (linking.length === 0) return undefined;
  if (tellers.has(model.name)) {
    await turnLinks(tx, { tenantId, table, field, from, to, ids: linking });
    return { entity: model.name, field, ids: linking };
  }
  const ids: string[] = [];
  for (const id of linking) {
    if (isOwnStep(model, await findRecord(tx, model, { tenantId, id, isDeletedToo: true }))) continue;
    const change = (): RecordData => ({ [field]: to });
    await changeRecord(ctx, tx, { model, id, verb: 'update', act: 'relink', change, isDeletedToo: true });
    ids.push(id);
  }
  return ids.length === 0 ? undefined : { entity: model.name, field, ids };
};

/** Every field of every entity that links to records of this one, but for the pointer that merging itself sets. */
export const linkFields = (ctx: Context, entity: string): { model: EntityModel; field: string }[] =>
  [...ctx.snapshot.models.values()].flatMap((model) =>
    [...model.fields.values()]
      .filter(({ target, name }) => target === entity && name !== 'mergedInto')
      .map(({ name }) => ({ model, field: name })),
  );

/** What makes the loser leave the lists: a lead is archived, a company or person is deleted; both point to the winner. */
const leaving = (ctx: Context, model: EntityModel, of: { winner: string; taken: RecordData }): RecordData => {
  const unique = Object.keys(of.taken).filter((name) => model.fields.get(name)?.isUnique === true);
  return {
    mergedInto: of.winner,
    ...Object.fromEntries(unique.map((name) => [name, null])),
    ...(model.fields.has('state')
      ? { state: 'archived', archiveReason: 'dublette' }
      : { deletedAt: ctx.now().toISOString() }),
  };
};

/** Notes what a person decided about two records. */
export async function decidePair(
  ctx: Context,
  tx: Tx,
  of: { readonly model: EntityModel; readonly records: readonly [RecordData, RecordData]; readonly state: PairState },
): Promise<void> {
  const [first, second] = of.records;
  const entity = of.model.name;
  const [one, other] = orderedPair(String(first['id']), String(second['id']));
  const isOpen = of.state === 'open';
  await writePair(tx, {
    tenantId: ctx.actor.tenantId,
    entity,
    one,
    other,
    state: of.state,
    ...scoreLikeness(toLikeness(entity, first), toLikeness(entity, second)),
    decidedAt: isOpen ? null : ctx.now().toISOString(),
    decidedBy: isOpen ? null : actorName(ctx.actor),
  });
}

const addressOf = ({ emailKey, domain }: RecordData): string | null => {
  const address = emailKey ?? domain;
  return typeof address === 'string' ? address.toLowerCase() : null;
};

/**
 * Makes one record of two: chosen fields, links, timeline, activities and received messages go to the one that stays; the other is archived with a
 * pointer to it, its process ends, and whatever leads to it leads to the winner. `splitRecords` takes it apart again.
 * @throws LeitwerkError `Locked` when one is merged or converted already, `InvalidInput`, `NotFound`, `Forbidden`.
 */
export async function mergeRecords(ctx: Context, model: EntityModel, input: MergeInput): Promise<Written> {
  return await transact(ctx, async (tx) => {
    // In one order, whoever is to stay: two people who merge the same two must not wait for each other.
    const locks = new Map<string, RecordData>();
    for (const id of orderedPair(input.id, input.other)) locks.set(id, await loadRecord(ctx, tx, { model, id }));
    const winner = locks.get(input.id) ?? {};
    const loser = locks.get(input.other) ?? {};
    assertMergeable(winner, loser);
    const taken = takenFields(ctx, { model, winner, loser, take: input.take });
    const left = await changeRecord(ctx, tx, {
      model,
      id: input.other,
      verb: 'merge',
      act: 'merge',
      change: () => leaving(ctx, model, { winner: input.id, taken }),
    });
    const kept = await changeRecord(ctx, tx, { model, id: input.id, verb: 'merge', act: 'merge', change: () => taken });
    const moved: MovedLinks[] = [];
    for (const { model: linking, field } of linkFields(ctx, model.name)) {
      const move = { model: linking, field, from: input.other, to: input.id };
      const done = await moveField(followingLinks(ctx), tx, move);
      if (done !== undefined) moved.push(done);
    }
    const at = ctx.now().toISOString();
    await insertMerge(tx, {
      id: ctx.newId(),
      tenantId: ctx.actor.tenantId,
      entity: model.name,
      winner: input.id,
      loser: input.other,
      at,
      actor: actorName(ctx.actor),
      winnerEvent: kept.event,
      loserEvent: left.event,
      moved,
      address: addressOf(loser),
    });
    await decidePair(ctx, tx, { model, records: [winner, loser], state: 'merged' });
    const facts = { title: loser[model.titleField] ?? '', merged: input.other };
    await addTimelineEntry(ctx, tx, { kind: 'merged', facts, links: linksOf(ctx, model.name, kept.record) });
    // The loser's event is always there, also when the winner needed no change: it is the handle for taking back.
    return { record: kept.record, event: left.event };
  });
}
