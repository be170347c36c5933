import { LeitwerkError } from '../../core/errors.ts';
import { openArchive, type Archive, type ArchiveLimits } from './archive.ts';
import { readRows, type SheetRow } from './rows.ts';
import { readStrings } from './strings.ts';
import { readMeanings, readWorkbook, type Sheet } from './workbook.ts';

/** Whether a file begins as a spreadsheet (a ZIP file) does. */
export const isArchive = (head: Uint8Array): boolean =>
  head[0] === 0x50 && head[1] === 0x4b && head[2] === 0x03 && head[3] === 0x04;

const withArchive = async <T>(
  path: string,
  limits: ArchiveLimits | undefined,
  work: (archive: Archive) => Promise<T>,
): Promise<T> => {
  const archive = await openArchive(path, limits);
  try {
    return await work(archive);
  } finally {
    archive.close();
  }
};

/**
 * Sheets of a spreadsheet, in the order of their tabs.
 * @throws LeitwerkError `Unreadable`, `TooLarge`.
 */
export async function readSheets(path: string): Promise<readonly Pick<Sheet, 'name' | 'isHidden'>[]> {
  const { sheets } = await withArchive(path, undefined, readWorkbook);
  return sheets.map(({ name, isHidden }) => ({ name, isHidden }));
}

const chosen = (sheets: readonly Sheet[], name: string | undefined): Sheet => {
  const sheet =
    name === undefined ? (sheets.find((one) => !one.isHidden) ?? sheets[0]) : sheets.find((one) => one.name === name);
  if (sheet !== undefined) return sheet;
  const list = sheets.map((one) => `„${one.name}“`).join(', ');
  throw new LeitwerkError('InvalidInput', {
    issues: [
      {
        path: '/sheet',
        code: 'unknown',
        message: `There is no such sheet. Sheets: ${list}`,
        text: { de: `Dieses Blatt gibt es nicht. Blätter: ${list}`, en: `There is no such sheet. Sheets: ${list}` },
      },
    ],
  });
};

const quoted = (cell: string): string => {
  const text = cell.replaceAll('\0', '');
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

/** Rows as lines of CSV, each where its number is: what the sheet leaves out is an empty line. */
class Transcript {
  #next = 1;
  #width: number | undefined;

  add({ number, cells }: SheetRow): string {
    if (cells.every((cell) => cell.trim() === '')) return '';
    const gap = '\n'.repeat(number - this.#next);
    this.#next = number + 1;
    this.#width ??= cells.length;
    const missing = ','.repeat(Math.max(this.#width - cells.length, 0));
    return `${gap}${cells.map(quoted).join(',')}${missing}\n`;
  }
}

/**
 * A sheet as CSV (UTF-8, commas), row `n` of it as record `n`, counting empty ones; dates in ISO form, numbers with a point. Nothing but
 * the shared texts is kept in memory. Absent a name it is the first sheet that is shown.
 * @throws LeitwerkError `Unreadable`, `TooLarge` for an archive that unpacks to more than a table can be, `InvalidInput` without such a sheet.
 */
export async function* transcribeSheet(
  path: string,
  name: string | undefined,
  limits?: ArchiveLimits,
): AsyncGenerator<Uint8Array> {
  const archive = await openArchive(path, limits);
  try {
    const { sheets, is1904, strings, styles } = await readWorkbook(archive);
    const sheet = chosen(sheets, name);
    const reading = {
      is1904,
      meanings: await readMeanings(archive, styles),
      strings: await readStrings(archive, strings),
    };
    const transcript = new Transcript();
    for await (const rows of readRows(await archive.part(sheet.part), reading)) {
      const text = rows.map((row) => transcript.add(row)).join('');
      if (text !== '') yield Buffer.from(text);
    }
  } finally {
    archive.close();
  }
}
