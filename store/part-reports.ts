import type { Queries, Tx } from './database.ts';
import type { TableDefinition } from './tables.ts';

/** How the parts of processes that run apart stand, as each process (`holder`) said last. */
export const partReportTable: TableDefinition = {
  name: 'part_report',
  columns: { name: 'key', holder: 'key', part: 'json', at: 'instant' },
  primaryKey: ['holder', 'name'],
};

export interface PartReport {
  readonly name: string;
  /** As the process gave it to `writePartReports`. */
  readonly part: unknown;
  readonly at: string;
}

/** Everything that processes say of their parts, of whatever age. */
export async function readPartReports(db: Queries): Promise<PartReport[]> {
  const rows = await db.all<{ name: string; part: string; at: string }>(
    'SELECT `name`, `part`, `at` FROM `part_report`',
  );
  return rows.map((row) => ({ ...row, part: JSON.parse(row.part) as unknown }));
}

/** All parts of a process in one statement, at least one. */
export async function writePartReports(
  tx: Tx,
  { holder, at, parts }: { readonly holder: string; readonly at: string; readonly parts: ReadonlyMap<string, object> },
): Promise<void> {
  const marks = Array.from(parts, () => '(?, ?, ?, ?)').join(', ');
  await tx.run(
    `REPLACE INTO \`part_report\` (\`name\`, \`holder\`, \`part\`, \`at\`) VALUES ${marks}`,
    [...parts].flatMap(([name, part]) => [name, holder, JSON.stringify(part), at]),
  );
}

/** Takes back what a process that ends has said. */
export async function deletePartReports(tx: Tx, holder: string): Promise<void> {
  await tx.run('DELETE FROM `part_report` WHERE `holder` = ?', [holder]);
}

/** Forgets processes of which nothing was heard since `before`. */
export async function forgetPartReports(tx: Tx, before: string): Promise<void> {
  await tx.run('DELETE FROM `part_report` WHERE `at` < ?', [before]);
}
