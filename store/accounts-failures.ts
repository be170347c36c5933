import type { Tx } from './database.ts';
import { unlessThere } from './violations.ts';

export interface Failures {
  readonly id: string;
  readonly failures: number;
  readonly lastAt: string;
  readonly blockedUntil: string | null;
}

const columns = '`id`, `failures`, `lastAt`, `blockedUntil`';

/** The count, made if there was none and locked until the transaction ends, so that parallel guesses are all counted. */
export async function lockFailures(tx: Tx, of: { readonly id: string; readonly at: string }): Promise<Failures> {
  const insert = `INSERT INTO \`sign_in_failure\` (${columns}) VALUES (?, 0, ?, NULL)`;
  await tx.run(`${insert} ${unlessThere(tx.dialect, 'id')}`, [of.id, of.at]);
  const row = await tx.get<Failures>(`SELECT ${columns} FROM \`sign_in_failure\` WHERE \`id\` = ?`, [of.id]);
  return row ?? { id: of.id, failures: 0, lastAt: of.at, blockedUntil: null };
}

export async function writeFailures(tx: Tx, row: Failures): Promise<void> {
  const sql = 'UPDATE `sign_in_failure` SET `failures` = ?, `lastAt` = ?, `blockedUntil` = ? WHERE `id` = ?';
  await tx.run(sql, [row.failures, row.lastAt, row.blockedUntil, row.id]);
}

export async function deleteFailures(tx: Tx, id: string): Promise<void> {
  await tx.run('DELETE FROM `sign_in_failure` WHERE `id` = ?', [id]);
}

/** Forgets what was last counted before `instant`. */
export async function deleteFailuresBefore(tx: Tx, instant: string): Promise<void> {
  await tx.run('DELETE FROM `sign_in_failure` WHERE `lastAt` < ?', [instant]);
}
