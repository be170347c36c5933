import { LeitwerkError } from '../../core/errors.ts';
import { columnName } from '../../core/mapping-path.ts';
import type { SheetRow } from '../../core/sheet-plan.ts';
import type { Access, ConnectorKind, Preset, SheetSettings, Table, TableCell } from '../port.ts';
import type { SheetsClient, Spreadsheet, Tab } from './client.ts';

/** Google's library is loaded where it is used: most systems never do. */
const openClient = async (access: Access): Promise<SheetsClient> =>
  (await import('./client.ts')).createSheetsClient(access);

const secret = (de: string, en: string, help: { readonly de: string; readonly en: string }) => ({
  type: 'string',
  minLength: 1,
  maxLength: 10_000,
  'x-label': { de, en },
  'x-help': help,
});

const oauth = {
  de: 'Statt eines Dienstkontos: alle drei Angaben eines OAuth-Clients.',
  en: 'Instead of a service account: all three of an OAuth client.',
};

const connection: ConnectorKind = {
  kind: 'google-sheets',
  label: { de: 'Google Sheets', en: 'Google Sheets' },
  help: {
    de: 'console.cloud.google.com → APIs: „Google Sheets API“ aktivieren → Dienstkonto → Schlüssel (JSON). Die Tabelle mit der Adresse des Dienstkontos teilen.',
    en: 'console.cloud.google.com → APIs: enable "Google Sheets API" → service account → key (JSON). Share the spreadsheet with the address of the service account.',
  },
  settings: {
    type: 'object',
    additionalProperties: false,
    properties: {
      spreadsheetId: {
        type: 'string',
        maxLength: 200,
        pattern: '^[\\w-]*$',
        'x-label': { de: 'Tabelle zum Prüfen', en: 'Spreadsheet to test with' },
        'x-help': {
          de: 'Freiwillig: der Teil der Adresse zwischen /d/ und /edit.',
          en: 'Optional: the part of the address between /d/ and /edit.',
        },
      },
    },
  },
  credentials: {
    type: 'object',
    additionalProperties: false,
    anyOf: [{ required: ['serviceAccount'] }, { required: ['clientId', 'clientSecret', 'refreshToken'] }],
    properties: {
      serviceAccount: {
        ...secret('Schlüssel des Dienstkontos (JSON)', 'Key of the service account (JSON)', {
          de: 'Den ganzen Inhalt der Datei einfügen.',
          en: 'Paste the whole content of the file.',
        }),
        'x-multiline': true,
      },
      clientId: secret('OAuth-Client-ID', 'OAuth client id', oauth),
      clientSecret: secret('OAuth-Clientschlüssel', 'OAuth client secret', oauth),
      refreshToken: secret('OAuth-Refresh-Token', 'OAuth refresh token', oauth),
    },
  },
  bound: [],
  test: async (access) => {
    const client = await openClient(access);
    const id = access.settings['spreadsheetId'];
    if (typeof id !== 'string' || id === '') {
      await client.authorise();
      return { de: 'Google hat den Zugang angenommen.', en: 'Google accepted the access.' };
    }
    const { title, tabs } = await client.readSpreadsheet(id);
    const names = tabs.map((tab) => `„${tab.title}“`).join(', ');
    return { de: `Tabelle „${title}“ erreicht: ${names}.`, en: `Reached the spreadsheet "${title}": ${names}.` };
  },
};

const stopped = (de: string, en: string, fault: string): LeitwerkError =>
  new LeitwerkError('RemoteRejected', { text: { de, en }, facts: { fault } });

/** The tab of that name; one that was renamed is known by its number. */
const tabOf = ({ tabs }: Spreadsheet, { tab }: SheetSettings, knownId: number | undefined): Tab => {
  const found =
    (tab === undefined ? tabs[0] : tabs.find(({ title }) => title === tab)) ?? tabs.find(({ id }) => id === knownId);
  if (found !== undefined) return found;
  const names = tabs.map(({ title }) => title).join(', ');
  throw stopped(
    `Das Blatt „${tab ?? ''}“ gibt es nicht (mehr). Die Tabelle hat: ${names}. Den Namen in der Quelle ändern, dann geht es von selbst weiter.`,
    `There is no tab "${tab ?? ''}" (any more). The spreadsheet has: ${names}. Change the name in the source, then it goes on by itself.`,
    'tab',
  );
};

