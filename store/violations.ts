import { LeitwerkError } from '../core/errors.ts';

const textOf = (error: unknown, member: 'code' | 'message'): string =>
  typeof error === 'object' && error !== null && member in error
    ? String((error as Record<string, unknown>)[member])
    : '';

/** What a driver calls its error, empty where it is none of a driver's. */
export const codeOf = (error: unknown): string => textOf(error, 'code');

const uniqueCodes = new Set(['SQLITE_CONSTRAINT_UNIQUE', 'SQLITE_CONSTRAINT_PRIMARYKEY', 'ER_DUP_ENTRY']);

/** Whether a write failed because a unique index has the value already, in either dialect. */
export const isUniqueViolation = (error: unknown): boolean => uniqueCodes.has(codeOf(error));

/**
 * Ends an `INSERT` so that a row that has its key already stays as it is. On MySQL the insert then has the exclusive lock of the row;
 * `INSERT IGNORE` would share it, and two who share wait for each other.
 */
export const unlessThere = (dialect: 'sqlite' | 'mysql', ...key: readonly [string, ...string[]]): string =>
  dialect === 'mysql'
    ? `ON DUPLICATE KEY UPDATE \`${key[0]}\` = \`${key[0]}\``
    : `ON CONFLICT (\`${key.join('`, `')}\`) DO NOTHING`;

/**
 * The column whose value exists already: the last one of the violated index.
 * SQLite names the columns (`lead.tenantId, lead.number`), MySQL the index (`lead_u_tenantId_number`).
 */
export function violatedColumn(error: unknown): string | undefined {
  if (!isUniqueViolation(error)) return undefined;
  return /(?:\.|_)([A-Za-z0-9]+)'?$/.exec(textOf(error, 'message'))?.[1];
}

/** Whether SQLite found that its file is no sound database. */
export const isDamage = (error: unknown): boolean => /^SQLITE_(CORRUPT|NOTADB)/.test(codeOf(error));

/** What to do where the file of the database is damaged. */
export const damagedDatabase = (file: string, cause: unknown): LeitwerkError =>
  new LeitwerkError('Misconfigured', {
    cause,
    text: {
      de: `Die Datenbank ${file} ist beschädigt: beenden und eine Sicherung zurückholen (npx leitwerk restore <Datei>).`,
      en: `The database ${file} is damaged: stop and bring back a backup (npx leitwerk restore <file>).`,
    },
  });
