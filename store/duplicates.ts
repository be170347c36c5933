import type { Reason } from '../core/duplicate-score.ts';
import type { Queries, Tx, Value } from './database.ts';
import type { TableDefinition } from './tables.ts';

/** Keys by which doubles are found. Written behind the records, never in the transaction that takes a lead in. */
const matchKeyTable: TableDefinition = {
  name: 'match_key',
  columns: { tenantId: 'key', entity: 'key', key: 'key', recordId: 'key' },
  primaryKey: ['tenantId', 'entity', 'key', 'recordId'],
  indexes: [['recordId']],
};

/** Two records that may be the same; `one` is the older. What a person decided stays decided. */
const pairTable: TableDefinition = {
  name: 'duplicate_pair',
  columns: {
    tenantId: 'key',
    entity: 'key',
    one: 'key',
    other: 'key',
    state: 'key',
    score: 'integer',
    reasons: 'json',
    decidedAt: 'instant',
    decidedBy: 'key',
  },
  primaryKey: ['one', 'other'],
  indexes: [['tenantId', 'entity', 'state', 'score', 'one'], ['other']],
};

/** A merge with everything that it moved, so that it can be taken apart. */
const mergeTable: TableDefinition = {
  name: 'record_merge',
  columns: {
    id: 'key',
    tenantId: 'key',
    entity: 'key',
    winner: 'key',
    loser: 'key',
    at: 'instant',
    actor: 'key',
    winnerEvent: 'integer',
    loserEvent: 'integer',
    moved: 'json',
    splitAt: 'instant',
    address: 'key',
  },
  primaryKey: ['id'],
  indexes: [
    ['tenantId', 'winner', 'at'],
    ['tenantId', 'loser', 'at'],
    ['tenantId', 'address'],
  ],
};

/** How far something that follows the events is. */
const followerTable: TableDefinition = {
  name: 'follower',
  columns: { name: 'key', seq: 'integer' },
  primaryKey: ['name'],
};

export const duplicateTables: readonly TableDefinition[] = [matchKeyTable, pairTable, mergeTable, followerTable];

/** Undefined: it has not begun. */
export async function readFollower(db: Queries, name: string): Promise<number | undefined> {
  return (await db.get<{ seq: number }>('SELECT `seq` FROM `follower` WHERE `name` = ?', [name]))?.seq;
}

export async function writeFollower(tx: Tx, name: string, seq: number): Promise<void> {
  await tx.run('DELETE FROM `follower` WHERE `name` = ?', [name]);
  await tx.run('INSERT INTO `follower` (`name`, `seq`) VALUES (?, ?)', [name, seq]);
}

interface Scope {
  readonly tenantId: string;
  readonly entity: string;
}

/** Replaces a record's keys. */
export async function writeMatchKeys(
  tx: Tx,
  of: Scope & { readonly recordId: string; readonly keys: readonly string[] },
): Promise<void> {
  const { tenantId, entity, recordId, keys } = of;
  await tx.run('DELETE FROM `match_key` WHERE `recordId` = ?', [recordId]);
  if (keys.length === 0) return;
  const marks = keys.map(() => '(?, ?, ?, ?)').join(', ');
  await tx.run(
    `INSERT INTO \`match_key\` (\`tenantId\`, \`entity\`, \`key\`, \`recordId\`) VALUES ${marks}`,
    keys.flatMap((key) => [tenantId, entity, key, recordId]),
  );
}

/** Records that have one of the keys. A key that more than `most` have (a large company's mail domain) tells nothing and is left out. */
export async function findByMatchKeys(
  db: Queries,
  of: Scope & { readonly keys: readonly string[]; readonly most: number },
): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  for (const key of of.keys) {
    const rows = await db.all<{ recordId: string }>(
      `SELECT \`recordId\` FROM \`match_key\` WHERE \`tenantId\` = ? AND \`entity\` = ? AND \`key\` = ? LIMIT ${of.most + 1}`,
      [of.tenantId, of.entity, key],
    );
    if (rows.length <= of.most) for (const { recordId } of rows) found.add(recordId);
  }
  return found;
}

