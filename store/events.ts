import type { Queries, Tx, Value } from './database.ts';
import { keyGroups } from './key-groups.ts';
import type { TableDefinition } from './tables.ts';

/** Which work goes first when processes are behind: people, then messages from outside, then imports and replays. */
export type Lane = 'interactive' | 'incoming' | 'background';

/**
 * Audit log, change feed and outbox in one: one row a write. `lane` is the only column that ever changes:
 * it becomes NULL when the relay has told Temporal.
 */
export const eventTable: TableDefinition = {
  name: 'event',
  columns: {
    seq: 'counter',
    tenantId: 'key',
    at: 'instant',
    actor: 'key',
    act: 'key',
    entity: 'key',
    recordId: 'key',
    version: 'integer',
    changes: 'json',
    requestId: 'key',
    lane: 'key',
    wakes: 'key',
  },
  indexes: [['recordId', 'seq']],
  sparse: [{ columns: ['lane', 'seq'], having: 'lane' }],
};

/** Field → [before, after]; a creation has none (the record and its later events say it: `creationValues`), a deletion keeps every field's last value. */
export type Changes = Readonly<Record<string, readonly [before: unknown, after: unknown]>>;

export interface EventInput {
  readonly tenantId: string;
  readonly at: string;
  /** `user/<id>`, `key/<id>`, `source/<key>`, `process/<id>` or `system`. */
  readonly actor: string;
  /** `<entity>.<verb>`: `lead.move`. */
  readonly act: string;
  readonly entity: string;
  readonly recordId: string;
  readonly version: number;
  readonly changes?: Changes | undefined;
  readonly requestId?: string | undefined;
  /** The process to start or wake: `<entity>/<record id>`, and how urgently. */
  readonly wakes?: { readonly process: string; readonly lane: Lane } | undefined;
}

export interface EventRow extends Omit<EventInput, 'wakes' | 'changes' | 'requestId'> {
  readonly seq: number;
  readonly changes: Changes | null;
  readonly requestId: string | null;
  readonly lane: Lane | null;
  readonly wakes: string | null;
}

const insertMarks = '(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)';
const insertSql = `INSERT INTO \`event\` (\`tenantId\`, \`at\`, \`actor\`, \`act\`, \`entity\`, \`recordId\`, \`version\`, \`changes\`, \`requestId\`, \`lane\`, \`wakes\`) VALUES ${insertMarks}`;

const paramsOf = (event: EventInput): Value[] => [
  event.tenantId,
  event.at,
  event.actor,
  event.act,
  event.entity,
  event.recordId,
  event.version,
  event.changes === undefined ? null : JSON.stringify(event.changes),
  event.requestId ?? null,
  event.wakes?.lane ?? null,
  event.wakes?.process ?? null,
];

/** Writes the event and answers its number. */
export async function insertEvent(tx: Tx, event: EventInput): Promise<number> {
  const { insertId } = await tx.run(insertSql, paramsOf(event));
  return insertId;
}

/** Events of one insert that several share. */
const atOnce = 25;
const manySql = `${insertSql}${`, ${insertMarks}`.repeat(atOnce - 1)}`;

/** Writes one event each for many records, and answers their numbers by record. */
export async function insertEvents(tx: Tx, events: readonly EventInput[]): Promise<ReadonlyMap<string, number>> {
  const numbers = new Map<string, number>();
  const whole = events.length - (events.length % atOnce);
  for (let index = 0; index < whole; index += atOnce) {
    const some = events.slice(index, index + atOnce);
    const { insertId } = await tx.run(manySql, some.flatMap(paramsOf));
    // SQLite answers the last number, MySQL the first, and there a cluster leaves gaps.
    if (tx.dialect === 'sqlite')
      some.forEach(({ recordId }, position) => void numbers.set(recordId, insertId - atOnce + 1 + position));
    else for (const [recordId, seq] of await readNumbers(tx, some, insertId)) numbers.set(recordId, seq);
  }
  for (const event of events.slice(whole)) numbers.set(event.recordId, await insertEvent(tx, event));
  return numbers;
}

const readNumbers = async (
  tx: Tx,
  events: readonly EventInput[],
  from: number,
): Promise<(readonly [string, number])[]> => {
  const rows = await tx.all<{ recordId: string; seq: number }>(
    `SELECT \`recordId\`, \`seq\` FROM \`event\` WHERE \`seq\` >= ? AND \`recordId\` IN (${events.map(() => '?').join(', ')})`,
    [from, ...events.map(({ recordId }) => recordId)],
  );
  return rows.map(({ recordId, seq }) => [recordId, seq] as const);
};

