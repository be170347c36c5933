import type { FormerEntry, NextAction, ProcessState, RefusedJump, TimerState } from '../core/pipeline/state.ts';
import type { Queries, Tx, Value } from './database.ts';
import type { TableDefinition } from './tables.ts';

/** One row a record that a pipeline carries: everything its workflow would need to go on if Temporal had lost it. */
export const processTable: TableDefinition = {
  name: 'process',
  columns: {
    tenantId: 'key',
    entity: 'key',
    recordId: 'key',
    pipeline: 'key',
    revision: 'integer',
    state: 'key',
    stage: 'key',
    entry: 'integer',
    enteredAt: 'instant',
    timers: 'json',
    isPlanDone: 'boolean',
    refusedJump: 'json',
    formerEntries: 'json',
    seenSeq: 'integer',
    seenVersions: 'json',
    touchedAt: 'instant',
    nextAt: 'instant',
    nextAction: 'json',
    error: 'json',
    startedAt: 'instant',
    updatedAt: 'instant',
  },
  primaryKey: ['tenantId', 'entity', 'recordId'],
  indexes: [
    ['tenantId', 'state', 'updatedAt'],
    ['state', 'nextAt'],
  ],
};

/** Whose turn it was last, for assigning in turn. */
export const turnTable: TableDefinition = {
  name: 'assignment_turn',
  columns: { tenantId: 'key', name: 'key', lastUser: 'key' },
  primaryKey: ['tenantId', 'name'],
};

/** Names one process of one tenant. */
export interface ProcessKey {
  readonly tenantId: string;
  readonly entity: string;
  readonly recordId: string;
}

/** Business id of a process's workflow in Temporal. */
export const workflowIdOf = (key: ProcessKey): string => `${key.entity}/${key.tenantId}/${key.recordId}`;

/** Why a process is parked. `step` is the effect's name or `advance`. */
export interface ProcessError {
  readonly code: string;
  readonly message: { readonly de: string; readonly en: string };
  readonly step: string;
  readonly at: string;
  readonly attempts: number;
  /** Where the record was then: moved elsewhere by hand, the process goes on. */
  readonly stage: string;
  /** The task made for the owner. */
  readonly activity?: string;
}

export interface ProcessRow extends ProcessKey {
  readonly pipeline: string;
  readonly revision: number;
  /** `none`: whoever made the record wanted no process for it. */
  readonly state: 'running' | 'parked' | 'done' | 'none';
  readonly position: ProcessState;
  /** Newest event of the record itself that has been looked at. Whoever writes one holds the record's lock, so they come in order. */
  readonly seenSeq: number;
  /**
   * Activity → version of it that has been looked at. Activities are written under locks of their own, so an event with a lower number
   * may be committed after one with a higher; the versions of one activity are always in order.
   */
  readonly seenVersions: Readonly<Record<string, number>>;
  readonly touchedAt: string | undefined;
  readonly next: NextAction | undefined;
  readonly error: ProcessError | undefined;
  readonly startedAt: string;
  readonly updatedAt: string;
}

interface StoredProcess extends ProcessKey {
  readonly pipeline: string;
  readonly revision: number;
  readonly state: ProcessRow['state'];
  readonly stage: string | null;
  readonly entry: number;
  readonly enteredAt: string | null;
  readonly timers: string;
  readonly isPlanDone: number;
  readonly refusedJump: string | null;
  readonly formerEntries: string | null;
  readonly seenSeq: number;
  readonly seenVersions: string | null;
  readonly touchedAt: string | null;
  readonly nextAction: string | null;
  readonly error: string | null;
  readonly startedAt: string;
  readonly updatedAt: string;
}

const toProcess = (row: StoredProcess): ProcessRow => ({
  tenantId: row.tenantId,
  entity: row.entity,
  recordId: row.recordId,
  pipeline: row.pipeline,
  revision: row.revision,
  state: row.state,
  position: {
    stage: row.stage,
    entry: row.entry,
    enteredAt: row.enteredAt,
    timers: JSON.parse(row.timers) as Record<string, TimerState>,
    isPlanDone: row.isPlanDone === 1,
    isDone: row.state === 'done',
    refused: row.refusedJump === null ? null : (JSON.parse(row.refusedJump) as RefusedJump),
    former: row.formerEntries === null ? [] : (JSON.parse(row.formerEntries) as FormerEntry[]),
  },
  seenSeq: row.seenSeq,
  seenVersions: row.seenVersions === null ? {} : (JSON.parse(row.seenVersions) as Record<string, number>),
  touchedAt: row.touchedAt ?? undefined,
  next: row.nextAction === null ? undefined : (JSON.parse(row.nextAction) as NextAction),
  error: row.error === null ? undefined : (JSON.parse(row.error) as ProcessError),
  startedAt: row.startedAt,
  updatedAt: row.updatedAt,
});

const selectSql = 'SELECT * FROM `process` WHERE `tenantId` = ? AND `entity` = ? AND `recordId` = ?';
const keyOf = (key: ProcessKey): Value[] => [key.tenantId, key.entity, key.recordId];

