import { LeitwerkError, type Text } from '../core/errors.ts';
import type { Tx } from './database.ts';
import type { TableDefinition } from './tables.ts';

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

/** Forgets keys older than `before`. */
export async function forgetIdempotencyKeys(tx: Tx, before: string): Promise<void> {
  await tx.run('DELETE FROM `idempotency` WHERE `at` < ?', [before]);
}
