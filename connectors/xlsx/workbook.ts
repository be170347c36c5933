import { noSpreadsheet, type Archive } from './archive.ts';
import { meaningOf, type NumberMeaning } from './formats.ts';
import { readWhole } from './xml.ts';

/** A sheet as its tab names it. */
export interface Sheet {
  readonly name: string;
  readonly isHidden: boolean;
  /** Part of the archive that has its rows. */
  readonly part: string;
}

export interface Workbook {
  readonly sheets: readonly Sheet[];
  readonly is1904: boolean;
  readonly strings: string | undefined;
  readonly styles: string | undefined;
}

const main = 'xl/workbook.xml';
const mostSheets = 500;

const resolved = (target: string): string =>
  target.startsWith('/') ? target.slice(1) : `xl/${target.replace(/^\.\//, '')}`;

/** Parts that the workbook refers to: by id, and by the last word of their type. */
const readTargets = async (archive: Archive): Promise<ReadonlyMap<string, string>> => {
  const targets = new Map<string, string>();
  await readWhole(await archive.part('xl/_rels/workbook.xml.rels'), {
    opens: ({ name, attribute }) => {
      const target = attribute('Target');
      if (name !== 'Relationship' || target === undefined) return;
      targets.set(attribute('Id') ?? '', resolved(target));
      targets.set(`type:${(attribute('Type') ?? '').split('/').at(-1) ?? ''}`, resolved(target));
    },
  });
  return targets;
};

/** @throws LeitwerkError `Unreadable` for an archive that is no spreadsheet. */
export async function readWorkbook(archive: Archive): Promise<Workbook> {
  if (!archive.has(main)) throw noSpreadsheet();
  const targets = await readTargets(archive);
  const sheets: Sheet[] = [];
  let is1904 = false;
  await readWhole(await archive.part(main), {
    opens: ({ name, attribute }) => {
      if (name === 'workbookPr') is1904 = /^(1|true)$/.test(attribute('date1904') ?? '');
      const part = targets.get(attribute('id') ?? '');
      // Sheets of diagrams have no rows.
      if (name !== 'sheet' || part === undefined || !archive.has(part) || sheets.length >= mostSheets) return;
      const isHidden = (attribute('state') ?? 'visible') !== 'visible';
      if (!part.includes('chartsheet')) sheets.push({ name: attribute('name') ?? '', isHidden, part });
    },
  });
  return { sheets, is1904, strings: targets.get('type:sharedStrings'), styles: targets.get('type:styles') };
}

/** What numbers mean, by the number of their cell's style. */
export async function readMeanings(archive: Archive, name: string | undefined): Promise<readonly NumberMeaning[]> {
  const codes = new Map<number, string>();
  const meanings: NumberMeaning[] = [];
  if (name === undefined || !archive.has(name)) return meanings;
  let isCells = false;
  await readWhole(await archive.part(name), {
    opens: ({ name: tag, attribute }) => {
      if (tag === 'numFmt') codes.set(Number(attribute('numFmtId')), attribute('formatCode') ?? '');
      if (tag === 'cellXfs') isCells = true;
      if (tag !== 'xf' || !isCells) return;
      const id = Number(attribute('numFmtId') ?? 0);
      meanings.push(meaningOf(id, codes.get(id)));
    },
    closes: (tag) => {
      if (tag === 'cellXfs') isCells = false;
    },
  });
  return meanings;
}
