import { stringify } from 'csv-stringify/sync';
import { createHash } from 'node:crypto';
import { modelOf, type Context } from '../commands/context.ts';
import { startImport } from '../commands/imports/startImport.ts';
import { boundedKey, externalPrefix } from '../commands/dedupe-key.ts';
import type { Source } from '../commands/source.ts';
import type { Table } from '../connectors/port.ts';
import type { ConnectionFault } from '../core/connections.ts';
import { LeitwerkError } from '../core/errors.ts';
import { changedColumn, keyColumn as importKeyColumn, knowsColumn, usedColumns } from '../core/import-columns.ts';
import type { Mapping } from '../core/mapping.ts';
import { planSheet, type SheetRow } from '../core/sheet-plan.ts';
import { readFeedItems, writeFeedItems, type FeedItem, type FeedRow } from '../store/feeds.ts';
import { readImportRowsOf } from '../store/import-rows.ts';
import { createImportActivities } from './import-activities.ts';
import { asSource, type Outgoing } from './outgoing.ts';
import { ownColumns, type Cursor, type Planned, type Reading } from './table-reading.ts';
import { writeBack } from './table-write-back.ts';

/** What a run has come to. A hint says what is to be mended although rows come in. */
export interface TableRun {
  readonly cursor: Cursor;
  readonly figures: Readonly<Record<string, number>>;
  readonly hint: ConnectionFault | null;
}

const sha = (text: string): string => createHash('sha256').update(text).digest('base64url');
const hashing = { row: (text: string) => sha(text).slice(0, 32), cell: (text: string) => sha(text).slice(0, 8) };

const stopped = (de: string, en: string): LeitwerkError =>
  new LeitwerkError('RemoteRejected', { text: { de, en }, facts: { fault: 'column' } });

const mappingOf = ({ ctx, source }: Pick<Reading, 'ctx' | 'source'>): Mapping | undefined =>
  source.mapping === undefined
    ? undefined
    : (ctx.snapshot.config('mappings').get(source.mapping)?.value as Mapping | undefined);

const revisionsOf = ({ snapshot }: Context, source: Source): string =>
  [
    snapshot.config('sources').get(source.key)?.revision,
    snapshot.config('mappings').get(source.mapping ?? '')?.revision,
    snapshot.models.get('lead')?.revision,
  ].join('/');

/** A column that filled a field and is gone: nothing is taken in until somebody has looked. */
const assertColumns = (reading: Reading, { columns, tabTitle }: Table): void => {
  const { settings, before, revisions, ctx } = reading;
  const mapping = mappingOf(reading);
  const fills = mapping === undefined ? knowsColumn(modelOf(ctx, 'lead')) : usedColumns(mapping, before?.columns ?? []);
  const isWanted = (name: string): boolean =>
    name === settings.keyColumn || (before?.revisions === revisions && fills(name));
  const wanted = new Set([
    ...(before?.columns ?? []),
    ...(settings.keyColumn === undefined ? [] : [settings.keyColumn]),
  ]);
  const gone = [...wanted].filter((name) => isWanted(name) && !columns.includes(name));
  if (gone.length === 0) return;
  const [missing, present] = [gone.join(', '), columns.join(', ')];
  throw stopped(
    `In „${tabTitle}“ fehlt die Spalte ${missing}. Vorhanden: ${present}. Die Überschrift zurückändern oder Quelle und Zuordnung anpassen, dann geht es von selbst weiter.`,
    `"${tabTitle}" lacks the column ${missing}. There are: ${present}. Change the heading back or adapt source and mapping, then it goes on by itself.`,
  );
};

/** Rows without the columns that we fill in ourselves. */
const rowsOf = (reading: Reading, table: Table): SheetRow[] => {
  const own = new Set(ownColumns(reading));
  return table.rows.flatMap(({ number, cells }) => {
    const rest = Object.fromEntries(Object.entries(cells).filter(([name]) => !own.has(name)));
    return Object.keys(rest).length === 0 ? [] : [{ number, cells: rest }];
  });
};

const plan = (reading: Reading, table: Table, known: readonly FeedItem[]): Planned[] =>
  planSheet({ rows: rowsOf(reading, table), keyColumn: reading.settings.keyColumn }, known, {
    hashing,
    toIdentity: (key) => boundedKey(`${externalPrefix}${key}`),
  });

