import { createHash } from 'node:crypto';
import { LeitwerkError } from '../core/errors.ts';
import type { Eventually, Queries, Tx } from './database.ts';
import type { TableDefinition } from './tables.ts';
import { unlessThere } from './violations.ts';

/** Every published state of every config text, for ever: a running process keeps the revision it started with. */
export const configRevisionTable: TableDefinition = {
  name: 'config_revision',
  columns: {
    tenantId: 'key',
    kind: 'key',
    key: 'key',
    revision: 'integer',
    yaml: 'json',
    value: 'json',
    hash: 'key',
    author: 'key',
    comment: { text: 500 },
    createdAt: 'instant',
  },
  primaryKey: ['tenantId', 'kind', 'key', 'revision'],
};

/** The revision of each key that is in force. */
export const configHeadTable: TableDefinition = {
  name: 'config_head',
  columns: { tenantId: 'key', kind: 'key', key: 'key', revision: 'integer', isArchived: 'boolean' },
  primaryKey: ['tenantId', 'kind', 'key'],
};

/**
 * One number a tenant that grows with every publish, so that other processes notice by reading one row;
 * and the version of the product's own schemas that everything in force was last checked with.
 */
export const configVersionTable: TableDefinition = {
  name: 'config_version',
  columns: { tenantId: 'key', version: 'integer', checkedWith: 'key' },
  primaryKey: ['tenantId'],
};

export const configTables: readonly TableDefinition[] = [configRevisionTable, configHeadTable, configVersionTable];

/** Names one config text of a tenant; `kind` is a `RevisionKind`. */
export interface ConfigName {
  readonly tenantId: string;
  readonly kind: string;
  readonly key: string;
}

export interface ConfigRevision {
  readonly kind: string;
  readonly key: string;
  readonly revision: number;
  /** The text as its author wrote it, comments and all. */
  readonly yaml: string;
  readonly value: unknown;
  readonly hash: string;
  readonly author: string;
  readonly comment: string | null;
  readonly createdAt: string;
}

export interface ConfigHead extends ConfigRevision {
  readonly isArchived: boolean;
}

type RevisionRow = Omit<ConfigRevision, 'value'> & { readonly value: string };
type HeadRow = RevisionRow & { readonly isArchived: number };

const revisionColumns = ['kind', 'key', 'revision', 'yaml', 'value', 'hash', 'author', 'comment', 'createdAt'];
const columnsOf = (alias: string): string => revisionColumns.map((column) => `${alias}.\`${column}\``).join(', ');

const headSql = `SELECT ${columnsOf('r')}, h.\`isArchived\` FROM \`config_head\` h JOIN \`config_revision\` r
  ON r.\`tenantId\` = h.\`tenantId\` AND r.\`kind\` = h.\`kind\` AND r.\`key\` = h.\`key\` AND r.\`revision\` = h.\`revision\`
  WHERE h.\`tenantId\` = ?`;
const revisionSql = `SELECT ${columnsOf('r')} FROM \`config_revision\` r WHERE r.\`tenantId\` = ? AND r.\`kind\` = ? AND r.\`key\` = ?`;

const parseOrUndefined = (json: string): unknown => {
  try {
    return JSON.parse(json) as unknown;
  } catch {
    return undefined;
  }
};

/** A damaged row has no value; readers skip it, `keepLastGood` repairs it. */
const toRevision = (row: RevisionRow): ConfigRevision => ({ ...row, value: parseOrUndefined(row.value) });
const toHead = (row: HeadRow): ConfigHead => ({ ...toRevision(row), isArchived: row.isArchived === 1 });
const isReadable = (revision: ConfigRevision): boolean => revision.value !== undefined;

/** Identifies a text; line ends do not count. */
export const configHash = (yaml: string): string =>
  createHash('sha256').update(yaml.replaceAll('\r\n', '\n')).digest('hex');

