import { sourceActor } from '../core/actor.ts';
import { LeitwerkError, type Issue, type Text } from '../core/errors.ts';
import { findMessageByKey } from '../store/intake.ts';
import type { Tx } from '../store/database.ts';
import type { RecordData } from '../store/record-table.ts';
import { assertCan, modelOf, transact, type Context } from './context.ts';
import { meetKnownLead } from './duplicates/knownLead.ts';
import { mapMessage } from './mapMessage.ts';
import { dedupeKeyOf, findImported, titleOf, writeLead } from './receiveMessage.ts';
import { changeRecord, loadRecord, type Written } from './record-write.ts';
import { sourceOf } from './source.ts';

export interface Replay {
  readonly id: string;
  /** The raw body, read again. */
  readonly content: { readonly fields: RecordData } | { readonly unreadable: Text };
}

interface Result {
  readonly state: 'accepted' | 'attached' | 'updated' | 'duplicate' | 'rejected' | 'unreadable';
  readonly lead: string | null;
  readonly dedupeKey: string | null;
  readonly issues: readonly Issue[];
}

const failed = (state: 'rejected' | 'unreadable', issues: readonly Issue[]): Result => ({
  state,
  lead: null,
  dedupeKey: null,
  issues,
});

/** Does with a kept message what would be done with it if it came now. */
const workAgain = async (ctx: Context, tx: Tx, again: { replay: Replay; message: RecordData }): Promise<Result> => {
  const { replay, message } = again;
  if ('unreadable' in replay.content)
    return failed('unreadable', [{ path: '', code: 'unreadable', message: replay.content.unreadable[ctx.language] }]);
  const source = sourceOf(ctx.snapshot, String(message['source']));
  const headers = (message['headers'] ?? {}) as Readonly<Record<string, string>>;
  const mapped = mapMessage(ctx, source, { body: replay.content.fields, headers });
  if (mapped.issues.length > 0) return failed('rejected', mapped.issues);
  const dedupeKey = dedupeKeyOf(mapped.values, source.auth === 'hmac' ? headers['webhook-id'] : undefined) ?? null;
  const known =
    dedupeKey === null
      ? undefined
      : await findMessageByKey(tx, { tenantId: ctx.actor.tenantId, source: source.key, dedupeKey });
  if (known !== undefined) return { state: 'duplicate', lead: known.lead, dedupeKey: null, issues: [] };
  const imported = await findImported(ctx, tx, { source, dedupeKey: dedupeKey ?? undefined });
  if (imported !== undefined) return { state: 'duplicate', lead: imported, dedupeKey: null, issues: [] };
  const values = { ...mapped.values, title: titleOf(ctx, mapped.values, source) };
  const sender = { ...ctx, actor: sourceActor(ctx.actor.tenantId, { key: source.key, name: source.label.de }) };
  const { additional } = mapped;
  const met = await meetKnownLead(sender, tx, { source, values, additional });
  if (met !== undefined) return { state: met.state, lead: met.lead, dedupeKey, issues: [] };
  const lead = await writeLead(sender, tx, { values, source, messageId: replay.id, additional });
  return { state: 'accepted', lead, dedupeKey, issues: [] };
};

/**
 * As `replayMessage`, inside the caller's transaction.
 * @throws LeitwerkError `Locked` when it has become a lead already, `NotFound`, `Forbidden`.
 */
export async function replayWithin(ctx: Context, tx: Tx, replay: Replay): Promise<Written> {
  const model = modelOf(ctx, 'intake-message');
  const message = await loadRecord(ctx, tx, { model, id: replay.id });
  if (message['lead'] !== null) {
    throw new LeitwerkError('Locked', {
      text: {
        de: 'Aus dieser Nachricht ist schon ein Inbox-Eintrag geworden.',
        en: 'This message has become a lead already.',
      },
      facts: { lead: message['lead'] },
    });
  }
  const result = await workAgain(ctx, tx, { replay, message });
  const { issues, ...outcome } = result;
  const change = {
    ...outcome,
    errors: issues.length === 0 ? null : issues,
    attempts: Number(message['attempts'] ?? 1) + 1,
  };
  return await changeRecord(ctx, tx, { model, id: replay.id, verb: 'replay', act: 'replay', change: () => change });
}

/**
 * Works a kept message again under today's mapping and rules, after a repair.
 * @throws LeitwerkError `Locked` when it has become a lead already, `NotFound`, `Forbidden`.
 */
export async function replayMessage(ctx: Context, replay: Replay): Promise<Written> {
  assertCan(ctx, 'create', modelOf(ctx, 'lead'));
  return await transact(ctx, async (tx) => await replayWithin(ctx, tx, replay));
}
