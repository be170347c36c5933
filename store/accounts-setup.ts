import type { Queries, Tx } from './database.ts';

/** Puts the token in place of any earlier one. */
export async function replaceSetupToken(tx: Tx, tokenHash: string, expiresAt: string): Promise<void> {
  await tx.run('DELETE FROM `setup_token`');
  await tx.run('INSERT INTO `setup_token` (`id`, `tokenHash`, `expiresAt`) VALUES (?, ?, ?)', [
    'setup',
    tokenHash,
    expiresAt,
  ]);
}

/** Takes the token out; true for exactly one of those who try, and only while it is valid. */
export async function claimSetupToken(tx: Tx, tokenHash: string, now: Date): Promise<boolean> {
  const sql = 'DELETE FROM `setup_token` WHERE `tokenHash` = ? AND `expiresAt` > ?';
  return (await tx.run(sql, [tokenHash, now.toISOString()])).changes > 0;
}

export async function isSetupTokenValid(q: Queries, tokenHash: string, now: Date): Promise<boolean> {
  const sql = 'SELECT `id` FROM `setup_token` WHERE `tokenHash` = ? AND `expiresAt` > ?';
  return (await q.get(sql, [tokenHash, now.toISOString()])) !== undefined;
}
