import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readContent } from '../../connectors/web/content.ts';
import { findJsonFault } from '../../core/json-fault.ts';

const formType = 'application/x-www-form-urlencoded';
const uploadType = 'multipart/form-data; boundary=x';

const fieldsOf = async (raw: Buffer, contentType: string): Promise<unknown> => {
  const content = await readContent(raw, contentType);
  return 'fields' in content ? content.fields : content;
};
const form = async (text: string, more = ''): Promise<unknown> => await fieldsOf(Buffer.from(text), formType + more);

/** Parts as bytes: every character of the texts is one. */
const upload = async (parts: readonly string[], more = ''): Promise<unknown> =>
  await fieldsOf(
    Buffer.from(`${parts.map((part) => `--x\r\n${part}\r\n`).join('')}--x--\r\n`, 'latin1'),
    uploadType + more,
  );
const part = (name: string, text: string, type = ''): string =>
  `Content-Disposition: form-data; name="${name}"\r\n${type === '' ? '' : `Content-Type: ${type}\r\n`}\r\n${text}`;
const utf8 = (text: string): string => Buffer.from(text).toString('latin1');

describe('the charset of a form', () => {
  it.each([
    ['nothing', 'lastName=M%FCller&note=5+%80+%96+1', ''],
    ['nothing, UTF-8', 'lastName=M%C3%BCller&note=5+%E2%82%AC+%E2%80%93+1', ''],
    ['UTF-8', 'lastName=M%C3%BCller&note=5+%E2%82%AC+%E2%80%93+1', '; charset=UTF-8'],
    ['UTF-8, wrongly', 'lastName=M%FCller&note=5+%80+%96+1', '; charset=UTF-8'],
    ['iso-8859-1', 'lastName=M%FCller&note=5+%80+%96+1', '; charset=iso-8859-1'],
    ['iso-8859-1 in quotes', 'lastName=M%FCller&note=5+%80+%96+1', '; charset="ISO-8859-1"'],
    ['iso-8859-1, wrongly', 'lastName=M%C3%BCller&note=5+%E2%82%AC+%E2%80%93+1', '; charset=iso-8859-1'],
    ['macintosh', 'lastName=M%9Fller&note=5+%DB+%D0+1', '; charset=macintosh'],
  ])('is read as what it is where the sender says %s', async (_what, text, more) => {
    expect(await form(text, more)).toEqual({ lastName: 'Müller', note: '5 € – 1' });
  });

  it('may stand in the form itself', async () => {
    expect(await form('_charset_=windows-1252&lastName=M%FCller')).toMatchObject({ lastName: 'Müller' });
    expect(await form('_charset_=iso-8859-2&lastName=Dvo%F8%E1k')).toMatchObject({ lastName: 'Dvořák' });
    expect(await form('_charset_=&lastName=M%FCller')).toMatchObject({ lastName: 'Müller' });
  });

  it('is the same for names and for bytes that are not escaped', async () => {
    expect(await form('Stra%DFe=H%E4user')).toEqual({ Straße: 'Häuser' });
    expect(await fieldsOf(Buffer.from('Straße=Häuser+%FC%25DF', 'latin1'), formType)).toEqual({
      Straße: 'Häuser ü%DF',
    });
  });

  it('leaves the character for what somebody else could not read', async () => {
    expect(await form('lastName=M%EF%BF%BDller')).toEqual({ lastName: 'M\uFFFDller' });
  });

  it.each([
    ['lastName=M%FCller', '; charset=quatsch'],
    ['lastName=Meyer', '; charset=quatsch'],
    ['_charset_=quatsch&lastName=M%FCller', ''],
  ])('that does not exist is said: %s%s', async (text, more) => {
    expect(await form(text, more)).toEqual({
      unreadable: { de: 'Den Zeichensatz „quatsch“ gibt es nicht.', en: 'There is no charset "quatsch".' },
    });
  });
});