/** Undefined until the process has taken its first step. */
export async function readProcess(db: Queries, key: ProcessKey): Promise<ProcessRow | undefined> {
  const row = await db.get<StoredProcess>(selectSql, keyOf(key));
  return row === undefined ? undefined : toProcess(row);
}

/** Writes the whole row. The caller holds the record's lock, so that no two steps of a process meet. */
export async function writeProcess(tx: Tx, process: ProcessRow, isNew: boolean): Promise<void> {
  const { position } = process;
  const values: Record<string, Value> = {
    pipeline: process.pipeline,
    revision: process.revision,
    state: process.state,
    stage: position.stage,
    entry: position.entry,
    enteredAt: position.enteredAt,
    timers: JSON.stringify(position.timers),
    isPlanDone: position.isPlanDone ? 1 : 0,
    refusedJump: position.refused === null ? null : JSON.stringify(position.refused),
    formerEntries: position.former.length === 0 ? null : JSON.stringify(position.former),
    seenSeq: process.seenSeq,
    seenVersions: JSON.stringify(process.seenVersions),
    touchedAt: process.touchedAt ?? null,
    nextAt: process.next?.at ?? null,
    nextAction: process.next === undefined ? null : JSON.stringify(process.next),
    error: process.error === undefined ? null : JSON.stringify(process.error),
    startedAt: process.startedAt,
    updatedAt: process.updatedAt,
  };
  const names = Object.keys(values);
  if (isNew) {
    const columns = ['tenantId', 'entity', 'recordId', ...names].map((name) => `\`${name}\``).join(', ');
    const marks = Array(names.length + 3)
      .fill('?')
      .join(', ');
    await tx.run(`INSERT INTO \`process\` (${columns}) VALUES (${marks})`, [
      ...keyOf(process),
      ...Object.values(values),
    ]);
    return;
  }
  const sets = names.map((name) => `\`${name}\` = ?`).join(', ');
  await tx.run(`UPDATE \`process\` SET ${sets} WHERE \`tenantId\` = ? AND \`entity\` = ? AND \`recordId\` = ?`, [
    ...Object.values(values),
    ...keyOf(process),
  ]);
}

const forgoMarks = "(?, ?, ?, 'none', 0, '{}', 0, 0, ?, ?)";
const forgoSql = `INSERT INTO \`process\` (\`tenantId\`, \`entity\`, \`recordId\`, \`state\`, \`entry\`, \`timers\`, \`isPlanDone\`, \`seenSeq\`, \`startedAt\`, \`updatedAt\`) VALUES ${forgoMarks}`;
/** Rows of one insert that several share. */
const atOnce = 25;

/** Notes that records are to have no process, so that neither the relay nor the reconciler starts one. */
export async function forgoProcesses(tx: Tx, keys: readonly ProcessKey[], at: string): Promise<void> {
  const whole = keys.length - (keys.length % atOnce);
  for (let index = 0; index < whole; index += atOnce) {
    const some = keys.slice(index, index + atOnce);
    await tx.run(
      `${forgoSql}${`, ${forgoMarks}`.repeat(atOnce - 1)}`,
      some.flatMap((key) => [...keyOf(key), at, at]),
    );
  }
  for (const key of keys.slice(whole)) await tx.run(forgoSql, [...keyOf(key), at, at]);
}

/** Processes that need a person, newest first. */
export async function readParked(db: Queries, tenantId: string, limit = 100): Promise<ProcessRow[]> {
  const rows = await db.all<StoredProcess>(
    `SELECT * FROM \`process\` WHERE \`tenantId\` = ? AND \`state\` = 'parked' ORDER BY \`updatedAt\` DESC LIMIT ${Math.trunc(limit)}`,
    [tenantId],
  );
  return rows.map(toProcess);
}

/** The candidate whose turn it is: the one after the last, in the order given. Undefined without candidates. */
export async function takeTurn(
  tx: Tx,
  turn: { readonly tenantId: string; readonly name: string; readonly candidates: readonly string[] },
): Promise<string | undefined> {
  const { tenantId, name, candidates } = turn;
  const lock = tx.dialect === 'mysql' ? ' FOR UPDATE' : '';
  const last = await tx.get<{ lastUser: string }>(
    `SELECT \`lastUser\` FROM \`assignment_turn\` WHERE \`tenantId\` = ? AND \`name\` = ?${lock}`,
    [tenantId, name],
  );
  const next = candidates[(candidates.indexOf(last?.lastUser ?? '') + 1) % Math.max(candidates.length, 1)];
  if (next === undefined) return undefined;
  if (last === undefined)
    await tx.run('INSERT INTO `assignment_turn` (`tenantId`, `name`, `lastUser`) VALUES (?, ?, ?)', [
      tenantId,
      name,
      next,
    ]);
  else
    await tx.run('UPDATE `assignment_turn` SET `lastUser` = ? WHERE `tenantId` = ? AND `name` = ?', [
      next,
      tenantId,
      name,
    ]);
  return next;
}
