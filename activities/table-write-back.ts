import type { Table, TableCell } from '../connectors/port.ts';
import type { ConnectionFault } from '../core/connections.ts';
import { LeitwerkError } from '../core/errors.ts';
import { toDetail } from './failure.ts';
import { ownColumns, type Planned, type Reading } from './table-reading.ts';

const words = {
  de: { taken: 'übernommen', duplicate: 'Dublette', rejected: 'abgelehnt', double: 'doppelt in der Tabelle' },
  en: { taken: 'taken in', duplicate: 'duplicate', rejected: 'rejected', double: 'twice in the table' },
} as const;

/** What our own columns are to say of a row; undefined where there is nothing to say yet. */
const toldOf = (
  { ctx, outgoing, settings }: Reading,
  { change, known }: Planned,
): Readonly<Record<string, string>> | undefined => {
  const said = words[ctx.language];
  const { outcome, recordId = null, reason } = known ?? {};
  if (change !== 'double' && (outcome === null || outcome === undefined)) return undefined;
  const state =
    outcome === 'rejected'
      ? `${said.rejected}: ${reason ?? ''}`
      : outcome === 'duplicate'
        ? said.duplicate
        : said.taken;
  const { status, link } = settings.writeBack ?? {};
  return {
    ...(status === undefined ? {} : { [status]: change === 'double' ? said.double : state }),
    ...(link === undefined ? {} : { [link]: recordId === null ? '' : `${outgoing.publicUrl}/list/leads/${recordId}` }),
  };
};

/** Cells that do not say what they are to say: also those of rows that were moved while we wrote. */
const staleCells = (reading: Reading, table: Table, planned: readonly Planned[]): TableCell[] => {
  const actual = new Map(table.rows.map((row) => [row.number, row.cells]));
  return planned.flatMap((one) =>
    Object.entries(toldOf(reading, one) ?? {}).flatMap(([column, value]) => {
      const isStale = table.columns.includes(column) && (actual.get(one.row.number)?.[column] ?? '') !== value.trim();
      return isStale ? [{ column, row: one.row.number, value }] : [];
    }),
  );
};

/** Fills in our own columns. That one is missing, or may not be written, keeps no row from coming in: then it answers what to mend. */
export const writeBack = async (
  reading: Reading,
  table: Table,
  planned: readonly Planned[],
): Promise<ConnectionFault | null> => {
  const { port, access, settings } = reading;
  const missing = ownColumns(reading).filter((name) => !table.columns.includes(name));
  const cells = staleCells(reading, table, planned);
  try {
    if (cells.length > 0) await port.write(access, settings, { table, cells });
  } catch (error) {
    if (!(error instanceof LeitwerkError) || error.isRetryable) throw error;
    return toDetail(error);
  }
  if (missing.length === 0) return null;
  const names = missing.join(', ');
  const message = {
    de: `Zum Zurückschreiben fehlt die Überschrift ${names} in „${table.tabTitle}“: dort eintragen.`,
    en: `The heading ${names} for writing back is missing in "${table.tabTitle}": enter it there.`,
  };
  return { code: 'Hint', message };
};
