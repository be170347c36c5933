import { createHash } from 'node:crypto';
import { LeitwerkError, type Text } from '../core/errors.ts';
import type { Tx } from './database.ts';
import type { TableDefinition } from './tables.ts';
import { unlessThere } from './violations.ts';

/** Answers given under an `Idempotency-Key` or a sender's number of a delivery, stored in the transaction of their effect. */
export const idempotencyTable: TableDefinition = {
  name: 'idempotency',
  columns: { tenantId: 'key', scope: 'key', key: 'key', requestHash: 'key', answer: 'json', at: 'instant' },
  primaryKey: ['tenantId', 'scope', 'key'],
  indexes: [['at']],
};

export interface IdempotencyClaim {
  readonly tenantId: string;
  /** Keys of different callers never meet: `user/<id>`, `source/<key>`; deliveries of a source are `delivery/<key>`. */
  readonly scope: string;
  readonly key: string;
  readonly requestHash: string;
  readonly at: string;
  /** What is said of another request under the key; absent = that of an `Idempotency-Key`. */
  readonly conflict?: Text;
}

const reused: Text = {
  de: 'Dieser Idempotency-Key wurde schon mit einem anderen Inhalt benutzt.',
  en: 'This Idempotency-Key was used with another body already.',
};

/**
 * The stored answer when this request was answered before, undefined when it is new.
 * @throws LeitwerkError `Conflict` when the key was used for another request.
 */
export async function claimIdempotencyKey(tx: Tx, claim: IdempotencyClaim): Promise<unknown> {
  const sql = 'SELECT `requestHash`, `answer` FROM `idempotency` WHERE `tenantId` = ? AND `scope` = ? AND `key` = ?';
  const row = await tx.get<{ requestHash: string; answer: string }>(
    tx.dialect === 'mysql' ? `${sql} FOR UPDATE` : sql,
    [claim.tenantId, claim.scope, claim.key],
  );
  if (row === undefined) return undefined;
  if (row.requestHash !== claim.requestHash) throw new LeitwerkError('Conflict', { text: claim.conflict ?? reused });
  return JSON.parse(row.answer) as unknown;
}

export async function keepIdempotentAnswer(tx: Tx, claim: IdempotencyClaim, answer: unknown): Promise<void> {
  await tx.run(
    'INSERT INTO `idempotency` (`tenantId`, `scope`, `key`, `requestHash`, `answer`, `at`) VALUES (?, ?, ?, ?, ?, ?)',
    [claim.tenantId, claim.scope, claim.key, claim.requestHash, JSON.stringify(answer ?? null), claim.at],
  );
}

/**
 * Lets those that write about the same keys go one after the other: until the transaction ends nobody else gets past here with one of them.
 * Reads that follow see what the one before has written. On SQLite all writers go one after the other anyway.
 */
export async function queueFor(
  tx: Tx,
  of: { readonly tenantId: string; readonly scope: string; readonly keys: readonly string[]; readonly at: string },
): Promise<void> {
  if (tx.dialect === 'sqlite') return;
  const insert =
    "INSERT INTO `idempotency` (`tenantId`, `scope`, `key`, `requestHash`, `answer`, `at`) VALUES (?, ?, ?, '', 'null', ?)";
  // Everybody in the same order, so that no two wait for each other.
  for (const key of of.keys.map(hashOf).toSorted())
    await tx.run(`${insert} ${unlessThere(tx.dialect, 'key')}`, [of.tenantId, of.scope, key, of.at]);
}

const hashOf = (key: string): string => createHash('sha256').update(key).digest('hex');

/** Forgets keys older than `before`. */
export async function forgetIdempotencyKeys(tx: Tx, before: string): Promise<void> {
  await tx.run('DELETE FROM `idempotency` WHERE `at` < ?', [before]);
}
