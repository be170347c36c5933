import type { ConnectionFault } from '../core/connections.ts';
import type { Queries, Tx } from './database.ts';
import type { TableDefinition } from './tables.ts';

/** Outside systems that a company is connected with. Their credentials are secrets (`connection/<id>`), not columns. */
export const connectionTable: TableDefinition = {
  name: 'connection',
  columns: {
    tenantId: 'key',
    id: 'key',
    version: 'integer',
    kind: 'key',
    name: { text: 200 },
    settings: 'json',
    state: 'key',
    lastSuccessAt: 'instant',
    lastFaultAt: 'instant',
    fault: 'json',
    createdAt: 'instant',
    createdBy: 'key',
    updatedAt: 'instant',
    updatedBy: 'key',
  },
  primaryKey: ['tenantId', 'id'],
};

export interface ConnectionRow {
  readonly tenantId: string;
  /** A word that sources refer to; unique in the company, never changed. */
  readonly id: string;
  readonly version: number;
  readonly kind: string;
  readonly name: string;
  readonly settings: Readonly<Record<string, unknown>>;
  /** `untested`: nothing has been tried with these credentials yet. */
  readonly state: 'untested' | 'ok' | 'failing';
  readonly lastSuccessAt: string | null;
  readonly lastFaultAt: string | null;
  readonly fault: ConnectionFault | null;
  readonly createdAt: string;
  readonly createdBy: string;
  readonly updatedAt: string;
  readonly updatedBy: string;
}

type StoredRow = Omit<ConnectionRow, 'settings' | 'fault'> & {
  readonly settings: string;
  readonly fault: string | null;
};

const toRow = (row: StoredRow): ConnectionRow => ({
  ...row,
  version: Number(row.version),
  settings: JSON.parse(row.settings) as ConnectionRow['settings'],
  fault: row.fault === null ? null : (JSON.parse(row.fault) as ConnectionFault),
});

interface ConnectionId {
  readonly tenantId: string;
  readonly id: string;
}

export async function readConnections(db: Queries, tenantId: string): Promise<ConnectionRow[]> {
  const rows = await db.all<StoredRow>('SELECT * FROM `connection` WHERE `tenantId` = ? ORDER BY `name`, `id`', [
    tenantId,
  ]);
  return rows.map(toRow);
}

/** Of every company. */
export async function readConnectionsOfKind(db: Queries, kind: string): Promise<ConnectionRow[]> {
  return (await db.all<StoredRow>('SELECT * FROM `connection` WHERE `kind` = ?', [kind])).map(toRow);
}

export async function readConnection(db: Queries, { tenantId, id }: ConnectionId): Promise<ConnectionRow | undefined> {
  const row = await db.get<StoredRow>('SELECT * FROM `connection` WHERE `tenantId` = ? AND `id` = ?', [tenantId, id]);
  return row === undefined ? undefined : toRow(row);
}

/** Writes a new connection, or every column of one that is there. */
export async function writeConnection(tx: Tx, row: ConnectionRow): Promise<void> {
  await removeConnection(tx, row);
  await tx.run(
    'INSERT INTO `connection` (`tenantId`, `id`, `version`, `kind`, `name`, `settings`, `state`, `lastSuccessAt`, `lastFaultAt`, `fault`, `createdAt`, `createdBy`, `updatedAt`, `updatedBy`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
    [
      row.tenantId,
      row.id,
      row.version,
      row.kind,
      row.name,
      JSON.stringify(row.settings),
      row.state,
      row.lastSuccessAt,
      row.lastFaultAt,
      row.fault === null ? null : JSON.stringify(row.fault),
      row.createdAt,
      row.createdBy,
      row.updatedAt,
      row.updatedBy,
    ],
  );
}

/** Notes how an attempt came out. No new version: nobody has changed anything. */
export async function noteConnection(
  tx: Tx,
  key: ConnectionId,
  outcome: { readonly at: string; readonly fault: ConnectionFault | null },
): Promise<void> {
  const [state, column] = outcome.fault === null ? ['ok', 'lastSuccessAt'] : ['failing', 'lastFaultAt'];
  await tx.run(
    `UPDATE \`connection\` SET \`state\` = ?, \`${column}\` = ?, \`fault\` = ? WHERE \`tenantId\` = ? AND \`id\` = ?`,
    [state, outcome.at, outcome.fault === null ? null : JSON.stringify(outcome.fault), key.tenantId, key.id],
  );
}

export async function removeConnection(tx: Tx, { tenantId, id }: ConnectionId): Promise<void> {
  await tx.run('DELETE FROM `connection` WHERE `tenantId` = ? AND `id` = ?', [tenantId, id]);
}
