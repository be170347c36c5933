import { modelOf } from '../commands/context.ts';
import { standingId } from '../commands/duplicates/standing.ts';
import type { Table, TableCell } from '../connectors/port.ts';
import type { ConnectionFault } from '../core/connections.ts';
import { LeitwerkError } from '../core/errors.ts';
import { findRecordsById } from '../store/records.ts';
import { toDetail } from './failure.ts';
import { ownColumns, type Planned, type Reading } from './table-reading.ts';

const words = {
  de: {
    taken: 'übernommen',
    duplicate: 'Dublette',
    rejected: 'abgelehnt',
    deleted: 'gelöscht',
    double: 'doppelt in der Tabelle',
  },
  en: {
    taken: 'taken in',
    duplicate: 'duplicate',
    rejected: 'rejected',
    deleted: 'deleted',
    double: 'twice in the table',
  },
} as const;

/** Ids of the records that stand for those of the rows now. Deleted ones are absent, as after their import was taken back. */
const readStanding = async ({ ctx }: Reading, planned: readonly Planned[]): Promise<ReadonlyMap<string, string>> => {
  const model = modelOf(ctx, 'lead');
  const { tenantId } = ctx.actor;
  const ids = [...new Set(planned.flatMap(({ known }) => known?.recordId ?? []))];
  const standing = new Map<string, string>();
  for (const record of await findRecordsById(ctx.db, model, { tenantId, ids })) {
    const id = String(record['id']);
    if (typeof record['mergedInto'] === 'string') standing.set(id, await standingId(ctx.db, model, { tenantId, id }));
    else if (record['deletedAt'] === null) standing.set(id, id);
  }
  return standing;
};

type Words = (typeof words)[keyof typeof words];

/** What became of a row; undefined where there is nothing to say yet. */
const stateOf = ({ change, known }: Planned, isDeleted: boolean, said: Words): string | undefined => {
  if (change === 'double') return said.double;
  switch (known?.outcome) {
    case undefined:
    case null:
      return undefined;
    case 'rejected':
      return `${said.rejected}: ${known.reason ?? ''}`;
    case 'duplicate':
      return isDeleted ? said.deleted : said.duplicate;
    default:
      return isDeleted ? said.deleted : said.taken;
  }
};

/** What our own columns are to say of a row; undefined where there is nothing to say yet. */
const toldOf = (
  { ctx, outgoing, settings }: Reading,
  planned: Planned,
  standing: ReadonlyMap<string, string>,
): Readonly<Record<string, string>> | undefined => {
  const { recordId: made = null } = planned.known ?? {};
  const recordId = standing.get(made ?? '');
  const state = stateOf(planned, made !== null && recordId === undefined, words[ctx.language]);
  if (state === undefined) return undefined;
  const { status, link } = settings.writeBack ?? {};
  return {
    ...(status === undefined ? {} : { [status]: state }),
    ...(link === undefined
      ? {}
      : { [link]: recordId === undefined ? '' : `${outgoing.publicUrl}/list/leads/${recordId}` }),
  };
};

/** Cells that do not say what they are to say: also those of rows that were moved while we wrote. */
const staleCells = async (reading: Reading, table: Table, planned: readonly Planned[]): Promise<TableCell[]> => {
  const standing = await readStanding(reading, planned);
  const actual = new Map(table.rows.map((row) => [row.number, row.cells]));
  return planned.flatMap((one) =>
    Object.entries(toldOf(reading, one, standing) ?? {}).flatMap(([column, value]) => {
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
  const cells = await staleCells(reading, table, planned);
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
