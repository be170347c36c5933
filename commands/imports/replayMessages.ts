import { issueOf, LeitwerkError } from '../../core/errors.ts';
import { parseFilter } from '../../core/filter/index.ts';
import type { Ability } from '../../core/permissions.ts';
import type { Tx } from '../../store/database.ts';
import { countReplayable, readReplayable, type ReplayQuery } from '../../store/intake.ts';
import type { RecordData } from '../../store/record-table.ts';
import { findRecordsById } from '../../store/records.ts';
import { isUniqueViolation } from '../../store/violations.ts';
import { assertCan, modelOf, transact, type Context } from '../context.ts';
import { filterOptions } from '../filterOptions.ts';
import { retryDeliveryWithin } from '../delivery.ts';
import { retryMailWithin } from '../mail/retryMail.ts';
import { replayWithin, type Replay } from '../replayMessage.ts';
import { starterAbility } from './import-job.ts';
import { importModel, lockImport, noteProgress, type ImportRecord, type ReplayChoice } from './import-record.ts';
import { insertImport } from './startImport.ts';

const queryOf = (
  ctx: Context,
  of: { readonly ability: Ability; readonly choice: ReplayChoice; readonly until: string },
): ReplayQuery => {
  const model = modelOf(ctx, 'intake-message');
  const { choice } = of;
  return {
    tenantId: ctx.actor.tenantId,
    model,
    rows: of.ability.rowFilter('read', model.name),
    choice: 'ids' in choice ? choice : { filter: parseFilter(choice.filter, model, filterOptions(ctx, model)) },
    until: of.until,
  };
};

const assertMayReplay = (ctx: Context): void => {
  assertCan(ctx, 'replay', modelOf(ctx, 'intake-message'));
  assertCan(ctx, 'create', modelOf(ctx, 'lead'));
};

/** @throws LeitwerkError `InvalidInput` naming every id that is no message which the actor may see. */
const assertKnown = async (ctx: Context, choice: ReplayChoice): Promise<void> => {
  if (!('ids' in choice)) return;
  const model = modelOf(ctx, 'intake-message');
  const found = await findRecordsById(ctx.db, model, { tenantId: ctx.actor.tenantId, ids: choice.ids });
  const known = new Set(
    found.filter((one) => one['deletedAt'] === null && ctx.ability.canOn('read', model.name, one)).map(({ id }) => id),
  );
  const issues = choice.ids.flatMap((id, index) => {
    if (known.has(id)) return [];
    const text = { de: `Die Nachricht „${id}“ gibt es nicht.`, en: `There is no message "${id}".` };
    return [issueOf({ path: `/ids/${index}`, code: 'unknown' }, text, ctx.language)];
  });
  if (issues.length > 0) throw new LeitwerkError('InvalidInput', { issues });
};

/**
 * How many messages would be worked again: of the ids those that have become no lead, of a filter those that failed
 * (rejected, unreadable, mails set aside or in triage because their mapping failed, parked notices).
 * @throws LeitwerkError `InvalidFilter`, `InvalidInput` for ids that are not there, `Forbidden`.
 */
export async function previewReplays(ctx: Context, choice: ReplayChoice): Promise<number> {
  assertMayReplay(ctx);
  await assertKnown(ctx, choice);
  const query = queryOf(ctx, { ability: ctx.ability, choice, until: ctx.now().toISOString() });
  return await countReplayable(ctx.db.scans, query);
}

/**
 * Queues working kept messages again, as an import whose rows are these messages: it shows progress, can be paused and cancelled,
 * and goes on where it stopped. Messages that come later are not part of it.
 * @throws LeitwerkError as `previewReplays`.
 */
export async function replayMessages(
  ctx: Context,
  request: { readonly choice: ReplayChoice; readonly source?: string | undefined },
): Promise<{ readonly id: string }> {
  const { choice, source } = request;
  assertCan(ctx, 'start', importModel(ctx));
  const count = await previewReplays(ctx, choice);
  const columns = {
    fileName: ctx.language === 'de' ? 'Erneut verarbeiten' : 'Work again',
    size: count,
    state: 'queued',
    source: source ?? null,
    entity: 'intake-message',
    isDryRun: false,
    options: { replay: choice },
  };
  return await transact(ctx, async (tx) => await insertImport(ctx, tx, { columns }));
}

/** The next messages of a replay after the one that was worked last. */
export async function nextReplays(
  ctx: Context,
  record: ImportRecord,
  place: { readonly afterId: string; readonly limit: number },
): Promise<RecordData[]> {
  const ability = starterAbility(ctx, record.starter);
  const choice = record.replay ?? { ids: [] };
  const starter = { ...ctx, actor: record.starter.actor };
  return await readReplayable(ctx.db.scans, {
    ...queryOf(starter, { ability, choice, until: String(record.data['createdAt']) }),
    ...place,
  });
}

const outcomes: Readonly<Record<string, string>> = {
  accepted: 'created',
  attached: 'duplicates',
  updated: 'updated',
  duplicate: 'duplicates',
  rejected: 'rejected',
  unreadable: 'rejected',
};

/** A message to work again: by its content, or put back in the line of its own kind. */
export type Again = Replay | { readonly id: string; readonly line: 'mail' | 'notice' };

const putBack = { mail: retryMailWithin, notice: retryDeliveryWithin } as const;

/** Works one message; one that has become a lead meanwhile, or that its starter may not touch, stays as it is. */
const workOne = async (ctx: Context, tx: Tx, again: Again): Promise<string> => {
  try {
    if ('line' in again) {
      await putBack[again.line](ctx, tx, again.id);
      return 'updated';
    }
    const { record } = await replayWithin(ctx, tx, again);
    return outcomes[String(record['state'])] ?? 'updated';
  } catch (error) {
    if (!(error instanceof LeitwerkError) || error.isRetryable || error.status >= 500) throw error;
    return 'unchanged';
  }
};

/**
 * Works some messages again: leads, messages and how far the replay is, in one transaction. Answers false when it is not to go on here:
 * somebody stopped it, or another worker has taken these.
 */
export async function replayChunk(
  ctx: Context,
  id: string,
  chunk: { readonly afterId: string; readonly replays: readonly Again[] },
): Promise<boolean> {
  const attempt = async (): Promise<boolean> =>
    await ctx.db.write(async (tx) => {
      const record = await lockImport(ctx, tx, id);
      if (record.state !== 'running' || record.cursor !== chunk.afterId) return false;
      const own = { ...ctx, ability: starterAbility(ctx, record.starter) };
      const changes: Record<string, unknown> = {
        cursor: chunk.replays.at(-1)?.id ?? chunk.afterId,
        position: record.position + chunk.replays.length,
        read: Number(record.data['read'] ?? 0) + chunk.replays.length,
      };
      for (const replay of chunk.replays) {
        const name = await workOne(own, tx, replay);
        changes[name] = Number(changes[name] ?? record.data[name] ?? 0) + 1;
      }
      await noteProgress(ctx, tx, { known: record, changes });
      return true;
    });
  try {
    return await attempt();
  } catch (error) {
    // On MySQL the same message may come again while its kept one is worked: the loser looks again and finds it.
    if (!isUniqueViolation(error)) throw error;
    return await attempt();
  }
}
