import type { Queries, Tx } from './database.ts';
import type { TableDefinition } from './tables.ts';

/** Mails that were acknowledged and not yet worked: a row each, gone in the transaction that files the mail. */
export const mailJobTable: TableDefinition = {
  name: 'mail_job',
  columns: { id: 'key', tenantId: 'key', attempts: 'integer', dueAt: 'instant', envelope: 'json' },
  primaryKey: ['id'],
  indexes: [['attempts', 'id']],
};

/** For whom a mail is: a source of leads, or a user who wants it filed. */
export type MailRecipient =
  | { readonly kind: 'source'; readonly address: string; readonly source: string }
  /** Without the address, which is secret. `number` of a record, where the address says one. */
  | { readonly kind: 'user'; readonly user: string; readonly name: string; readonly number: string | null };

/** What SMTP said beside the mail itself; all empty but the recipients where a mailbox was read. */
export interface MailEnvelope {
  readonly remoteAddress: string;
  readonly helo: string;
  readonly mailFrom: string;
  readonly recipients: readonly MailRecipient[];
}

export interface MailJob {
  /** Id of the received message. */
  readonly id: string;
  readonly tenantId: string;
  /** How often work on it was begun. */
  readonly attempts: number;
  readonly envelope: MailEnvelope;
}

export async function addMailJob(
  tx: Tx,
  job: { readonly id: string; readonly tenantId: string; readonly at: string; readonly envelope: MailEnvelope },
): Promise<void> {
  await tx.run('INSERT INTO `mail_job` (`id`, `tenantId`, `attempts`, `dueAt`, `envelope`) VALUES (?, ?, 0, ?, ?)', [
    job.id,
    job.tenantId,
    job.at,
    JSON.stringify(job.envelope),
  ]);
}

/** Jobs that are due, those that were never begun first, so that none waits behind a mail that fails. */
export async function readDueMailJobs(db: Queries, now: string, limit: number): Promise<MailJob[]> {
  const rows = await db.all<Omit<MailJob, 'envelope'> & { envelope: string }>(
    `SELECT \`id\`, \`tenantId\`, \`attempts\`, \`envelope\` FROM \`mail_job\` WHERE \`dueAt\` <= ? ORDER BY \`attempts\`, \`id\` LIMIT ${Math.trunc(limit)}`,
    [now],
  );
  return rows.map((row) => ({ ...row, envelope: JSON.parse(row.envelope) as MailEnvelope }));
}

/** Notes that work begins, before it does: a process that dies of a mail has counted it. Due again at `dueAt` unless it is done. */
export async function beginMailJobs(tx: Tx, ids: readonly string[], dueAt: string): Promise<void> {
  const marks = ids.map(() => '?').join(', ');
  await tx.run(`UPDATE \`mail_job\` SET \`attempts\` = \`attempts\` + 1, \`dueAt\` = ? WHERE \`id\` IN (${marks})`, [
    dueAt,
    ...ids,
  ]);
}

/** Work that failed is due again at `dueAt`. */
export async function postponeMailJob(tx: Tx, id: string, dueAt: string): Promise<void> {
  await tx.run('UPDATE `mail_job` SET `dueAt` = ? WHERE `id` = ?', [dueAt, id]);
}

/** Everything is due at once: whoever had begun it is gone. */
export async function makeMailJobsDue(tx: Tx, now: string): Promise<void> {
  await tx.run('UPDATE `mail_job` SET `dueAt` = ? WHERE `dueAt` > ?', [now, now]);
}

/** False when somebody else has done it. */
export async function endMailJob(tx: Tx, id: string): Promise<boolean> {
  return (await tx.run('DELETE FROM `mail_job` WHERE `id` = ?', [id])).changes > 0;
}

export async function readMailBacklog(db: Queries): Promise<number> {
  return (await db.get<{ n: number }>('SELECT COUNT(*) AS `n` FROM `mail_job`'))?.n ?? 0;
}
