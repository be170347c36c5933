import type { ConnectionFault } from '../core/connections.ts';
import { keyGroups } from './key-groups.ts';
import type { Database, Queries, Tx, Value } from './database.ts';
import type { TableDefinition } from './tables.ts';

/** How a source that is fetched from outside stands: one row a source. */
export const feedTable: TableDefinition = {
  name: 'feed',
  columns: {
    tenantId: 'key',
    source: 'key',
    state: 'key',
    lastRunAt: 'instant',
    lastSuccessAt: 'instant',
    faultAt: 'instant',
    fault: 'json',
    cursor: 'json',
    figures: 'json',
  },
  primaryKey: ['tenantId', 'source'],
};

/**
 * What a source has brought, by what the outside system knows it under, so that nothing is taken twice: leads of a form by their id,
 * rows of a sheet by their key. For rows of sheets also where they stood, what was in them and what became of them.
 */
export const feedRowTable: TableDefinition = {
  name: 'feed_row',
  columns: {
    tenantId: 'key',
    source: 'key',
    identity: 'key',
    position: 'integer',
    hash: 'key',
    cells: 'json',
    importId: 'key',
    line: 'integer',
    outcome: 'key',
    recordId: 'key',
    reason: 'json',
    changed: 'json',
  },
  primaryKey: ['tenantId', 'source', 'identity'],
};

export interface FeedKey {
  readonly tenantId: string;
  readonly source: string;
}

/** `failing`: trying again goes on by itself. `stopped`: a person has to do what the fault says; then it goes on. */
export type FeedState = 'ok' | 'failing' | 'stopped';

export interface FeedRow extends FeedKey {
  readonly state: FeedState;
  readonly lastRunAt: string | null;
  readonly lastSuccessAt: string | null;
  readonly faultAt: string | null;
  readonly fault: ConnectionFault | null;
  readonly cursor: unknown;
  readonly figures: Readonly<Record<string, number>> | null;
}

type StoredFeed = Omit<FeedRow, 'fault' | 'cursor' | 'figures'> & {
  readonly fault: string | null;
  readonly cursor: string | null;
  readonly figures: string | null;
};

const parsed = <T>(text: string | null): T | null => (text === null ? null : (JSON.parse(text) as T));
const json = (value: unknown): string | null => (value === null || value === undefined ? null : JSON.stringify(value));

const toFeed = (row: StoredFeed): FeedRow => ({
  ...row,
  fault: parsed(row.fault),
  cursor: parsed(row.cursor),
  figures: parsed(row.figures),
});

export async function readFeeds(db: Queries, tenantId: string): Promise<ReadonlyMap<string, FeedRow>> {
  const rows = await db.all<StoredFeed>('SELECT * FROM `feed` WHERE `tenantId` = ?', [tenantId]);
  return new Map(rows.map((row) => [row.source, toFeed(row)]));
}

export async function readFeed(db: Queries, { tenantId, source }: FeedKey): Promise<FeedRow | undefined> {
  return (await readFeeds(db, tenantId)).get(source);
}

/** Notes how a run came out; what is not named stays. */
export async function noteFeed(
  db: Database,
  key: FeedKey,
  note: Partial<Omit<FeedRow, keyof FeedKey>> & { readonly state: FeedState },
): Promise<void> {
  await db.write(async (tx) => {
    const before = await readFeed(tx, key);
    const row = {
      lastRunAt: null,
      lastSuccessAt: null,
      faultAt: null,
      fault: null,
      cursor: null,
      figures: null,
      ...before,
      ...note,
    };
    await tx.run('DELETE FROM `feed` WHERE `tenantId` = ? AND `source` = ?', [key.tenantId, key.source]);
    await tx.run(
      'INSERT INTO `feed` (`tenantId`, `source`, `state`, `lastRunAt`, `lastSuccessAt`, `faultAt`, `fault`, `cursor`, `figures`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
      [
        key.tenantId,
        key.source,
        row.state,
        row.lastRunAt,
        row.lastSuccessAt,
        row.faultAt,
        json(row.fault),
        json(row.cursor),
        json(row.figures),
      ],
    );
  });
}

/** What is known of one thing that a source has brought. */
export interface FeedItem {
  readonly identity: string;
  readonly position: number | null;
  readonly hash: string | null;
  /** Short hash of each cell by column, for telling an edited row from a new one. */
  readonly cells: Readonly<Record<string, string>> | null;
  /** The import that takes it in at this moment, and its line there. */
  readonly importId: string | null;
  readonly line: number | null;
  readonly outcome: string | null;
  readonly recordId: string | null;
  readonly reason: string | null;
  /** Columns whose cells have changed since the row was last taken in; null: none, or it never was. */
  readonly changed: readonly string[] | null;
}

type StoredItem = Omit<FeedItem, 'cells' | 'reason' | 'changed'> & {
  readonly cells: string | null;
  readonly changed: string | null;
  readonly reason: string | null;
};

const toItem = (row: StoredItem): FeedItem => ({
  ...row,
  cells: parsed(row.cells),
  reason: parsed(row.reason),
  changed: parsed(row.changed),
});

/** Everything that the source has brought so far. */
export async function readFeedItems(db: Queries, { tenantId, source }: FeedKey): Promise<FeedItem[]> {
  const rows = await db.all<StoredItem>(
    'SELECT `identity`, `position`, `hash`, `cells`, `importId`, `line`, `outcome`, `recordId`, `reason`, `changed` FROM `feed_row` WHERE `tenantId` = ? AND `source` = ?',
    [tenantId, source],
  );
  return rows.map(toItem);
}

/** Which of these the source has brought before, each with the record that it became, null where it was refused. */
export async function findFeedItems(
  db: Queries,
  key: FeedKey,
  identities: readonly string[],
): Promise<Map<string, string | null>> {
  const found = new Map<string, string | null>();
  for (const group of keyGroups(identities)) {
    const rows = await db.all<{ identity: string; recordId: string | null }>(
      `SELECT \`identity\`, \`recordId\` FROM \`feed_row\` WHERE \`tenantId\` = ? AND \`source\` = ? AND \`identity\` IN (${group.map(() => '?').join(', ')})`,
      [key.tenantId, key.source, ...group],
    );
    for (const { identity, recordId } of rows) found.set(identity, recordId);
  }
  return found;
}

const columns = [
  'tenantId',
  'source',
  'identity',
  'position',
  'hash',
  'cells',
  'importId',
  'line',
  'outcome',
  'recordId',
  'reason',
  'changed',
] as const;

const paramsOf = (key: FeedKey, item: FeedItem): Value[] => [
  key.tenantId,
  key.source,
  item.identity,
  item.position,
  item.hash,
  json(item.cells),
  item.importId,
  item.line,
  item.outcome,
  item.recordId,
  json(item.reason),
  json(item.changed),
];

/** Writes what is known of things, anew or in place of what was known. */
export async function writeFeedItems(tx: Tx, key: FeedKey, items: readonly FeedItem[]): Promise<void> {
  const names = columns.map((name) => `\`${name}\``).join(', ');
  const marks = columns.map(() => '?').join(', ');
  for (const item of items) await tx.run(`REPLACE INTO \`feed_row\` (${names}) VALUES (${marks})`, paramsOf(key, item));
}
