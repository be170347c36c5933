import type { Queries, Tx } from './database.ts';

export interface Failures {
  readonly id: string;
  readonly failures: number;
  readonly lastAt: string;
  readonly blockedUntil: string | null;
}

const columns = '`id`, `failures`, `lastAt`, `blockedUntil`';

/** The count, made if there was none and locked until the transaction ends, so that parallel guesses are all counted. */
export async function lockFailures(tx: Tx, id: string, dialect: 'sqlite' | 'mysql'): Promise<Failures> {
  const fresh: Failures = { id, failures: 0, lastAt: '', blockedUntil: null };
  const ignore = dialect === 'mysql' ? 'INSERT IGNORE' : 'INSERT OR IGNORE';
  await tx.run(`${ignore} INTO \`sign_in_failure\` (${columns}) VALUES (?, 0, ?, NULL)`, [id, '']);
  const lock = dialect === 'mysql' ? ' FOR UPDATE' : '';
  return (await tx.get<Failures>(`SELECT ${columns} FROM \`sign_in_failure\` WHERE \`id\` = ?${lock}`, [id])) ?? fresh;
}

export async function readFailures(q: Queries, id: string): Promise<Failures | undefined> {
  return await q.get<Failures>(`SELECT ${columns} FROM \`sign_in_failure\` WHERE \`id\` = ?`, [id]);
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