export type PairState = 'open' | 'distinct' | 'merged';

export interface DuplicatePair extends Scope {
  readonly one: string;
  readonly other: string;
  readonly state: PairState;
  readonly score: number;
  readonly reasons: readonly Reason[];
  readonly decidedAt: string | null;
  readonly decidedBy: string | null;
}

type StoredPair = Omit<DuplicatePair, 'reasons'> & { readonly reasons: string };

const toPair = (row: StoredPair): DuplicatePair => ({ ...row, reasons: JSON.parse(row.reasons) as Reason[] });

const pairColumns = '`tenantId`, `entity`, `one`, `other`, `state`, `score`, `reasons`, `decidedAt`, `decidedBy`';

/** The older first: ids grow with time. */
export const orderedPair = (one: string, other: string): readonly [one: string, other: string] =>
  one < other ? [one, other] : [other, one];

/** Forgets open pairs of a record, to look anew. */
export async function forgetOpenPairs(tx: Tx, recordId: string): Promise<void> {
  await tx.run("DELETE FROM `duplicate_pair` WHERE `one` = ? AND `state` = 'open'", [recordId]);
  await tx.run("DELETE FROM `duplicate_pair` WHERE `other` = ? AND `state` = 'open'", [recordId]);
}

export async function readPair(
  db: Queries,
  key: { readonly tenantId: string; readonly ids: readonly [string, string] },
): Promise<DuplicatePair | undefined> {
  const row = await db.get<StoredPair>(
    `SELECT ${pairColumns} FROM \`duplicate_pair\` WHERE \`one\` = ? AND \`other\` = ? AND \`tenantId\` = ?`,
    [...key.ids, key.tenantId],
  );
  return row === undefined ? undefined : toPair(row);
}

/** Adds a pair that is to be decided; one that was decided stays so. */
export async function addOpenPair(tx: Tx, pair: DuplicatePair): Promise<void> {
  const known = await readPair(tx, { tenantId: pair.tenantId, ids: [pair.one, pair.other] });
  if (known === undefined || known.state === 'open') await writePair(tx, pair);
}

/** Writes a pair as it is now. */
export async function writePair(tx: Tx, pair: DuplicatePair): Promise<void> {
  await tx.run('DELETE FROM `duplicate_pair` WHERE `one` = ? AND `other` = ?', [pair.one, pair.other]);
  const { tenantId, entity, one, other, state, score, reasons, decidedAt, decidedBy } = pair;
  await tx.run(`INSERT INTO \`duplicate_pair\` (${pairColumns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`, [
    tenantId,
    entity,
    one,
    other,
    state,
    score,
    JSON.stringify(reasons),
    decidedAt,
    decidedBy,
  ]);
}

/** Pairs of an entity, the likeliest first, behind a position. */
export async function readPairs(
  db: Queries,
  query: Scope & {
    readonly state: PairState;
    readonly limit: number;
    readonly after?: { readonly score: number; readonly one: string; readonly other: string } | undefined;
  },
): Promise<DuplicatePair[]> {
  const { after } = query;
  const params: Value[] = [query.tenantId, query.entity, query.state];
  if (after !== undefined) params.push(after.score, after.score, after.one, after.one, after.other);
  const behind =
    after === undefined ? '' : ' AND (`score` < ? OR (`score` = ? AND (`one` < ? OR (`one` = ? AND `other` < ?))))';
  const rows = await db.all<StoredPair>(
    `SELECT ${pairColumns} FROM \`duplicate_pair\` WHERE \`tenantId\` = ? AND \`entity\` = ? AND \`state\` = ?${behind} ORDER BY \`score\` DESC, \`one\` DESC, \`other\` DESC LIMIT ${Math.trunc(query.limit)}`,
    params,
  );
  return rows.map(toPair);
}

/** Records whose field was turned from the loser to the winner. */
export interface MovedLinks {
  readonly entity: string;
  readonly field: string;
  readonly ids: readonly string[];
}