/** 1 → A, 27 → AA. */
export const columnLetters = (index: number): string =>
  index <= 0 ? '' : `${columnLetters(Math.floor((index - 1) / 26))}${String.fromCodePoint(65 + ((index - 1) % 26))}`;

const columnNumber = (letters: string): number =>
  [...letters.toUpperCase()].reduce((sum, letter) => sum * 26 + ((letter.codePointAt(0) ?? 64) - 64), 0);

const quoted = (title: string): string => `'${title.replaceAll("'", "''")}'`;

interface Bounds {
  readonly first: number;
  readonly last: number;
}

/** Columns to read: `A:Z` where the source does not say less. */
const boundsOf = ({ columns = 'A:ZZ' }: SheetSettings): Bounds => {
  const [from = 'A', to = 'ZZ'] = columns.split(':');
  return { first: columnNumber(from), last: columnNumber(to) };
};

const blockSize = 2_000;

/** The tab's rows, a block at a time: to the end that the spreadsheet names, and on for as long as a block is full, whatever it names. */
async function* blocksOf(client: SheetsClient, of: { id: string; tab: Tab; bounds: Bounds; from: number }) {
  const { id, tab, bounds } = of;
  let isFull = true;
  for (let from = of.from; from <= tab.rows || isFull; from += blockSize) {
    const to = from + blockSize - 1;
    const range = `${quoted(tab.title)}!${columnLetters(bounds.first)}${from}:${columnLetters(bounds.last)}${to}`;
    const rows = await client.readRows(id, range);
    isFull = rows.length >= blockSize;
    yield { from, rows };
  }
}

/** Header cells by place; columns without a name and repeated ones are called by their letters. */
const readHeader = (cells: readonly string[], { first }: Bounds): string[] => {
  const names: string[] = [];
  for (const [index, cell] of cells.entries()) {
    const name = columnName(cell);
    names.push(name === '' || names.includes(name) ? `Spalte ${columnLetters(first + index)}` : name);
  }
  return names;
};

const toRow = (number: number, cells: readonly string[], columns: readonly string[]): SheetRow => ({
  number,
  cells: Object.fromEntries(
    cells.flatMap((cell, index) =>
      cell.trim() === '' ? [] : [[columns[index] ?? `Spalte ${index + 1}`, cell.trim()]],
    ),
  ),
});

const readTable = async (
  access: Access,
  settings: SheetSettings,
  known: { readonly tabId?: number },
): Promise<Table> => {
  const client = await openClient(access);
  const id = settings.spreadsheetId;
  const spreadsheet = await client.readSpreadsheet(id);
  const tab = tabOf(spreadsheet, settings, known.tabId);
  const headerRow = settings.headerRow ?? 1;
  const bounds = boundsOf(settings);
  let columns: string[] = [];
  const rows: SheetRow[] = [];
  for await (const block of blocksOf(client, { id, tab, bounds, from: headerRow })) {
    const isFirst = block.from === headerRow;
    if (isFirst) columns = readHeader(block.rows[0] ?? [], bounds);
    for (const [index, cells] of block.rows.entries()) {
      const row = toRow(block.from + index, cells, columns);
      if (!(isFirst && index === 0) && Object.keys(row.cells).length > 0) rows.push(row);
    }
  }
  if (columns.length === 0)
    throw stopped(
      `Zeile ${headerRow} von „${tab.title}“ ist leer: dort müssen die Überschriften stehen (Einstellung headerRow).`,
      `Row ${headerRow} of "${tab.title}" is empty: the headings must be there (setting headerRow).`,
      'header',
    );
  return { columns, rows, locale: spreadsheet.locale, tabId: tab.id, tabTitle: tab.title };
};

const writeCells = async (
  access: Access,
  settings: SheetSettings,
  { table, cells }: { readonly table: Table; readonly cells: readonly TableCell[] },
): Promise<void> => {
  const { first } = boundsOf(settings);
  const changes = cells.map(({ column, row, value }) => ({
    range: `${quoted(table.tabTitle)}!${columnLetters(first + table.columns.indexOf(column))}${row}`,
    value,
  }));
  const client = await openClient(access);
  for (let index = 0; index < changes.length; index += 500)
    await client.writeCells(settings.spreadsheetId, changes.slice(index, index + 500));
};

/** A tab of a Google spreadsheet whose rows become records. */
export const googleSheets: Preset = {
  key: 'google-sheets',
  label: { de: 'Google Sheets', en: 'Google Sheets' },
  connection,
  table: { read: readTable, write: writeCells },
};