/** New rows, edited ones where the source says so, and refused ones when something was repaired. */
const isDue = ({ settings, before, revisions }: Reading, { change, known }: Planned): boolean => {
  if (change === 'new') return true;
  if (change === 'edited') return settings.onChange !== 'ignore' || known?.recordId === null;
  return change === 'same' && known?.outcome === 'rejected' && before?.revisions !== revisions;
};

/** Columns that alone change the record: what stood in the others has been taken in, and may have been corrected here since. */
const changedOf = ({ known, cells }: Planned): readonly string[] | null => {
  if (known === undefined || known.recordId === null || known.cells === null) return null;
  const before = known.cells;
  const names = Object.keys({ ...before, ...cells }).filter((name) => before[name] !== cells[name]);
  return [...new Set([...(known.changed ?? []), ...names])];
};

/** Rows as a file, and the line of each in it. */
const toFile = (reading: Reading, table: Table, due: readonly Planned[]): { text: string; lines: number[] } => {
  const ours = new Set(ownColumns(reading));
  const columns = table.columns.filter((name) => !ours.has(name));
  const options = { delimiter: ';' };
  let text = stringify([[importKeyColumn, changedColumn, ...columns]], options);
  let line = 2;
  const lines: number[] = [];
  for (const planned of due) {
    const { identity, row } = planned;
    const changed = changedOf(planned);
    const own = [identity, changed === null ? '' : JSON.stringify(changed)];
    const record = stringify([[...own, ...columns.map((name) => row.cells[name] ?? '')]], options);
    lines.push(line);
    line += record.split('\n').length - 1;
    text += record;
  }
  return { text, lines };
};

const decimalOf = (locale: string): string => {
  try {
    const parts = new Intl.NumberFormat(locale.replaceAll('_', '-')).formatToParts(1.5);
    return parts.find(({ type }) => type === 'decimal')?.value === ',' ? 'comma' : 'point';
  } catch {
    // A locale that this system does not know: the import finds out from the numbers.
    return 'auto';
  }
};

const itemOf = (planned: Planned): FeedItem => ({
  importId: null,
  line: null,
  outcome: null,
  recordId: null,
  reason: null,
  changed: null,
  ...planned.known,
  identity: planned.identity,
  position: planned.row.number,
  hash: planned.hash,
  cells: planned.cells,
});

/** Queues the import of what is due; that it takes these rows is noted in the same transaction. */
const queue = async (reading: Reading, table: Table, due: readonly Planned[]): Promise<string> => {
  const { outgoing, ctx, source, settings, key } = reading;
  const { text, lines } = toFile(reading, table, due);
  const bytes = Buffer.from(text);
  const words = {
    source: source.key,
    encoding: 'utf-8',
    delimiter: ';',
    header: 'true',
    decimal: decimalOf(table.locale),
    onMatch: settings.onChange === 'ignore' ? 'skip' : 'update',
    matchKey: settings.matchKey,
    mapping: source.mapping,
  };
  const request = {
    fileName: `${table.tabTitle}.csv`,
    blob: await outgoing.blobs.put(bytes),
    size: bytes.length,
    words,
  };
  const { id } = await startImport(asSource(ctx, source), request, {
    isCarriedHere: true,
    within: async (tx, importId) => {
      const items = due.map((planned, index) => ({
        ...itemOf(planned),
        changed: changedOf(planned),
        importId,
        line: lines[index] ?? null,
      }));
      await writeFeedItems(tx, key, items);
    },
  });
  return id;
};

/** Notes what became of rows whose import has come past them. */
const settle = async ({ ctx, key }: Reading): Promise<FeedItem[]> => {
  const items = await readFeedItems(ctx.db, key);
  const open = Map.groupBy(
    items.filter(({ importId }) => importId !== null),
    ({ importId }) => importId ?? '',
  );
  const settled = new Map<string, FeedItem>();
  for (const [importId, group] of open) {
    const rows = await readImportRowsOf(ctx.db, { tenantId: key.tenantId, importId });
    for (const item of group) {
      const row = rows.get(item.line ?? 0);
      if (row === undefined) continue;
      const reason = (row.reasons ?? []).map(({ message }) => message).join(' ');
      const recordId = row.recordId ?? item.recordId;
      const { outcome } = row;
      settled.set(item.identity, {
        ...item,
        importId: null,
        line: null,
        outcome,
        recordId,
        reason: reason === '' ? null : reason,
        changed: outcome === 'rejected' ? item.changed : null,
      });
    }
  }
  if (settled.size > 0) await ctx.db.write(async (tx) => await writeFeedItems(tx, key, [...settled.values()]));
  return items.map((item) => settled.get(item.identity) ?? item);
};