type StoredEvent = Omit<EventRow, 'changes'> & { readonly changes: string | null };

const toEventRow = (row: StoredEvent): EventRow => ({
  ...row,
  changes: row.changes === null ? null : (JSON.parse(row.changes) as Changes),
});

/** Events after `seq`, oldest first: the change feed of live views. */
export async function readEventsAfter(db: Queries, seq: number, limit: number): Promise<EventRow[]> {
  const rows = await db.all<StoredEvent>(`SELECT * FROM \`event\` WHERE \`seq\` > ? ORDER BY \`seq\` LIMIT ${limit}`, [
    seq,
  ]);
  return rows.map(toEventRow);
}

/** Whoever wrote it: a process, which an import is too, or anybody else (people, senders, the product itself). */
const byProcess = "`actor` LIKE 'process/%'";

/** Events about some entities after `after` up to `to`, oldest first: those that processes wrote, or the others. */
export async function readEventsAbout(
  db: Queries,
  of: {
    readonly entities: readonly string[];
    readonly isByProcess: boolean;
    readonly after: number;
    readonly to: number;
    readonly limit: number;
  },
): Promise<EventRow[]> {
  const marks = of.entities.map(() => '?').join(', ');
  const rows = await db.all<StoredEvent>(
    `SELECT * FROM \`event\` WHERE \`seq\` > ? AND \`seq\` <= ? AND \`entity\` IN (${marks}) AND ${of.isByProcess ? byProcess : `NOT ${byProcess}`} ORDER BY \`seq\` LIMIT ${Math.trunc(of.limit)}`,
    [of.after, of.to, ...of.entities],
  );
  return rows.map(toEventRow);
}

/** The last number after `after` up to `to` before any event that is younger than `until`. */
export async function readSettledSeq(
  db: Queries,
  of: { readonly after: number; readonly to: number; readonly until: string },
): Promise<number> {
  const young = await db.get<{ seq: number }>(
    'SELECT `seq` FROM `event` WHERE `seq` > ? AND `seq` <= ? AND `at` > ? ORDER BY `seq` LIMIT 1',
    [of.after, of.to, of.until],
  );
  return young === undefined ? of.to : young.seq - 1;
}

/** Those of the events that there are. */
export async function readEventsBySeq(db: Queries, seqs: readonly number[]): Promise<EventRow[]> {
  if (seqs.length === 0) return [];
  const marks = seqs.map(() => '?').join(', ');
  const rows = await db.all<StoredEvent>(`SELECT * FROM \`event\` WHERE \`seq\` IN (${marks}) ORDER BY \`seq\``, seqs);
  return rows.map(toEventRow);
}

/** The numbers that there are after `seq`, up to `last`. */
export async function readSeqsAfter(db: Queries, seq: number, last: number): Promise<number[]> {
  const sql = 'SELECT `seq` FROM `event` WHERE `seq` > ? AND `seq` <= ? ORDER BY `seq`';
  return (await db.all<{ seq: number }>(sql, [seq, last])).map((row) => row.seq);
}

/** The newest event's number, 0 when there is none. */
export async function readLastSeq(db: Queries): Promise<number> {
  return (await readNewest(db))?.seq ?? 0;
}

/** Number and time of the newest event. */
export async function readNewest(db: Queries): Promise<{ readonly seq: number; readonly at: string } | undefined> {
  return await db.get('SELECT `seq`, `at` FROM `event` ORDER BY `seq` DESC LIMIT 1');
}

/** One event of the tenant. */
export async function readEvent(db: Queries, tenantId: string, seq: number): Promise<EventRow | undefined> {
  const row = await db.get<StoredEvent>('SELECT * FROM `event` WHERE `seq` = ? AND `tenantId` = ?', [seq, tenantId]);
  return row === undefined ? undefined : toEventRow(row);
}

/** Within one transaction events are close to each other, whatever others write meanwhile. */
const reach = 2_000;

/** What an act on one record writes into others right behind it: activities moved along, persons and opportunities linked along. */
const following: ReadonlySet<string> = new Set(['activity.shift', 'person.link', 'opportunity.link']);

/** The events of other records that an act brought with it, in their order. */
export async function readFollowing(db: Queries, event: EventRow): Promise<EventRow[]> {
  if (event.requestId === null) return [];
  const rows = await db.all<StoredEvent>(
    'SELECT * FROM `event` WHERE `seq` > ? AND `seq` <= ? AND `tenantId` = ? AND `requestId` = ? ORDER BY `seq`',
    [event.seq, event.seq + reach, event.tenantId, event.requestId],
  );
  const next = rows.findIndex((row) => !following.has(row.act));
  return (next < 0 ? rows : rows.slice(0, next)).map(toEventRow);
}

