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
 * The column whose value exists already: the last one of the violated index.
 * SQLite names the columns (`lead.tenantId, lead.number`), MySQL the index (`lead_u_tenantId_number`).
 */
export function violatedColumn(error: unknown): string | undefined {
  if (!isUniqueViolation(error)) return undefined;
  return /(?:\.|_)([A-Za-z0-9]+)'?$/.exec(textOf(error, 'message'))?.[1];
}
