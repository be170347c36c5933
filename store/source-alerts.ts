import type { Finding, SourceHistory } from '../core/source-watch.ts';
import type { Queries, Tx } from './database.ts';
import { readPolledRows } from './import-rows.ts';
import type { TableDefinition } from './tables.ts';

/**
 * What was said of a source that fell silent or delivers faults. `mails` are the addresses that still have to be written to.
 * Ended ones stay.
 */
export const sourceAlertTable: TableDefinition = {
  name: 'source_alert',
  columns: {
    id: 'key',
    tenantId: 'key',
    source: 'key',
    kind: 'key',
    since: 'instant',
    openedAt: 'instant',
    endedAt: 'instant',
    finding: 'json',
    mails: 'json',
  },
  primaryKey: ['id'],
  indexes: [['tenantId', 'endedAt', 'source']],
};

export interface MailTo {
  readonly address: string;
  readonly language: 'de' | 'en';
}

export interface SourceAlert {
  readonly id: string;
  readonly tenantId: string;
  readonly source: string;
  readonly kind: Finding['kind'];
  readonly since: string;
  readonly openedAt: string;
  readonly finding: Finding;
  readonly mails: readonly MailTo[];
}

type StoredAlert = Omit<SourceAlert, 'finding' | 'mails'> & { readonly finding: string; readonly mails: string };

/** Alerts that have not ended. */
export async function readOpenAlerts(db: Queries, tenantId: string): Promise<SourceAlert[]> {
  const rows = await db.all<StoredAlert>(
    'SELECT `id`, `tenantId`, `source`, `kind`, `since`, `openedAt`, `finding`, `mails` FROM `source_alert` WHERE `tenantId` = ? AND `endedAt` IS NULL ORDER BY `openedAt`',
    [tenantId],
  );
  return rows.map((row) => ({
    ...row,
    finding: JSON.parse(row.finding) as Finding,
    mails: JSON.parse(row.mails) as MailTo[],
  }));
}

export async function insertAlert(tx: Tx, alert: SourceAlert): Promise<void> {
  const { id, tenantId, source, kind, since, openedAt, finding, mails } = alert;
  await tx.run(
    'INSERT INTO `source_alert` (`id`, `tenantId`, `source`, `kind`, `since`, `openedAt`, `finding`, `mails`) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
    [id, tenantId, source, kind, since, openedAt, JSON.stringify(finding), JSON.stringify(mails)],
  );
}

export async function endAlert(tx: Tx, id: string, at: string): Promise<void> {
  await tx.run('UPDATE `source_alert` SET `endedAt` = ? WHERE `id` = ?', [at, id]);
}

/** Notes who still has to be written to. */
export async function writeWaitingMails(tx: Tx, id: string, mails: readonly MailTo[]): Promise<void> {
  await tx.run('UPDATE `source_alert` SET `mails` = ? WHERE `id` = ?', [JSON.stringify(mails), id]);
}

interface CountedHour {
  readonly hour: string;
  readonly n: number;
  readonly errors: number;
  readonly last: string;
}

const sumOf = (rows: readonly CountedHour[], name: 'n' | 'errors'): number =>
  rows.reduce((sum, row) => sum + Number(row[name]), 0);

/** Messages and rows of a table may share an hour. */
const historyOf = (rows: readonly CountedHour[]): SourceHistory => ({
  hours: [...Map.groupBy(rows, ({ hour }) => hour)]
    .map(([hour, own]) => ({ hour: `${hour}:00:00.000Z`, count: sumOf(own, 'n'), errors: sumOf(own, 'errors') }))
    .toSorted((one, other) => (one.hour < other.hour ? -1 : 1)),
  lastAt:
    rows
      .map(({ last }) => last)
      .toSorted()
      .at(-1) ?? null,
});

/** Each source's messages, and rows of its table, by the hour since an instant, spam left out: read from the index of the list alone. */
export async function readSourceHistories(
  db: Queries,
  query: { readonly tenantId: string; readonly since: string },
): Promise<ReadonlyMap<string, SourceHistory>> {
  const messages = await db.all<{ source: string; hour: string; n: number; errors: number; last: string }>(
    "SELECT `source`, SUBSTR(`receivedAt`, 1, 13) AS `hour`, COUNT(*) AS `n`, SUM(CASE WHEN `state` IN ('rejected', 'unreadable') THEN 1 ELSE 0 END) AS `errors`, MAX(`receivedAt`) AS `last` FROM `intake_message` WHERE `tenantId` = ? AND `deletedAt` IS NULL AND `receivedAt` >= ? AND `state` <> 'spam' GROUP BY `source`, SUBSTR(`receivedAt`, 1, 13)",
    [query.tenantId, query.since],
  );
  const rows = [...messages, ...(await readPolledRows(db, query))];
  return new Map([...Map.groupBy(rows, ({ source }) => source)].map(([source, own]) => [source, historyOf(own)]));
}

/** How many alerts are open, in every tenant. */
export async function countOpenAlerts(db: Queries): Promise<number> {
  const row = await db.get<{ n: number }>('SELECT COUNT(*) AS `n` FROM `source_alert` WHERE `endedAt` IS NULL');
  return row?.n ?? 0;
}
