import type { Context } from '../commands/context.ts';
import { receiveMessage } from '../commands/receiveMessage.ts';
import type { Source } from '../commands/source.ts';
import type { FetchedItem } from '../connectors/port.ts';
import { writeFeedItems } from '../store/feeds.ts';
import { asSource } from './outgoing.ts';

const newItem = { position: null, hash: null, cells: null, importId: null, line: null, reason: null, changed: null };

/**
 * Takes in a thing that was fetched, as a message of its own: mapped, kept with its faults, known by its id.
 * Answers the lead that it became, null when it was refused.
 */
export async function takeItem(ctx: Context, source: Source, item: FetchedItem): Promise<string | null> {
  const receipt = await receiveMessage(asSource(ctx, source), {
    source,
    channel: 'fetched',
    contentType: 'application/json',
    // Under this name a replay finds the number of the delivery.
    headers: { 'webhook-id': item.id },
    raw: Buffer.from(JSON.stringify(item.body)),
    content: { fields: item.body },
    attachments: [],
    remoteAddress: '',
    deliveryId: item.id,
    isSpam: false,
  });
  const recordId = 'lead' in receipt ? receipt.lead : null;
  const key = { tenantId: ctx.actor.tenantId, source: source.key };
  const row = { ...newItem, identity: item.id, outcome: receipt.status, recordId };
  await ctx.db.write(async (tx) => await writeFeedItems(tx, key, [row]));
  return recordId;
}
