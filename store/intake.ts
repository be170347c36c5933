import type { EntityModel } from '../core/entity.ts';
import { LeitwerkError } from '../core/errors.ts';
import type { Filter } from '../core/filter/index.ts';
import type { RowFilter } from '../core/permissions.ts';
import type { BlobStore } from './blobs.ts';
import type { Queries, Tx, Value } from './database.ts';
import { filterSql } from './filter-sql.ts';
import { readPolledRows } from './import-rows.ts';
import { keyGroups } from './key-groups.ts';
import type { RecordData } from './record-table.ts';
import { toRecord } from './records.ts';

export interface KnownMessage {
  readonly id: string;
  readonly lead: string | null;
  readonly contentHash: string;
}

/** The message that was accepted under a dedupe key of the source. */
export async function findMessageByKey(
  db: Queries,
  key: { readonly tenantId: string; readonly source: string; readonly dedupeKey: string },
): Promise<KnownMessage | undefined> {
  return await db.get<KnownMessage>(
    'SELECT `id`, `lead`, `contentHash` FROM `intake_message` WHERE `tenantId` = ? AND `source` = ? AND `dedupeKey` = ?',
    [key.tenantId, key.source, key.dedupeKey],
  );
}

/** The messages that were accepted under any of these keys of the source. */
export async function findMessagesByKeys(
  db: Queries,
  search: { readonly tenantId: string; readonly source: string; readonly dedupeKeys: readonly string[] },
): Promise<{ readonly dedupeKey: string; readonly lead: string | null }[]> {
  const found: { readonly dedupeKey: string; readonly lead: string | null }[] = [];
  for (const keys of keyGroups(search.dedupeKeys)) {
    const rows = await db.all<{ dedupeKey: string; lead: string | null }>(
      `SELECT \`dedupeKey\`, \`lead\` FROM \`intake_message\` WHERE \`tenantId\` = ? AND \`source\` = ? AND \`dedupeKey\` IN (${keys.map(() => '?').join(', ')})`,
      [search.tenantId, search.source, ...keys],
    );
    found.push(...rows);
  }
  return found;
}

/** Counts a delivery of the same content once more. */
export async function countRepeat(tx: Tx, id: string): Promise<void> {
  await tx.run('UPDATE `intake_message` SET `duplicates` = `duplicates` + 1 WHERE `id` = ?', [id]);
}

/** The raw bytes of a mail, or the name of their blob. */
export async function readRawMail(
  db: Queries,
  key: { readonly tenantId: string; readonly id: string },
): Promise<{ readonly mailRaw: string | null; readonly bodyBlob: string | null } | undefined> {
  return await db.get('SELECT `mailRaw`, `bodyBlob` FROM `intake_message` WHERE `tenantId` = ? AND `id` = ?', [
    key.tenantId,
    key.id,
  ]);
}

export interface SourceFigures {
  readonly lastAt: string | null;
  readonly count24h: number;
  readonly errors24h: number;
  /** Messages, and rows of the source's table, in each of the last 24 hours, oldest first. */
  readonly perHour: readonly number[];
}

const hourMs = 3_600_000;

/** When a source last brought something: a message of the last day, else its newest lead, found at the end of the leads' index. */
const readLastAt = async (
  db: Queries,
  query: {
    readonly tenantId: string;
    readonly source: string;
    readonly rows: readonly { readonly source: string; readonly last: string }[];
  },
): Promise<string | null> => {
  const recent = query.rows.filter(({ source }) => source === query.source).map(({ last }) => last);
  if (recent.length > 0) return recent.toSorted().at(-1) ?? null;
  const lead = await db.get<{ last: string | null }>(
    'SELECT MAX(`createdAt`) AS `last` FROM `lead` WHERE `tenantId` = ? AND `deletedAt` IS NULL AND `source` = ?',
    [query.tenantId, query.source],
  );
  return lead?.last ?? null;
};

const failedStates = new Set(['rejected', 'unreadable', 'quarantined', 'parked']);

/** How each source did in the last 24 hours, by one pass over these messages and one over the imports of its table. */
export async function readSourceFigures(
  db: Queries,
  query: { readonly tenantId: string; readonly sources: readonly string[]; readonly now: Date },
): Promise<(source: string) => SourceFigures> {
  const since = new Date(query.now.getTime() - 24 * hourMs).toISOString();
  const messages = await db.all<{ source: string; state: string; hour: string; n: number; last: string }>(
    'SELECT `source`, `state`, SUBSTR(`receivedAt`, 1, 13) AS `hour`, COUNT(*) AS `n`, MAX(`receivedAt`) AS `last` FROM `intake_message` WHERE `tenantId` = ? AND `deletedAt` IS NULL AND `receivedAt` >= ? GROUP BY `source`, `state`, SUBSTR(`receivedAt`, 1, 13)',
    [query.tenantId, since],
  );
  const counted = messages.map(({ state, ...row }) => ({
    ...row,
    n: Number(row.n),
    errors: failedStates.has(state) ? Number(row.n) : 0,
  }));
  const rows = [...counted, ...(await readPolledRows(db, { tenantId: query.tenantId, since }))];
  const lastBySource = new Map<string, string | null>();
  for (const source of query.sources) lastBySource.set(source, await readLastAt(db, { ...query, source, rows }));
  return (source) => {
    const own = rows.filter((row) => row.source === source);
    const perHour = Array.from({ length: 24 }, () => 0);
    for (const row of own) {
      const index = 23 - Math.floor((query.now.getTime() - Date.parse(`${row.hour}:00:00.000Z`)) / hourMs);
      if (index >= 0 && index < 24) perHour[index] = (perHour[index] ?? 0) + row.n;
    }
    return {
      lastAt: lastBySource.get(source) ?? null,
      count24h: own.reduce((total, { n }) => total + n, 0),
      errors24h: own.reduce((total, { errors }) => total + errors, 0),
      perHour,
    };
  };
}

