import { createHash } from 'node:crypto';
import type { Text } from '../core/errors.ts';
import type { ExternalEffect } from '../core/pipeline/state.ts';
import type { Queries, Tx, Value } from './database.ts';
import type { ProcessKey } from './processes.ts';
import type { TableDefinition } from './tables.ts';

/**
 * What leaves the machine, recorded before it is sent: a mail or a webhook is one row for ever, found by its name
 * (`lead/<id>/neu/1/enter/2`), so that no restart and no lost history sends it twice.
 */
export const effectTable: TableDefinition = {
  name: 'effect',
  columns: {
    tenantId: 'key',
    id: 'key',
    name: { text: 400 },
    entity: 'key',
    recordId: 'key',
    stage: 'key',
    kind: 'key',
    payload: 'json',
    state: 'key',
    attempts: 'integer',
    error: 'json',
    sent: 'json',
    createdAt: 'instant',
    updatedAt: 'instant',
  },
  primaryKey: ['tenantId', 'id'],
  indexes: [
    ['tenantId', 'entity', 'recordId', 'state'],
    ['state', 'updatedAt'],
  ],
};

export type EffectState = 'pending' | 'done' | 'failed' | 'skipped';

/** Why an attempt failed, in words for people of the tenant. */
export interface EffectError {
  readonly code: string;
  readonly message: Text;
}

export interface EffectRow extends ProcessKey {
  readonly id: string;
  readonly name: string;
  readonly stage: string;
  readonly effect: ExternalEffect;
  readonly state: EffectState;
  readonly attempts: number;
  /** Addresses of a mail that have been served. */
  readonly sent: readonly string[];
  /** Of the last attempt, until one succeeds. */
  readonly error: EffectError | undefined;
  readonly createdAt: string;
}

type StoredEffect = Omit<EffectRow, 'effect' | 'sent' | 'error'> & {
  readonly payload: string;
  readonly sent: string | null;
  readonly error: string | null;
};

const toEffect = ({ payload, sent, error, ...row }: StoredEffect): EffectRow => ({
  ...row,
  effect: JSON.parse(payload) as ExternalEffect,
  sent: sent === null ? [] : (JSON.parse(sent) as string[]),
  error: error === null ? undefined : (JSON.parse(error) as EffectError),
});
const columns =
  '`tenantId`, `id`, `name`, `entity`, `recordId`, `stage`, `payload`, `state`, `attempts`, `sent`, `error`, `createdAt`';

/** Short name of an effect for keys and message ids: the first 32 hex digits of its name's SHA-256. */
export const effectId = (name: string): string => createHash('sha256').update(name).digest('hex').slice(0, 32);

/** Records an effect that is to be done. One that is recorded already stays as it is. */
export async function addEffect(
  tx: Tx,
  input: ProcessKey & { readonly stage: string; readonly effect: ExternalEffect; readonly at: string },
): Promise<void> {
  const { effect } = input;
  const id = effectId(effect.key);
  const known = await tx.get('SELECT `id` FROM `effect` WHERE `tenantId` = ? AND `id` = ?', [input.tenantId, id]);
  if (known !== undefined) return;
  const values: Value[] = [
    input.tenantId,
    id,
    effect.key,
    input.entity,
    input.recordId,
    input.stage,
    effect.kind,
    JSON.stringify(effect),
    input.at,
    input.at,
  ];
  await tx.run(
    "INSERT INTO `effect` (`tenantId`, `id`, `name`, `entity`, `recordId`, `stage`, `kind`, `payload`, `createdAt`, `updatedAt`, `state`, `attempts`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'pending', 0)",
    values,
  );
}

export async function readEffect(db: Queries, tenantId: string, id: string): Promise<EffectRow | undefined> {
  const row = await db.get<StoredEffect>(`SELECT ${columns} FROM \`effect\` WHERE \`tenantId\` = ? AND \`id\` = ?`, [
    tenantId,
    id,
  ]);
  return row === undefined ? undefined : toEffect(row);
}

/** A process's effects in one of these states, oldest first. */
export async function readEffects(db: Queries, key: ProcessKey, state: EffectState): Promise<EffectRow[]> {
  const rows = await db.all<StoredEffect>(
    `SELECT ${columns} FROM \`effect\` WHERE \`tenantId\` = ? AND \`entity\` = ? AND \`recordId\` = ? AND \`state\` = ? ORDER BY \`createdAt\`, \`name\` LIMIT 200`,
    [key.tenantId, key.entity, key.recordId, state],
  );
  return rows.map(toEffect);
}

/** Notes how an effect came out. `attempts` is counted up by the caller. */
export async function writeEffectState(
  tx: Tx,
  change: {
    readonly tenantId: string;
    readonly id: string;
    readonly state: EffectState;
    readonly at: string;
    readonly attempts?: number;
    readonly error?: EffectError | undefined;
  },
): Promise<void> {
  const { tenantId, id, state, at, attempts, error } = change;
  const counted = attempts === undefined ? '' : ', `attempts` = ?';
  await tx.run(
    `UPDATE \`effect\` SET \`state\` = ?, \`updatedAt\` = ?, \`error\` = ?${counted} WHERE \`tenantId\` = ? AND \`id\` = ?`,
    [
      state,
      at,
      error === undefined ? null : JSON.stringify(error),
      ...(attempts === undefined ? [] : [attempts]),
      tenantId,
      id,
    ],
  );
}

/** Notes which addresses of a mail have been served, so that another attempt leaves them out. */
export async function writeSent(
  tx: Tx,
  effect: { readonly tenantId: string; readonly id: string },
  sent: readonly string[],
): Promise<void> {
  await tx.run('UPDATE `effect` SET `sent` = ? WHERE `tenantId` = ? AND `id` = ?', [
    JSON.stringify(sent),
    effect.tenantId,
    effect.id,
  ]);
}
