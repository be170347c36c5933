import type { EntityModel } from '../core/entity.ts';
import { LeitwerkError } from '../core/errors.ts';
import { leadTitle } from '../core/derive.ts';
import { isBlank } from '../core/validation.ts';
import { formatNumber, numberSeries } from '../core/numbering.ts';
import type { NumberingConfig } from '../schemas/generated/config.ts';
import type { Tx } from '../store/database.ts';
import { nextNumber } from '../store/numbers.ts';
import type { RecordData } from '../store/record-table.ts';
import { assertCan, transact, type Context } from './context.ts';
import { addRecord, writeIssues, type RecordCreation, type Written } from './record-write.ts';
import { timeZoneOf } from './company.ts';
import { startingPlace } from './startingPlace.ts';
import { addTimelineEntry, linksOf } from './timeline.ts';

const startingStates: Readonly<Record<string, RecordData>> = {
  lead: { state: 'open' },
  activity: { state: 'open' },
  opportunity: { state: 'open', kind: 'lead' },
};

/** Human numbers that the config kind `numbering` gives to records of the entity. */
const numbersOf = async (ctx: Context, tx: Tx, model: EntityModel): Promise<RecordData> => {
  const when = { at: ctx.now(), timeZone: timeZoneOf(ctx.snapshot) };
  const numbers: Record<string, string> = {};
  for (const { value } of ctx.snapshot.config('numbering').values()) {
    const numbering = value as NumberingConfig;
    if (numbering.entity !== model.name) continue;
    const series = numberSeries(numbering, when.at, when.timeZone);
    const counted = await nextNumber(tx, { tenantId: ctx.actor.tenantId, series, start: numbering.start ?? 1 });
    numbers[numbering.field] = formatNumber(numbering, counted, when);
  }
  return numbers;
};

/** Writes a record that a person or the API makes, with everything that belongs to its beginning, in the caller's transaction. */
export async function createWithin(ctx: Context, tx: Tx, creation: RecordCreation): Promise<Written> {
  const { model } = creation;
  const title = model.name === 'lead' && isBlank(creation.input['title']) ? { title: leadTitle(creation.input) } : {};
  const input = {
    ...startingStates[model.name],
    ...startingPlace(ctx, model),
    ...creation.input,
    ...title,
    ...(await numbersOf(ctx, tx, model)),
  };
  const written = await addRecord(ctx, tx, { ...creation, input });
  if (model.name !== 'timeline-entry' && model.name !== 'saved-view') {
    await addTimelineEntry(ctx, tx, {
      kind: 'created',
      facts: { entity: model.name },
      links: linksOf(ctx, model.name, written.record),
    });
  }
  return written;
}

/** What a record has of whoever makes it, where they say nothing else. */
const ownOf = (ctx: Context, { name }: EntityModel): RecordData => {
  if (name === 'timeline-entry') return { kind: 'note', at: ctx.now().toISOString(), actor: `user/${ctx.actor.id}` };
  return name === 'saved-view' && ctx.actor.kind === 'user' ? { owner: ctx.actor.id } : {};
};

/**
 * Whoever sees only some records keeps what they add by hand: a pipeline would give a record without an owner to somebody else,
 * out of their sight.
 */
const keeper = (ctx: Context, model: EntityModel, input: RecordData): RecordData => {
  const { actor, ability, snapshot } = ctx;
  const user = actor.kind === 'user' ? snapshot.users.get(actor.id) : undefined;
  if (user === undefined || !isBlank(input['owner']) || !model.hasPipeline || !model.fields.has('owner')) return {};
  if (ability.rowFilter('read', model.name) === undefined) return {};
  const isOfTeam = user.team !== null && model.fields.has('team') && isBlank(input['team']);
  return { owner: user.id, ...(isOfTeam ? { team: user.team } : {}) };
};

/**
 * Creates a record of any entity.
 * @throws LeitwerkError `InvalidInput` with every faulty field at once, `Forbidden`.
 */
export async function createRecord(ctx: Context, model: EntityModel, input: RecordData): Promise<Written> {
  assertCan(ctx, 'create', model);
  if (model.isReadOnly) throw new LeitwerkError('Forbidden');
  const issues = writeIssues(ctx, model, input);
  const noted = { ...ownOf(ctx, model), ...input, ...keeper(ctx, model, input) };
  return await transact(ctx, (tx) => createWithin(ctx, tx, { model, input: noted, issues }));
}