describe('the charset of an upload', () => {
  it('is guessed, named by the request, or by the form', async () => {
    expect(await upload([part('lastName', 'M\xFCller'), part('note', '5 \x80')])).toEqual({
      lastName: 'Müller',
      note: '5 €',
    });
    expect(await upload([part(utf8('Straße'), utf8('Häuser €'))])).toEqual({ Straße: 'Häuser €' });
    expect(await upload([part('Stra\xDFe', 'H\xE4user')])).toEqual({ Straße: 'Häuser' });
    expect(await upload([part('a', 'M\x9Fller')], '; charset=macintosh')).toEqual({ a: 'Müller' });
    expect(await upload([part('_charset_', 'iso-8859-2'), part('a', 'Dvo\xF8\xE1k')])).toMatchObject({ a: 'Dvořák' });
  });

  it('is each part’s own where it names one', async () => {
    expect(
      await upload([
        part('a', 'M\x9Fller', 'text/plain; charset=macintosh'),
        part('b', utf8('Müller Łódź'), 'text/plain; charset=UTF-8'),
        part('c', '5 \x80', 'text/plain; charset=windows-1252'),
        part('d', 'M\xFCller'),
        part('f', 'M\xFCller', 'text/plain; charset=UTF-8'),
        part('g', utf8('Müller'), 'application/json; charset=UTF-8'),
        part('e', 'Meyer', 'text/plain; charset=UTF-8'),
        part('_charset_', 'iso-8859-1'),
      ]),
    ).toMatchObject({ a: 'Müller', b: 'Müller Łódź', c: '5 €', d: 'Müller', e: 'Meyer', f: 'Müller', g: 'Müller' });
  });

  it('that does not exist is said', async () => {
    expect(await upload([part('a', 'Meyer', 'text/plain; charset=quatsch')])).toMatchObject({
      unreadable: { de: 'Den Zeichensatz „quatsch“ gibt es nicht.' },
    });
    expect(await upload([part('a', 'Meyer')], '; charset=quatsch')).toMatchObject({
      unreadable: { en: 'There is no charset "quatsch".' },
    });
  });

  it('leaves files as they are, whatever is in them', async () => {
    const mail = 'Content-Type: text/plain; charset=UTF-8\r\n\r\nHallo';
    const head =
      'Content-Disposition: form-data; name="f"; filename="m.eml"\r\nContent-Type: text/plain; charset=koi8-r';
    const raw = Buffer.from(`--x\r\n${head}\r\n\r\n${mail}\r\n--x--\r\n`);
    expect(await readContent(raw, uploadType)).toMatchObject({
      files: [{ contentType: 'text/plain', bytes: Buffer.from(mail) }],
    });
  });

  it('keeps a file of no bytes; an input without a file is none', async () => {
    const head = 'Content-Disposition: form-data; name="f"; filename';
    const raw = `--x\r\n${head}="leer.pdf"\r\nContent-Type: application/pdf\r\n\r\n\r\n--x\r\n${head}=""\r\nContent-Type: application/octet-stream\r\n\r\n\r\n--x--\r\n`;
    expect(await readContent(Buffer.from(raw), uploadType)).toMatchObject({
      files: [{ name: 'leer.pdf', contentType: 'application/pdf', bytes: Buffer.alloc(0) }],
    });
  });

  it('reads names of files, too', async () => {
    const head = 'Content-Disposition: form-data; name="f"; filename';
    const raw = Buffer.from(
      `--x\r\n${head}="Gr\xF6\xDFe.txt"\r\n\r\na\r\n--x\r\n${head}*=UTF-8''%C5%81%C3%B3d%C5%BA.txt\r\n\r\nb\r\n--x--\r\n`,
      'latin1',
    );
    expect(await readContent(raw, uploadType)).toMatchObject({ files: [{ name: 'Größe.txt' }, { name: 'Łódź.txt' }] });
  });
});

