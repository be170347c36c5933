import type { Tx } from './database.ts';
import type { TableDefinition } from './tables.ts';

/** Counters of human numbers. A number is taken in the transaction that uses it, so an undone one leaves no gap. */
export const counterTable: TableDefinition = {
  name: 'counter',
  columns: { tenantId: 'key', series: 'key', value: 'integer' },
  primaryKey: ['tenantId', 'series'],
};

/** Counts on or begins, in one statement: of two first takers one must wait for the other. */
const countOn: Readonly<Record<Tx['dialect'], string>> = {
  sqlite:
    'INSERT INTO `counter` (`tenantId`, `series`, `value`) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET `value` = `value` + 1',
  mysql:
    'INSERT INTO `counter` (`tenantId`, `series`, `value`) VALUES (?, ?, ?) ON DUPLICATE KEY UPDATE `value` = `value` + 1',
};

/** Takes the next number of a series, the first being `start`. Others who want one wait until the transaction ends. */
export async function nextNumber(
  tx: Tx,
  counter: { readonly tenantId: string; readonly series: string; readonly start: number },
): Promise<number> {
  const key = [counter.tenantId, counter.series];
  await tx.run(countOn[tx.dialect], [...key, counter.start]);
  const row = await tx.get<{ value: number }>(
    'SELECT `value` FROM `counter` WHERE `tenantId` = ? AND `series` = ?',
    key,
  );
  return row?.value ?? counter.start;
}