/** The body of a kept message as it came. @throws LeitwerkError `NotFound` when its file is gone, or it was never fetched from its mailbox. */
export async function readRawBody(blobs: Pick<BlobStore, 'get'>, message: RecordData): Promise<Uint8Array> {
  if (typeof message['bodyBlob'] === 'string') return await blobs.get(message['bodyBlob']);
  const text = message['mailRaw'] ?? message['body'];
  if (typeof text === 'string') return Buffer.from(text);
  throw new LeitwerkError('NotFound', {
    text: { de: 'Diese Mail liegt nur in ihrem Postfach.', en: 'This mail is in its mailbox only.' },
  });
}

/** Kept messages that can be worked again: none has become a lead; of a parked notice something may be left to fetch. */
export interface ReplayQuery {
  readonly tenantId: string;
  readonly model: EntityModel;
  /** What the asker may see. */
  readonly rows: RowFilter | undefined | 'none';
  /** By their ids; or those that match and failed: rejected, unreadable, mails set aside or in triage for it, parked notices. */
  readonly choice: { readonly ids: readonly string[] } | { readonly filter: Filter };
  /** Only those that were received until then. */
  readonly until: string;
}

/**
 * What can be worked again. A mail is parsed again in its thread, a notice fetches again what it tells of: of these only what has come to a
 * halt, and where nobody has chosen a mail itself, not what waits for a person's decision.
 */
const workableSql = (isChosen: boolean, dialect: Queries['dialect']): string => {
  const reason = dialect === 'sqlite' ? "json_extract(`mail`, '$.reason')" : "JSON_VALUE(`mail`, '$.reason')";
  const others = isChosen ? '1 = 1' : "`state` IN ('rejected', 'unreadable')";
  const mails = isChosen
    ? "`state` IN ('quarantined', 'triage', 'dismissed')"
    : `\`state\` = 'quarantined' OR (\`state\` = 'triage' AND ${reason} = 'rejected')`;
  return [
    `\`channel\` NOT IN ('mail', 'notice') AND ${others}`,
    `\`channel\` = 'mail' AND (${mails})`,
    "`channel` = 'notice' AND `state` = 'parked'",
  ]
    .map((sql) => `(${sql})`)
    .join(' OR ');
};

const replayCondition = (
  { tenantId, model, rows, choice, until }: ReplayQuery,
  dialect: Queries['dialect'],
): { readonly sql: string; readonly params: readonly Value[] } => {
  const parts = [
    {
      // The plus keeps SQLite from reading all messages of the tenant for every part: they are read in the order of their ids.
      sql: "+`tenantId` = ? AND `deletedAt` IS NULL AND (`lead` IS NULL OR `channel` = 'notice') AND `receivedAt` <= ?",
      params: [tenantId, until],
    },
    { sql: workableSql('ids' in choice, dialect), params: [] },
    rows === 'none' ? { sql: '1 = 0', params: [] } : rows === undefined ? undefined : filterSql(rows, model, dialect),
    'ids' in choice
      ? { sql: `\`id\` IN (${choice.ids.map(() => '?').join(', ') || 'NULL'})`, params: choice.ids }
      : undefined,
    'filter' in choice ? filterSql(choice.filter, model, dialect) : undefined,
  ].filter((part) => part !== undefined);
  return { sql: parts.map(({ sql }) => `(${sql})`).join(' AND '), params: parts.flatMap(({ params }) => params) };
};

/** How many messages would be worked again. */
export async function countReplayable(db: Queries, query: ReplayQuery): Promise<number> {
  const { sql, params } = replayCondition(query, db.dialect);
  return (await db.get<{ n: number }>(`SELECT COUNT(*) AS \`n\` FROM \`intake_message\` WHERE ${sql}`, params))?.n ?? 0;
}

/** The next messages to work again, the oldest first. */
export async function readReplayable(
  db: Queries,
  query: ReplayQuery & { readonly afterId: string; readonly limit: number },
): Promise<RecordData[]> {
  const { sql, params } = replayCondition(query, db.dialect);
  const rows = await db.all(
    `SELECT * FROM \`intake_message\` WHERE ${sql} AND \`id\` > ? ORDER BY \`id\` LIMIT ${Math.trunc(query.limit)}`,
    [...params, query.afterId],
  );
  return rows.map((row) => toRecord([...query.model.fields.values()], row));
}

/** Deliveries of a source that wait for a person, because something that they tell of could not be fetched. */
export async function readParkedNotices(
  db: Queries,
  model: EntityModel,
  of: { readonly tenantId: string; readonly source: string },
): Promise<RecordData[]> {
  const rows = await db.all(
    "SELECT * FROM `intake_message` WHERE `tenantId` = ? AND `deletedAt` IS NULL AND `source` = ? AND `channel` = 'notice' AND `state` = 'parked' ORDER BY `id`",
    [of.tenantId, of.source],
  );
  return rows.map((row) => toRecord([...model.fields.values()], row));
}

/** Messages whose things are still to be fetched, and of which nothing waits to be relayed. */
export async function readWaitingMessages(db: Queries, tenantId: string): Promise<readonly string[]> {
  const rows = await db.all<{ id: string }>(
    "SELECT m.`id` FROM `intake_message` m WHERE m.`tenantId` = ? AND m.`deletedAt` IS NULL AND m.`state` = 'waiting' AND NOT EXISTS (SELECT 1 FROM `event` e WHERE e.`recordId` = m.`id` AND e.`lane` IS NOT NULL)",
    [tenantId],
  );
  return rows.map(({ id }) => id);
}