/** Whether a stored text is no longer what its author published. */
export const isDamaged = (revision: ConfigRevision): boolean =>
  !isReadable(revision) || configHash(revision.yaml) !== revision.hash;

/** Everything in force, archived keys too, by kind and key; damaged rows with the value undefined. */
export async function readAllHeads(q: Queries, tenantId: string): Promise<ConfigHead[]> {
  const rows = await q.all<HeadRow>(`${headSql} ORDER BY h.\`kind\`, h.\`key\``, [tenantId]);
  return rows.map(toHead);
}

/** Everything in force that can be read, archived keys too, by kind and key. */
export async function readHeads(q: Queries, tenantId: string): Promise<ConfigHead[]> {
  return (await readAllHeads(q, tenantId)).filter(isReadable);
}

export async function readHead(q: Queries, name: ConfigName): Promise<ConfigHead | undefined> {
  const row = await q.get<HeadRow>(`${headSql} AND h.\`kind\` = ? AND h.\`key\` = ?`, [
    name.tenantId,
    name.kind,
    name.key,
  ]);
  return row === undefined ? undefined : toHead(row);
}

export async function readRevision(
  q: Queries,
  name: ConfigName,
  revision: number,
): Promise<ConfigRevision | undefined> {
  const row = await q.get<RevisionRow>(`${revisionSql} AND r.\`revision\` = ?`, [
    name.tenantId,
    name.kind,
    name.key,
    revision,
  ]);
  const found = row === undefined ? undefined : toRevision(row);
  return found !== undefined && isReadable(found) ? found : undefined;
}

/** All revisions of a key, newest first. */
export async function readRevisions(q: Queries, name: ConfigName): Promise<ConfigRevision[]> {
  const rows = await q.all<RevisionRow>(`${revisionSql} ORDER BY r.\`revision\` DESC`, [
    name.tenantId,
    name.kind,
    name.key,
  ]);
  return rows.map(toRevision);
}

const toVersion = (row: { version: number } | undefined): number => row?.version ?? 0;

/** 0 until something is published. */
export function readConfigVersion(q: Queries, tenantId: string): Eventually<number> {
  const row = q.get<{ version: number }>('SELECT `version` FROM `config_version` WHERE `tenantId` = ?', [tenantId]);
  return row instanceof Promise ? row.then(toVersion) : toVersion(row);
}

/**
 * Lets one publisher of a tenant go at a time: the update locks the row until the transaction ends.
 * Call it before the first read of a transaction, else MySQL reads a state from before the lock.
 */
export async function lockConfig(tx: Tx, tenantId: string): Promise<void> {
  const { changes } = await tx.run('UPDATE `config_version` SET `version` = `version` WHERE `tenantId` = ?', [
    tenantId,
  ]);
  if (changes > 0) return;
  const insert = 'INSERT INTO `config_version` (`tenantId`, `version`) VALUES (?, 0)';
  await tx.run(`${insert} ${unlessThere(tx.dialect, 'tenantId')}`, [tenantId]);
}

/** Which version of the product's schemas the configuration was last checked with; undefined = never. */
export async function readCheckedWith(q: Queries, tenantId: string): Promise<string | undefined> {
  const sql = 'SELECT `checkedWith` FROM `config_version` WHERE `tenantId` = ?';
  return (await q.get<{ checkedWith: string | null }>(sql, [tenantId]))?.checkedWith ?? undefined;
}

export async function markCheckedWith(tx: Tx, tenantId: string, fingerprint: string): Promise<void> {
  await lockConfig(tx, tenantId);
  await tx.run('UPDATE `config_version` SET `checkedWith` = ? WHERE `tenantId` = ?', [fingerprint, tenantId]);
}

const growVersion = (tx: Tx, tenantId: string): Eventually<unknown> =>
  tx.run('UPDATE `config_version` SET `version` = `version` + 1 WHERE `tenantId` = ?', [tenantId]);

