import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zipSync, strToU8 } from 'fflate';
import writeExcel from 'write-excel-file/node';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { detectDialect, readRecords } from '../../connectors/csv/index.ts';
import { readSheets, transcribeSheet } from '../../connectors/xlsx/index.ts';

/** A workbook as programs write it, part by part. */
const workbook = (
  parts: { readonly sheet: string; readonly strings?: string; readonly styles?: string },
  more: Readonly<Record<string, string>> = {},
): Uint8Array =>
  zipSync({
    'xl/workbook.xml': strToU8(
      '<workbook xmlns:r="r"><sheets><sheet name="Alt" state="hidden" r:id="r1"/><sheet name="Leads &amp; mehr" r:id="r2"/></sheets></workbook>',
    ),
    'xl/_rels/workbook.xml.rels': strToU8(
      '<Relationships><Relationship Id="r1" Type="x/worksheet" Target="worksheets/a.xml"/><Relationship Id="r2" Type="x/worksheet" Target="/xl/worksheets/b.xml"/><Relationship Id="r3" Type="x/sharedStrings" Target="sharedStrings.xml"/><Relationship Id="r4" Type="x/styles" Target="styles.xml"/></Relationships>',
    ),
    'xl/worksheets/a.xml': strToU8('<worksheet><sheetData/></worksheet>'),
    'xl/worksheets/b.xml': strToU8(`<worksheet><sheetData>${parts.sheet}</sheetData></worksheet>`),
    'xl/sharedStrings.xml': strToU8(`<sst>${parts.strings ?? ''}</sst>`),
    'xl/styles.xml': strToU8(parts.styles ?? '<styleSheet/>'),
    ...Object.fromEntries(Object.entries(more).map(([name, text]) => [name, strToU8(text)])),
  });

