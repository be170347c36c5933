import { issueOf, LeitwerkError, type Text } from '../core/errors.ts';
import type { Tx } from '../store/database.ts';
import type { RecordData } from '../store/record-table.ts';
import { assertCan, modelOf, transact, type Context } from './context.ts';
import { changeRecord, loadRecord, type Written } from './record-write.ts';
import { sourceOf } from './source.ts';
import { workMessage, type WorkedMessage } from './workMessage.ts';

export interface Replay {
  readonly id: string;
  /** The raw body, read again. */
  readonly content: { readonly fields: RecordData } | { readonly unreadable: Text };
}

/** Does with a kept message what would be done with it if it came now. */
const workAgain = async (
  ctx: Context,
  tx: Tx,
  again: { replay: Replay; message: RecordData },
): Promise<WorkedMessage> => {
  const { replay, message } = again;
  if ('unreadable' in replay.content) {
    const issues = [issueOf({ path: '', code: 'unreadable' }, replay.content.unreadable, ctx.language)];
    return { state: 'unreadable', lead: null, dedupeKey: null, issues };
  }
  const source = sourceOf(ctx.snapshot, String(message['source']));
  const headers = (message['headers'] ?? {}) as Readonly<Record<string, string>>;
  const deliveryId = source.auth === 'hmac' ? headers['webhook-id'] : undefined;
  const contentHash = String(message['contentHash']);
  const body = replay.content.fields;
  return await workMessage(ctx, tx, { id: replay.id, source, body, headers, deliveryId, contentHash });
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
