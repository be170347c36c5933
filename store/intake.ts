import type { Queries, Tx } from './database.ts';

export interface KnownMessage {
  readonly id: string;
  readonly lead: string | null;
  readonly contentHash: string;
}

/** The message that was accepted under a dedupe key of the source. */
export async function findMessageByKey(
  db: Queries,
  key: { readonly tenantId: string; readonly source: string; readonly dedupeKey: string },
): Promise<KnownMessage | undefined> {
  return await db.get<KnownMessage>(
    'SELECT `id`, `lead`, `contentHash` FROM `intake_message` WHERE `tenantId` = ? AND `source` = ? AND `dedupeKey` = ?',
    [key.tenantId, key.source, key.dedupeKey],
  );
}

/** Counts a delivery of the same content once more. */
export async function countRepeat(tx: Tx, id: string): Promise<void> {
  await tx.run('UPDATE `intake_message` SET `duplicates` = `duplicates` + 1 WHERE `id` = ?', [id]);
}