describe('what cannot be read', () => {
  const fault = async (raw: string, contentType: string): Promise<unknown> => {
    const content = await readContent(Buffer.from(raw), contentType);
    return 'unreadable' in content ? [content.unreadable.de, content.unreadable.en] : content;
  };

  it.each([
    ['{"a": 1,\n "b": }', 'Das JSON ist in Zeile 2, Spalte 7 nicht lesbar: dort steht „}“.'],
    ['{"a": 1', 'Das JSON endet zu früh (Zeile 1, Spalte 8).'],
    ['', 'Das JSON endet zu früh (Zeile 1, Spalte 1).'],
    ['{"a": "b\nc"}', 'Das JSON ist in Zeile 1, Spalte 9 nicht lesbar: dort steht ein Steuerzeichen.'],
    ['{"a": "\\x"}', 'Das JSON ist in Zeile 1, Spalte 8 nicht lesbar: dort steht „\\“.'],
    ['{"a": 1}}', 'Das JSON ist in Zeile 1, Spalte 9 nicht lesbar: dort steht „}“.'],
    ["{'a': 1}", "Das JSON ist in Zeile 1, Spalte 2 nicht lesbar: dort steht „'“."],
    ['[1, 2,]', 'Das JSON ist in Zeile 1, Spalte 7 nicht lesbar: dort steht „]“.'],
    ['undefined', 'Das JSON ist in Zeile 1, Spalte 1 nicht lesbar: dort steht „u“.'],
  ])('says where JSON is broken: %j', async (raw, wanted) => {
    expect(await fault(raw, 'application/json')).toEqual([
      wanted,
      expect.stringMatching(/^The JSON (?:ends too early|cannot be read at line)/),
    ]);
  });

  it('finds the fault of every JSON that is broken', () => {
    const json = fc
      .json()
      .chain((whole) =>
        fc
          .tuple(
            fc.nat(whole.length),
            fc.constantFrom('', '}', ']', ',', ':', '"', 'x', '1', ' ', '\\', '\n'),
            fc.nat(2),
          )
          .map(([at, other, without]) => whole.slice(0, at) + other + whole.slice(at + without)),
      );
    fc.assert(
      fc.property(json, (text) => {
        const isBroken = ((): boolean => {
          try {
            JSON.parse(text);
            return false;
          } catch {
            return true;
          }
        })();
        const { line, column, found } = findJsonFault(text);
        const at =
          text
            .split('\n')
            .slice(0, line - 1)
            .join('\n').length +
          (line > 1 ? 1 : 0) +
          column -
          1;
        if (!isBroken) expect(at).toBe(text.length);
        expect(found).toBe(at < text.length ? String.fromCodePoint(text.codePointAt(at) ?? 0) : '');
        if (found !== '') expect(() => void JSON.parse(text)).toThrow();
      }),
    );
  });

  const field = (name: string, text = 'a'): string => `--x\r\n${part(name, text)}\r\n`;
  const file = '--x\r\nContent-Disposition: form-data; name="f"; filename="t.txt"\r\n\r\nhello\r\n';
  const endsEarly = ['Das Formular bricht mitten im Inhalt ab.', 'The form breaks off in the middle of its content.'];

  it.each([
    [
      'a field beyond 1 MB',
      `${field('a', 'y'.repeat(1_500_000))}--x--\r\n`,
      ['Das Feld „a“ hat mehr als 1 MB.', 'The field "a" has more than 1 MB.'],
    ],
    [
      'too many fields',
      `${field('a').repeat(501)}--x--\r\n`,
      ['Mehr als 500 Felder sind zu viele.', 'More than 500 fields are too many.'],
    ],
    [
      'too many files',
      `${file.repeat(21)}--x--\r\n`,
      ['Mehr als 20 Dateien sind zu viele.', 'More than 20 files are too many.'],
    ],
    ['an end in a file', file.trimEnd(), endsEarly],
    ['an end in a field', field('a'), endsEarly],
    ['no part', 'rubbish', endsEarly],
    ['an end in a head', '--x\r\nContent-Dispo', endsEarly],
    [
      'a broken head',
      '--x\r\n:\r\n\r\na\r\n--x--\r\n',
      ['Der Kopf eines Formularteils ist nicht lesbar.', 'The head of a part of the form cannot be read.'],
    ],
  ])('says in both languages that a form has %s', async (_what, raw, wanted) => {
    expect(await fault(raw, uploadType)).toEqual(wanted);
  });

  it('says that the content type names no boundary', async () => {
    expect(await fault('', 'multipart/form-data')).toEqual([
      'Der Content-Type nennt keine Trennlinie (boundary).',
      'The content type names no boundary.',
    ]);
  });

  it('says that a form has too many fields', async () => {
    expect(await fault('a=1&'.repeat(501), formType)).toEqual([
      'Mehr als 500 Felder sind zu viele.',
      'More than 500 fields are too many.',
    ]);
  });
});