const renamed = ({ settings }: Reading, { tabTitle }: Table): ConnectionFault | null =>
  settings.tab === undefined || settings.tab === tabTitle
    ? null
    : {
        code: 'Hint',
        message: {
          de: `Das Blatt „${settings.tab}“ heißt jetzt „${tabTitle}“. Es wird weiter gelesen; bitte den Namen in der Quelle nachtragen.`,
          en: `The tab "${settings.tab}" is called "${tabTitle}" now. It is still read; please enter the new name in the source.`,
        },
      };

const count = (planned: readonly Planned[], test: (one: Planned) => boolean): number => planned.filter(test).length;

/** Finishes imports that an earlier run has left, so that what became of their rows is known. */
const finishOpen = async ({ outgoing, ctx, key }: Reading): Promise<void> => {
  const open = new Set((await readFeedItems(ctx.db, key)).flatMap(({ importId }) => importId ?? []));
  const activities = createImportActivities(outgoing);
  for (const id of open) await activities.carryImport({ tenantId: key.tenantId, id });
};

/**
 * Reads a table and takes in what has changed since the last run: by the import that files have, so that rows are mapped, matched,
 * refused and taken back as those of files are.
 * @throws LeitwerkError of the connector, and for columns that are missing.
 */
export async function pollTable(
  outgoing: Outgoing,
  of: Pick<Reading, 'ctx' | 'source' | 'access' | 'port' | 'key'> & { readonly feed: FeedRow | undefined },
): Promise<TableRun> {
  const { ctx, source, access, port, key } = of;
  if (source.sheet === undefined)
    throw new LeitwerkError('Misconfigured', {
      text: {
        de: 'Der Quelle fehlt die Tabelle (Einstellung sheet).',
        en: 'The source lacks its table (setting sheet).',
      },
    });
  const before = (of.feed?.cursor ?? null) as Cursor | null;
  const settings = source.sheet;
  const reading: Reading = { ...of, outgoing, settings, before, revisions: revisionsOf(ctx, source) };
  await finishOpen(reading);
  let known = await settle(reading);
  const read = async (): Promise<Table> =>
    await port.read(access, settings, before === null ? {} : { tabId: before.tabId });
  let table = await read();
  assertColumns(reading, table);
  let planned = plan(reading, table, known);
  const due = planned.filter((one) => isDue(reading, one));
  if (due.length > 0) {
    const id = await queue(reading, table, due);
    await createImportActivities(outgoing).carryImport({ tenantId: key.tenantId, id });
    known = await settle(reading);
  }
  const isDueHere = new Set(due);
  const seen = planned.filter((one) => !isDueHere.has(one) && one.change !== 'double');
  const moved = seen.filter(({ known: one, row, hash }) => one?.position !== row.number || one.hash !== hash);
  if (moved.length > 0) await ctx.db.write(async (tx) => await writeFeedItems(tx, key, moved.map(itemOf)));
  if (due.length > 0 && settings.writeBack !== undefined) {
    table = await read();
    known = await readFeedItems(ctx.db, key);
  }
  if (due.length > 0) planned = plan(reading, table, known);
  const hint = settings.writeBack === undefined ? null : await writeBack(reading, table, planned);
  const here = new Set(planned.map(({ identity }) => identity));
  return {
    cursor: { tabId: table.tabId, columns: table.columns, revisions: reading.revisions },
    hint: hint ?? renamed(reading, table),
    figures: {
      read: planned.length,
      taken: due.length,
      rejected: count(planned, (one) => one.known?.outcome === 'rejected'),
      double: count(planned, ({ change }) => change === 'double'),
      gone: known.filter(({ identity }) => !here.has(identity)).length,
    },
  };
}