describe('a spreadsheet', () => {
  let folder = '';
  let path = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'leitwerk-xlsx-'));
    path = join(folder, 'a.xlsx');
  });
  afterEach(async () => await rm(folder, { recursive: true, force: true }));

  const textOf = async (bytes: Uint8Array, sheet?: string, limits?: Parameters<typeof transcribeSheet>[2]) => {
    await writeFile(path, bytes);
    const parts: Uint8Array[] = [];
    for await (const part of transcribeSheet(path, sheet, limits)) parts.push(part);
    return Buffer.concat(parts).toString();
  };

  it('that another program wrote has its texts, numbers, dates, truth values and sheets', async () => {
    const data = [
      ['Firma', 'Betrag', 'Am', 'Aktiv', 'Notiz'].map((value) => ({ value })),
      [
        { value: 'Müller & "Söhne"' },
        { value: 1234.5 },
        { value: new Date('2026-12-31T00:00:00Z'), format: 'dd.mm.yyyy' },
        { value: true },
        { value: 'eins\nzwei, drei' },
      ],
    ];
    const sheets = [
      { data, sheet: 'Leads' },
      { data: [[{ value: 'x' }]], sheet: 'Zwei' },
    ];
    const bytes = await writeExcel(sheets as Parameters<typeof writeExcel>[0]).toBuffer();
    expect(await textOf(bytes)).toBe(
      'Firma,Betrag,Am,Aktiv,Notiz\n"Müller & ""Söhne""",1234.5,2026-12-31,true,"eins\nzwei, drei"\n',
    );
    expect(await readSheets(path)).toEqual([
      { name: 'Leads', isHidden: false },
      { name: 'Zwei', isHidden: false },
    ]);
    expect(await textOf(bytes, 'Zwei')).toBe('x\n');
    await expect(textOf(bytes, 'Drei')).rejects.toMatchObject({ code: 'InvalidInput', issues: [{ path: '/sheet' }] });
  });

  it('keeps the numbers of its rows: gaps, empty rows, breaks in cells', async () => {
    const sheet = [
      '<row r="2"><c r="A2" t="s"><v>0</v></c><c r="C2" t="inlineStr"><is><r><t>Or</t></r><r><t>t</t></r></is></c></row>',
      '<row r="3"><c r="A3" t="s"><v>1</v></c></row>',
      '<row r="4"/>',
      '<row r="6"><c r="B6"><f>1+1</f><v>2</v></c><c r="C6" t="str"><f>A1</f><v>Ergebnis</v></c></row>',
    ].join('');
    const text = await textOf(workbook({ sheet, strings: '<si><t>Name</t></si><si><t>a_x000D_&#10;b</t></si>' }));
    expect(text).toBe('\nName,,Ort\n"a\r\nb",,\n\n\n,2,Ergebnis\n');
    const bytes = Buffer.from(text);
    const dialect = detectDialect(bytes, {
      isWhole: true,
      wishes: { encoding: 'utf-8', delimiter: ',', hasHeader: true, isSheet: true },
      knows: () => true,
    });
    expect(dialect).toMatchObject({ columns: ['Name', '2', 'Ort'], startLine: 3 });
    const open = async () =>
      (async function* () {
        await Promise.resolve();
        yield bytes.subarray(dialect.start);
      })();
    const lines: [number, readonly string[] | undefined][] = [];
    for await (const rows of readRecords(open, dialect, { at: dialect.start, line: dialect.startLine }))
      lines.push(...rows.map(({ line, cells }): [number, readonly string[] | undefined] => [line, cells]));
    expect(lines).toEqual([
      [3, ['a\r\nb', '', '']],
      [6, ['', '2', 'Ergebnis']],
    ]);
  });

  it.each([
    ['14', '', '46387', '2026-12-31'],
    ['22', '', '46387.75', '2026-12-31T18:00:00'],
    ['164', 'TT.MM.JJJJ', '46387', '2026-12-31'],
    ['164', '[$-407]dd\\.mm\\.yyyy;@', '46387', '2026-12-31'],
    ['164', 'h:mm', '0.5', '12:00:00'],
    ['164', '00000', '1067', '01067'],
    ['164', '#,##0.00\\ &quot;days&quot;', '1234.5', '1234.5'],
    ['164', '[Red]0.00', '0.1', '0.1'],
    ['0', '', '0.30000000000000004', '0.3'],
    ['0', '', '4915112345678', '4915112345678'],
    ['14', '', '59', '1900-02-28'],
  ])('reads a number under format %s %s: %s', async (id, code, value, expected) => {
    const styles = `<styleSheet><numFmts><numFmt numFmtId="164" formatCode="${code}"/></numFmts><cellXfs><xf numFmtId="${id}"/></cellXfs></styleSheet>`;
    const sheet = `<row r="1"><c r="A1" s="0"><v>${value}</v></c></row>`;
    expect(await textOf(workbook({ sheet, styles }))).toBe(`${expected}\n`);
  });

  it('has as many shared texts as it wants, also ones that are longer than others', async () => {
    const texts = Array.from({ length: 5_000 }, (_, index) => `${index} ${'ä'.repeat(index % 700)}`);
    texts[777] = 'ü'.repeat(700_000);
    const strings = texts.map((text) => `<si><t>${text}</t></si>`).join('');
    const sheet = texts.map((_, index) => `<row r="${index + 1}"><c t="s"><v>${index}</v></c></row>`).join('');
    const lines = (await textOf(workbook({ sheet, strings }))).trimEnd().split('\n');
    expect(lines.length).toBe(texts.length);
    expect(lines.findIndex((line, index) => line.trim() !== texts[index]?.trim())).toBe(-1);
  });

  it('S20: is refused when it unpacks to more than a table can be, before it is unpacked', async () => {
    const bytes = workbook({ sheet: `<row r="1"><c r="A1"><v>1</v></c></row>${' '.repeat(3_000_000)}` });
    const limits = { entries: 100, part: 1_000_000_000, ratio: 100, ratioFrom: 1_000_000 };
    await expect(textOf(bytes, undefined, limits)).rejects.toMatchObject({ code: 'TooLarge' });
    await expect(textOf(bytes, undefined, { ...limits, ratio: 1e9, part: 1_000_000 })).rejects.toMatchObject({
      code: 'TooLarge',
    });
    await expect(textOf(bytes, undefined, { ...limits, entries: 2 })).rejects.toMatchObject({ code: 'TooLarge' });
    expect(await textOf(bytes, undefined, { ...limits, ratio: 1e9 })).toBe('1\n');
  });

  it('S20: expands no entities, keeps no endless text, and has no cells beyond a sheet', async () => {
    const bomb =
      '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><worksheet><sheetData><row r="1"><c t="str"><v>&b;</v></c></row></sheetData></worksheet>';
    for (const [what, bytes] of [
      ['entities', workbook({ sheet: '' }, { 'xl/worksheets/b.xml': bomb })],
      ['text', workbook({ sheet: `<row r="1"><c t="str"><v>${'x'.repeat(5_000_000)}</v></c></row>` })],
      ['columns', workbook({ sheet: '<row r="1"><c r="ZZZ1"><v>1</v></c></row>' })],
      ['rows', workbook({ sheet: '<row r="99999999"><c r="A1"><v>1</v></c></row>' })],
      ['broken', workbook({ sheet: '<row r="1"><c>' })],
      ['other', zipSync({ mimetype: strToU8('application/vnd.oasis.opendocument.spreadsheet') })],
      ['cut', workbook({ sheet: '' }).subarray(0, 400)],
    ] as const)
      await expect(textOf(bytes), what).rejects.toMatchObject({ code: 'Unreadable' });
  });
});
