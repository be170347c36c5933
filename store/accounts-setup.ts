import type { Queries, Tx } from './database.ts';

/** Beside those that are still good: every process that starts shows a link of its own. */
export async function addSetupToken(
  tx: Tx,
  token: { readonly hash: string; readonly now: string; readonly expiresAt: string },
): Promise<void> {
  await tx.run('DELETE FROM `setup_token` WHERE `expiresAt` <= ?', [token.now]);
  await tx.run('INSERT INTO `setup_token` (`id`, `tokenHash`, `expiresAt`) VALUES (?, ?, ?)', [
    token.hash,
    token.hash,
    token.expiresAt,
  ]);
}

export async function removeSetupTokens(tx: Tx): Promise<void> {
  await tx.run('DELETE FROM `setup_token`');
}

export async function isSetupTokenValid(q: Queries, tokenHash: string, now: Date): Promise<boolean> {
  const sql = 'SELECT `id` FROM `setup_token` WHERE `tokenHash` = ? AND `expiresAt` > ?';
  return (await q.get(sql, [tokenHash, now.toISOString()])) !== undefined;
}