/** Events of another record that were written in the transaction of this one, or close to it in the same request. */
export async function readBeside(db: Queries, event: EventRow, recordId: string): Promise<EventRow[]> {
  if (event.requestId === null) return [];
  const rows = await db.all<StoredEvent>(
    'SELECT * FROM `event` WHERE `recordId` = ? AND `seq` BETWEEN ? AND ? AND `tenantId` = ? AND `requestId` = ? ORDER BY `seq`',
    [recordId, event.seq - reach, event.seq + reach, event.tenantId, event.requestId],
  );
  return rows.map(toEventRow);
}

/** Most changes of a hundred records that are read at once: a record has some ten. */
const mostChanges = 5_000;

/** What was changed in records since their creation, by record, oldest first. Of records with very many, or read beside such, some are missing. */
export async function readLaterChanges(
  db: Queries,
  of: { readonly tenantId: string; readonly entity: string; readonly recordIds: readonly string[] },
): Promise<ReadonlyMap<string, EventRow[]>> {
  const found: EventRow[] = [];
  for (const ids of keyGroups(of.recordIds)) {
    const marks = ids.map(() => '?').join(', ');
    const rows = await db.all<StoredEvent>(
      `SELECT * FROM \`event\` WHERE \`recordId\` IN (${marks}) AND \`tenantId\` = ? AND \`entity\` = ? AND \`version\` > 1 AND \`changes\` IS NOT NULL ORDER BY \`recordId\`, \`seq\` LIMIT ${mostChanges}`,
      [...ids, of.tenantId, of.entity],
    );
    found.push(...rows.map(toEventRow));
  }
  return Map.groupBy(found, ({ recordId }) => recordId);
}

/** The first events of a record after `seq`, oldest first. */
export async function readEventsSince(
  db: Queries,
  of: { readonly tenantId: string; readonly recordId: string; readonly seq: number },
): Promise<EventRow[]> {
  const rows = await db.all<StoredEvent>(
    'SELECT * FROM `event` WHERE `recordId` = ? AND `seq` > ? AND `tenantId` = ? ORDER BY `seq` LIMIT 500',
    [of.recordId, of.seq, of.tenantId],
  );
  return rows.map(toEventRow);
}

/**
 * Whether a person or an interface has changed the record or one of its activities after the event `seq`, or written into its timeline
 * through the field `link`.
 */
export async function isTouchedSince(
  db: Queries,
  of: {
    readonly tenantId: string;
    readonly recordId: string;
    readonly activities: readonly string[];
    readonly seq: number;
    readonly link: string | undefined;
  },
): Promise<boolean> {
  const { tenantId, recordId, activities, seq } = of;
  const marks = ['?', ...activities.map(() => '?')].join(', ');
  const event = await db.get(
    `SELECT 1 AS \`one\` FROM \`event\` WHERE \`recordId\` IN (${marks}) AND \`seq\` > ? AND \`tenantId\` = ? AND \`actor\` NOT LIKE 'process/%' AND \`actor\` <> 'system' LIMIT 1`,
    [recordId, ...activities, seq, tenantId],
  );
  if (event !== undefined || of.link === undefined) return event !== undefined;
  const entry = await db.get(
    `SELECT 1 AS \`one\` FROM \`timeline_entry\` WHERE \`tenantId\` = ? AND \`deletedAt\` IS NULL AND \`${of.link}\` = ? AND \`actor\` NOT LIKE 'process/%' AND \`actor\` <> 'system' LIMIT 1`,
    [tenantId, recordId],
  );
  return entry !== undefined;
}

export interface AuditQuery {
  readonly tenantId: string;
  readonly entity?: string | undefined;
  readonly recordId?: string | undefined;
  /** Only events older than this number. */
  readonly before?: number | undefined;
  readonly limit: number;
}

/** The audit log, newest first. */
export async function readAudit(db: Queries, query: AuditQuery): Promise<EventRow[]> {
  const conditions = ['`tenantId` = ?'];
  const params: (string | number)[] = [query.tenantId];
  const add = (sql: string, value: string | number | undefined): void => {
    if (value === undefined) return;
    conditions.push(sql);
    params.push(value);
  };
  add('`entity` = ?', query.entity);
  add('`recordId` = ?', query.recordId);
  add('`seq` < ?', query.before);
  const sql = `SELECT * FROM \`event\` WHERE ${conditions.join(' AND ')} ORDER BY \`seq\` DESC LIMIT ${query.limit}`;
  return (await db.all<StoredEvent>(sql, params)).map(toEventRow);
}