export interface Merge extends Scope {
  readonly id: string;
  readonly winner: string;
  readonly loser: string;
  readonly at: string;
  readonly actor: string;
  readonly winnerEvent: number;
  readonly loserEvent: number;
  readonly moved: readonly MovedLinks[];
}

interface MergeInput extends Merge {
  /** What mail knew the loser by: a person's `emailKey`, a company's `domain`. */
  readonly address: string | null;
}

type StoredMerge = Omit<Merge, 'moved'> & { readonly moved: string };

export async function insertMerge(tx: Tx, merge: MergeInput): Promise<void> {
  const { id, tenantId, entity, winner, loser, at, actor, winnerEvent, loserEvent, moved, address } = merge;
  await tx.run(
    'INSERT INTO `record_merge` (`id`, `tenantId`, `entity`, `winner`, `loser`, `at`, `actor`, `winnerEvent`, `loserEvent`, `moved`, `address`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
    [id, tenantId, entity, winner, loser, at, actor, winnerEvent, loserEvent, JSON.stringify(moved), address],
  );
}

/** Records that were known by one of these addresses and that another one stands for since, the newest merge first. */
export async function findMergedAway(
  db: Queries,
  of: { readonly tenantId: string; readonly addresses: readonly string[] },
): Promise<Pick<Merge, 'entity' | 'loser'>[]> {
  const marks = of.addresses.map(() => '?').join(', ');
  return await db.all(
    `SELECT \`entity\`, \`loser\` FROM \`record_merge\` WHERE \`tenantId\` = ? AND \`address\` IN (${marks}) AND \`splitAt\` IS NULL ORDER BY \`at\` DESC, \`id\` DESC`,
    [of.tenantId, ...of.addresses],
  );
}

/** The newest merge in which the record won or lost and that has not been taken apart. */
export async function readMergeOf(
  db: Queries,
  of: { readonly tenantId: string; readonly winner: string; readonly loser?: string | undefined },
): Promise<Merge | undefined> {
  const loser = of.loser === undefined ? '' : ' AND `loser` = ?';
  const row = await db.get<StoredMerge>(
    `SELECT \`id\`, \`tenantId\`, \`entity\`, \`winner\`, \`loser\`, \`at\`, \`actor\`, \`winnerEvent\`, \`loserEvent\`, \`moved\` FROM \`record_merge\` WHERE \`tenantId\` = ? AND \`winner\` = ?${loser} AND \`splitAt\` IS NULL ORDER BY \`at\` DESC, \`id\` DESC LIMIT 1`,
    of.loser === undefined ? [of.tenantId, of.winner] : [of.tenantId, of.winner, of.loser],
  );
  return row === undefined ? undefined : { ...row, moved: JSON.parse(row.moved) as MovedLinks[] };
}

export async function endMerge(tx: Tx, id: string, at: string): Promise<void> {
  await tx.run('UPDATE `record_merge` SET `splitAt` = ? WHERE `id` = ?', [at, id]);
}

interface LinkTurn {
  readonly tenantId: string;
  readonly table: string;
  readonly field: string;
  readonly from: string;
  readonly to: string;
}

/** Ids of records that link to one, deleted ones too. */
export async function readLinking(
  db: Queries,
  of: Pick<LinkTurn, 'tenantId' | 'table' | 'field'> & { readonly recordId: string },
): Promise<string[]> {
  const sql = `SELECT \`id\` FROM \`${of.table}\` WHERE \`tenantId\` = ? AND \`${of.field}\` = ?`;
  return (await db.all<{ id: string }>(sql, [of.tenantId, of.recordId])).map(({ id }) => id);
}

/** Turns links of rows that tell of a record (timeline, received messages): no change that anybody made to them. */
export async function turnLinks(tx: Tx, turn: LinkTurn & { readonly ids: readonly string[] }): Promise<void> {
  for (const id of turn.ids)
    await tx.run(
      `UPDATE \`${turn.table}\` SET \`${turn.field}\` = ? WHERE \`id\` = ? AND \`tenantId\` = ? AND \`${turn.field}\` = ?`,
      [turn.to, id, turn.tenantId, turn.from],
    );
}
