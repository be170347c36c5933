import { CancelledFailure } from '@temporalio/common';
import type { Context } from '../commands/context.ts';
import { sourceOf, type Source } from '../commands/source.ts';
import type { Access, Preset } from '../connectors/port.ts';
import { LeitwerkError } from '../core/errors.ts';
import { readConnection } from '../store/connections.ts';
import { findFeedItems, noteFeed, readFeed, type FeedKey, type FeedRow } from '../store/feeds.ts';
import { beating, translating } from './attempt.ts';
import { settleParked } from './collect-message.ts';
import { processContext } from './context.ts';
import type { PollActivities, SourceInput } from './contract.ts';
import { toDetail } from './failure.ts';
import { openAccess, presetOfSource, withOutcome, type Outgoing } from './outgoing.ts';
import { pollTable } from './poll-table.ts';
import { takeItem } from './take-item.ts';

/** What a run has found, and where the next one goes on. */
type Run = Required<Pick<FeedRow, 'cursor' | 'figures' | 'fault'>>;

interface Polling {
  readonly ctx: Context;
  readonly source: Source;
  readonly access: Access;
  readonly key: FeedKey;
  readonly before: FeedRow | undefined;
}

const catchUp = async (polling: Polling, ask: NonNullable<Preset['catchUp']>): Promise<Run> => {
  const { ctx, source, access, key, before } = polling;
  const figures = { read: 0, taken: 0 };
  const pages = ask(access, before?.cursor ?? null);
  for (let page = await pages.next(); ; page = await pages.next()) {
    if (page.done === true) return { cursor: page.value, figures, fault: null };
    const identities = page.value.map(({ id }) => id);
    const known = await findFeedItems(ctx.db, key, identities);
    for (const item of page.value.filter(({ id }) => !known.has(id))) {
      await takeItem(ctx, source, item);
      figures.taken += 1;
    }
    figures.read += page.value.length;
  }
};

const poll = async (outgoing: Outgoing, ctx: Context, source: Source): Promise<Run> => {
  const preset = presetOfSource(source);
  const access = await openAccess(outgoing, ctx, source);
  const key = { tenantId: ctx.actor.tenantId, source: source.key };
  const polling = { ctx, source, access, key, before: await readFeed(ctx.db, key) };
  if (preset.catchUp !== undefined) {
    const run = await catchUp(polling, preset.catchUp);
    await settleParked(outgoing, ctx, source);
    return run;
  }
  if (preset.table !== undefined) {
    const { hint, ...run } = await pollTable(outgoing, { ...polling, port: preset.table, feed: polling.before });
    return { ...run, fault: hint };
  }
  throw new LeitwerkError('Misconfigured', {
    text: {
      de: `„${preset.label.de}“ lässt sich nicht abfragen, es ruft selbst an.`,
      en: `"${preset.label.en}" cannot be asked, it calls by itself.`,
    },
  });
};

/** A source that was archived or switched off meanwhile is left alone. */
const findSource = (ctx: Context, key: string): Source | undefined => {
  try {
    return sourceOf(ctx.snapshot, key);
  } catch (error) {
    if (error instanceof LeitwerkError && error.code === 'NotFound') return undefined;
    throw error;
  }
};

/** A source that is prepared for a connection which nobody has made yet misses nothing. */
const isUntouched = async (ctx: Context, { key: source, connection = '' }: Source): Promise<boolean> => {
  const { tenantId } = ctx.actor;
  const isConnected = (await readConnection(ctx.db, { tenantId, id: connection })) !== undefined;
  return !isConnected && (await readFeed(ctx.db, { tenantId, source })) === undefined;
};

/** The activities of `pollSource`. */
export function createPollActivities(outgoing: Outgoing): PollActivities {
  const run = async ({ tenantId, source: sourceKey }: SourceInput): Promise<void> => {
    await outgoing.registry.refresh();
    const ctx = processContext(outgoing, { tenantId, entity: 'source', recordId: sourceKey });
    const source = findSource(ctx, sourceKey);
    if (source === undefined) return;
    const key = { tenantId, source: sourceKey };
    if (await isUntouched(ctx, source)) return;
    const at = (): string => outgoing.now().toISOString();
    try {
      const found = await withOutcome(ctx, source, async () => await poll(outgoing, ctx, source));
      await noteFeed(ctx.db, key, { ...found, state: 'ok', lastRunAt: at(), lastSuccessAt: at() });
    } catch (error) {
      if (error instanceof CancelledFailure) throw error;
      const isHopeful = !(error instanceof LeitwerkError) || error.isRetryable;
      const state = isHopeful ? 'failing' : 'stopped';
      await noteFeed(ctx.db, key, { state, fault: toDetail(error), faultAt: at(), lastRunAt: at() });
      if (isHopeful) throw error;
    }
  };
  return { pollSource: async (input) => await translating(async () => await beating(async () => await run(input))) };
}