export interface RevisionInput extends ConfigName {
  readonly yaml: string;
  readonly value: unknown;
  readonly author: string;
  readonly comment?: string | undefined;
  readonly at: string;
  /** Revision that the author started from; 0 = the key must be new. */
  readonly expectedRevision?: number | undefined;
}

export interface Published {
  readonly revision: number;
  /** False when the text in force is the same already. */
  readonly isNew: boolean;
}

/** @throws LeitwerkError `Conflict` with both texts when the author started from another revision. */
export function assertExpected(
  head: ConfigHead | undefined,
  input: Pick<RevisionInput, 'key' | 'yaml' | 'expectedRevision'>,
): void {
  const current = head?.revision ?? 0;
  if (input.expectedRevision === undefined || input.expectedRevision === current) return;
  const text = {
    de: `Inzwischen gilt Fassung ${current} von „${input.key}“; bearbeitet wurde Fassung ${input.expectedRevision}.`,
    en: `Revision ${current} of "${input.key}" is in force by now; revision ${input.expectedRevision} was edited.`,
  };
  const facts = {
    expectedRevision: input.expectedRevision,
    currentRevision: current,
    currentAuthor: head?.author,
    current: head?.yaml,
    yours: input.yaml,
  };
  throw new LeitwerkError('Conflict', { text, facts });
}

const insertRevision = async (tx: Tx, input: RevisionInput, hash: string): Promise<number> => {
  const name = [input.tenantId, input.kind, input.key];
  const last = await tx.get<{ revision: number | null }>(
    'SELECT MAX(`revision`) AS `revision` FROM `config_revision` WHERE `tenantId` = ? AND `kind` = ? AND `key` = ?',
    name,
  );
  const revision = (last?.revision ?? 0) + 1;
  await tx.run(
    'INSERT INTO `config_revision` (`tenantId`, `kind`, `key`, `revision`, `yaml`, `value`, `hash`, `author`, `comment`, `createdAt`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
    [...name, revision, input.yaml, JSON.stringify(input.value), hash, input.author, input.comment ?? null, input.at],
  );
  return revision;
};

/**
 * Makes a text the one in force. The same text again makes no revision; on an archived key it only brings the key back.
 * @throws LeitwerkError `Conflict` with both texts when `expectedRevision` is not the one in force.
 */
export async function publishRevision(tx: Tx, input: RevisionInput): Promise<Published> {
  await lockConfig(tx, input.tenantId);
  const head = await readHead(tx, input);
  assertExpected(head, input);
  const hash = configHash(input.yaml);
  const isSame = head !== undefined && !isDamaged(head) && head.hash === hash;
  if (isSame && !head.isArchived) return { revision: head.revision, isNew: false };

  const revision = isSame ? head.revision : await insertRevision(tx, input, hash);
  const name = [input.tenantId, input.kind, input.key];
  if (head === undefined) {
    await tx.run(
      'INSERT INTO `config_head` (`tenantId`, `kind`, `key`, `revision`, `isArchived`) VALUES (?, ?, ?, ?, 0)',
      [...name, revision],
    );
  } else {
    await tx.run(
      'UPDATE `config_head` SET `revision` = ?, `isArchived` = 0 WHERE `tenantId` = ? AND `kind` = ? AND `key` = ?',
      [revision, ...name],
    );
  }
  await growVersion(tx, input.tenantId);
  return { revision, isNew: true };
}

/** Takes a key out of use; its revisions stay. Answers false when it is not in use. */
export async function archiveConfig(tx: Tx, name: ConfigName): Promise<boolean> {
  await lockConfig(tx, name.tenantId);
  const { changes } = await tx.run(
    'UPDATE `config_head` SET `isArchived` = 1 WHERE `tenantId` = ? AND `kind` = ? AND `key` = ? AND `isArchived` = 0',
    [name.tenantId, name.kind, name.key],
  );
  if (changes > 0) await growVersion(tx, name.tenantId);
  return changes > 0;
}
