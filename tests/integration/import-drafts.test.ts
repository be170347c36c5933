import writeExcel from 'write-excel-file/node';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { createApi, type Api } from '../support/api.ts';
import type { App } from '../support/app.ts';
import { settled, upload, type ImportData } from '../support/imports.ts';
import { countRows } from '../support/ledger.ts';
import { until } from '../support/processes.ts';
import { addKey, createStore, dialects, type Store } from '../support/stores.ts';

interface Preview {
  readonly columns: readonly { readonly name: string; readonly samples: readonly string[] }[];
  readonly mapping: { readonly rows: readonly { readonly from?: string; readonly to: string }[] };
  readonly rows: readonly {
    readonly line: number;
    readonly values?: Record<string, unknown>;
    readonly issues: readonly unknown[];
  }[];
  readonly [name: string]: unknown;
}

interface Row {
  readonly line: number;
  readonly outcome: string;
  readonly cells: readonly string[];
  readonly reasons: readonly { readonly message: string; readonly field: string | null }[];
  readonly isEdited: boolean;
}

describe.each(dialects)('drafts of imports on %s', (dialect) => {
  let store: Store;
  let app: App;
  let key = '';
  let api: Api;
  let built: Promise<readonly [Store, App, string]> | undefined;

  const build = async (skip: Parameters<typeof createStore>[0]['skip']): Promise<readonly [Store, App, string]> => {
    const made = await createStore({ skip }, dialect);
    const admin = await addKey(made, { role: 'superadmin' });
    const running = await made.start();
    await running.temporalReady();
    return [made, running, admin];
  };
  beforeEach(async ({ skip }) => {
    built ??= build(skip);
    [store, app, key] = await built;
    api = createApi(app.url, key);
  });
  afterAll(async () => {
    const made = await built;
    await made?.[1].stop();
    await made?.[0].clear();
  });

  const draft = async (content: string | Uint8Array, words = {}, name = 'leads.csv'): Promise<ImportData> => {
    const answer = await upload({ url: app.url, key }, { content, name }, { source: '', draft: 'true', ...words });
    expect([answer.status, answer.json]).toMatchObject([201, { data: { state: 'draft', isDraft: true } }]);
    return answer.json.data as unknown as ImportData;
  };
  const preview = async (id: string): Promise<Preview> =>
    (await api.get(`/imports/${id}/preview?rows=5`)).json.data as unknown as Preview;
  const checked = async (id: string): Promise<ImportData> => {
    expect((await api.post(`/imports/${id}/check`)).status).toBe(202);
    return await until('it is checked', async () => {
      const now = (await api.get(`/imports/${id}`)).json.data as unknown as ImportData;
      return now.state === 'draft' || now.state === 'failed' ? now : undefined;
    });
  };
  const rejected = async (id: string, language = 'de'): Promise<readonly Row[]> => {
    const headers = { 'accept-language': language };
    const { data } = (await api.get(`/imports/${id}/rows?outcome=rejected`, headers)).json as unknown as {
      data: { rows: Row[] };
    };
    return data.rows;
  };

  it('a file is uploaded once: previewed, changed, checked, corrected in place, started, and taken back', async () => {
    const content =
      'Vorname;Nachname;E-Mail;Summe\r\nAnna;Berg;anna@berg.example;1.234,50\r\nBert;Tal;keine Adresse;2\r\nAnna;Berg;anna@berg.example;1.234,50\r\nCarl;See;auch keine;3\r\n';
    const { id } = await draft(content);
    expect(await countRows(store, 'event', "`entity` = 'import' AND `lane` IS NOT NULL")).toBe(0);
    const first = await preview(id);
    expect(first).toMatchObject({
      encoding: 'utf-8',
      delimiter: ';',
      header: true,
      decimal: 'comma',
      isMappingSuggested: true,
      former: null,
      fault: null,
      columns: [{ name: 'Vorname', samples: ['Anna', 'Bert', 'Carl'] }, {}, {}, { name: 'Summe' }],
    });
    expect(first.rows[0]).toMatchObject({
      line: 2,
      values: { firstName: 'Anna', email: 'anna@berg.example' },
      issues: [],
    });
    expect(first.rows[1]).toMatchObject({ line: 3, issues: [{ path: '/email' }] });
    // `Summe` fits no field by its name: somebody says that it is the budget.
    const rows = [...first.mapping.rows, { from: 'Summe', to: 'budget', transform: 'money' }];
    const words = { mapping: { unmapped: 'additional', rows }, matchKey: 'email', processes: 'none' };
    const bad = await api.patch(`/imports/${id}`, { ...words, matchKey: 'gibtsnicht', source: 'nirgends' });
    expect([bad.status, bad.json.errors.map(({ path }) => path).toSorted()]).toEqual([422, ['/matchKey', '/source']]);
    expect((await api.patch(`/imports/${id}`, words)).status).toBe(200);
    expect(await preview(id)).toMatchObject({
      isMappingSuggested: false,
      rows: [{ values: { budget: 1234.5 } }, {}, {}, {}],
    });

    const check = await checked(id);
    expect(check).toMatchObject({ read: 4, created: 1, duplicates: 1, rejected: 2, isDraft: true, edits: 0 });
    expect(await countRows(store, 'lead', "`lastName` = 'Berg'")).toBe(0);
    const [bert, carl] = await rejected(id);
    expect(bert).toMatchObject({ line: 3, reasons: [{ field: 'E-Mail' }], isEdited: false });
    const narrow = await api.put(`/imports/${id}/rows/3`, { cells: ['nur eine'] });
    expect([narrow.status, narrow.json.errors[0]?.path]).toEqual([422, '/cells']);
    expect((await api.put(`/imports/${id}/rows/77`, { cells: null })).status).toBe(404);
    const fixed = await api.put(`/imports/${id}/rows/3`, { cells: ['Bert', 'Tal', 'bert@tal.example', '2'] });
    expect([fixed.status, fixed.json.data]).toMatchObject([200, { outcome: 'created', isEdited: true, reasons: [] }]);
    // Once more, and it is no duplicate of itself.
    const again = await api.put(`/imports/${id}/rows/3`, { cells: ['Bert', 'Thal', 'bert@tal.example', '2'] });
    expect(again.json.data).toMatchObject({ outcome: 'created' });
    expect(
      (await api.put(`/imports/${id}/rows/5`, { cells: ['Carl', 'See', 'noch keine', '3'] })).json.data,
    ).toMatchObject({
      outcome: 'rejected',
    });
    expect((await api.put(`/imports/${id}/rows/5`, { cells: null })).json.data).toMatchObject({
      outcome: 'rejected',
      cells: carl?.cells,
      isEdited: false,
    });
    expect((await api.get(`/imports/${id}`)).json.data).toMatchObject({ created: 2, rejected: 1, edits: 1 });

    expect((await api.post(`/imports/${id}/undo`)).status).toBe(409);
    expect((await api.post(`/imports/${id}/start`)).status).toBe(202);
    const done = await settled(api, id);
    expect(done).toMatchObject({ state: 'done', isDraft: false, created: 2, duplicates: 1, rejected: 1, expected: 4 });
    const leads = await store.foundation.db.all<{ lastName: string }>(
      'SELECT `lastName` FROM `lead` WHERE `createdBy` = ? ORDER BY `lastName`',
      [`process/import/${id}`],
    );
    expect(leads.map(({ lastName }) => lastName)).toEqual(['Berg', 'Thal']);
    // What the check kept of its rows is forgotten; the file is as it came.
    expect(await countRows(store, 'import_row', "`scope` LIKE 'check/%'")).toBe(0);
    expect((await api.get(`/imports/${id}/errors.csv`)).text).toMatch(/\n5;"?E-Mail: .*auch keine/);
    for (const act of ['check', 'start']) expect((await api.post(`/imports/${id}/${act}`)).status).toBe(409);
    expect((await api.patch(`/imports/${id}`, { matchKey: '' })).status).toBe(409);
    expect((await api.put(`/imports/${id}/rows/5`, { cells: null })).status).toBe(409);
    expect((await api.post(`/imports/${id}/undo`)).json.data).toMatchObject({ undoState: 'done', undone: 2 });

    // The next file of this shape is asked what this one was.
    const { id: next } = await draft('Nachname;Vorname;E-Mail;Summe\nNeu;Nora;nora@neu.example;7,5\n');
    expect((await api.get(`/imports/${next}`)).json.data).toMatchObject({
      options: { matchKey: 'email', processes: 'none' },
    });
    expect(await preview(next)).toMatchObject({ former: { id }, rows: [{ values: { lastName: 'Neu', budget: 7.5 } }] });
  });

  it('keeps corrected rows as long as the file is read in the same way, and says how many are dropped', async () => {
    const { id } = await draft('Nachname;E-Mail\nBerg;keine\nTal;tal@lesart.example\n');
    expect(await checked(id)).toMatchObject({ created: 1, rejected: 1 });
    expect((await api.put(`/imports/${id}/rows/2`, { cells: ['Berg', 'berg@lesart.example'] })).status).toBe(200);
    for (const words of [
      { delimiter: ';', encoding: 'utf-8' },
      { header: 'true', decimal: 'comma' },
      { delimiter: 'auto' },
    ]) {
      const same = await api.patch(`/imports/${id}`, words);
      expect([same.status, same.json]).toMatchObject([200, { droppedEdits: 0, data: { edits: 1 } }]);
    }
    expect(await checked(id)).toMatchObject({ created: 2, rejected: 0, edits: 1 });
    expect((await api.patch(`/imports/${id}`, { delimiter: ',' })).json).toMatchObject({
      droppedEdits: 1,
      data: { edits: 0 },
    });
  });

  it('rows of another width are taken as they are shown, and only when somebody says so', async () => {
    const lines = ['Nachname;E-Mail;Ort;Firma', 'Kurz;k@breite.example', 'Lang;l@breite.example;;;zuviel', 'Ganz;;;'];
    const { id } = await draft(lines.join('\n'));
    expect((await api.patch(`/imports/${id}`, { matchKey: 'email', processes: 'none' })).status).toBe(200);
    const [odd, , whole] = (await preview(id)).rows;
    expect(odd).toMatchObject({ issues: [{ message: 'Die Zeile hat 2 Spalten, erwartet werden 4.' }] });
    expect(whole).toMatchObject({ issues: [] });
    expect(await checked(id)).toMatchObject({ created: 1, rejected: 2 });
    const short = ['Kurz', 'k@breite.example', '', ''];
    const put = async (line: number, cells: readonly string[] | null): Promise<unknown> =>
      (await api.put(`/imports/${id}/rows/${line}`, { cells })).json.data;
    expect(await put(2, short)).toMatchObject({ outcome: 'created', isEdited: true });
    // As in the file again it cannot be read again.
    expect(await put(2, null)).toMatchObject({ outcome: 'rejected', reasons: [{ code: 'unreadable' }] });
    expect(await put(2, short)).toMatchObject({ outcome: 'created', isEdited: true });
    expect(await put(3, ['Lang', 'l@breite.example', '', ''])).toMatchObject({ outcome: 'created', isEdited: true });
    expect(await put(4, ['Ganz', '', '', ''])).toMatchObject({ outcome: 'created', isEdited: false });
    expect((await api.get(`/imports/${id}`)).json.data).toMatchObject({ created: 3, rejected: 0, edits: 2 });
    expect((await api.post(`/imports/${id}/start`)).status).toBe(202);
    expect(await settled(api, id)).toMatchObject({ state: 'done', created: 3, rejected: 0 });
  });

  it('values are translated into labels of either language, as a file may name them, and kept as keys', async () => {
    const { id } = await draft('Nachname;Wichtigkeit\nEins;A\nZwei;B\n');
    const rowOf = (valueMap: Record<string, string>): object => ({
      rows: [
        { from: 'Nachname', to: 'lastName' },
        { from: 'Wichtigkeit', to: 'priority', valueMap },
      ],
    });
    const odd = await api.patch(`/imports/${id}`, { mapping: rowOf({ A: 'Dringend', B: 'eilig' }) });
    expect([odd.status, odd.json.errors.map(({ path }) => path)]).toEqual([422, ['/mapping/rows/1/valueMap/B']]);
    const fit = await api.patch(`/imports/${id}`, { mapping: rowOf({ A: 'DRINGEND', B: 'high', C: '' }) });
    expect(fit.status).toBe(200);
    expect(await preview(id)).toMatchObject({
      mapping: { rows: [{}, { valueMap: { A: 'dringend', B: 'hoch', C: '' } }] },
      rows: [{ values: { priority: 'dringend' } }, { values: { priority: 'hoch' } }],
    });
  });

  it('knows how many rows there are once a check has counted them', async () => {
    const long = Array.from({ length: 300 }, (_, index) => `Lang ${index};${'x'.repeat(300)}`);
    const short = Array.from({ length: 700 }, (_, index) => `Kurz ${index};x`);
    const { id } = await draft(`Nachname;Nachricht\n${[...long, ...short].join('\n')}\n`);
    expect(Number((await preview(id))['expected'])).toBeLessThan(1_000);
    expect(await checked(id)).toMatchObject({ expected: 1_000 });
    await api.patch(`/imports/${id}`, { processes: 'none' });
    await api.post(`/imports/${id}/start`);
    expect(await settled(api, id)).toMatchObject({ expected: 1_000, read: 1_000 });
    const late = await api.post(`/imports/${id}/pause`, undefined, { 'accept-language': 'de' });
    expect([late.status, late.json['detail']]).toEqual([409, expect.stringContaining('„Fertig“')]);
  });

  it('says why rows are rejected in the language of whoever reads it', async () => {
    // What a lead needs, cells that do not fit, and what is no row.
    const content = 'Nachname;E-Mail;Budget\n;;5\nBerg;keine;viel\nTal;tal@berg.example\n';
    const { id } = await draft(content, { source: 'csv-datei' });
    expect(await checked(id)).toMatchObject({ rejected: 3 });
    const wordsIn = async (language: string): Promise<string> =>
      (await rejected(id, language)).flatMap(({ reasons }) => reasons.map(({ message }) => message)).join('\n');
    const [de, en] = [await wordsIn('de'), await wordsIn('en')];
    expect(de).toMatch(/Es fehlt jede Angabe.*keine E-Mail-Adresse.*Spalten/s);
    expect(en).toMatch(/Nothing to answer to.*not an e-mail address.*columns/s);
    expect([de.split('\n').length, /[äöüß„]|ist kein/.exec(en)]).toEqual([en.split('\n').length, null]);
    const errorsIn = async (language: string): Promise<string> =>
      (await api.get(`/imports/${id}/errors.csv`, { 'accept-language': language })).text;
    expect(await errorsIn('de')).toMatch(/\n2;.*Es fehlt jede Angabe/);
    expect(await errorsIn('en')).toMatch(/\n2;.*Nothing to answer to/);
    // Rows from before have one language.
    const reasons = JSON.stringify([{ path: '/email', code: 'required', message: 'Von früher.' }]);
    const sql =
      'UPDATE `import_row` SET `reasons` = ? WHERE `line` = 2 AND `importId` = (SELECT `run` FROM `import` WHERE `id` = ?)';
    await store.foundation.db.write(async (tx) => await tx.run(sql, [reasons, id]));
    expect(await wordsIn('en')).toContain('Von früher.');
    expect(await errorsIn('en')).toContain('E-mail: Von früher.');
  });

  it('a recurring import needs its file only', async () => {
    const value = {
      key: 'monatsliste',
      label: { de: 'Monatsliste', en: 'Monthly list' },
      entity: 'lead',
      unmapped: 'additional',
      rows: [
        { from: 'Wer', to: 'lastName' },
        { from: 'Wohin', to: 'email' },
      ],
      file: { source: 'kaltakquise', delimiter: '|', matchKey: 'email', onMatch: 'update', processes: 'none' },
    };
    expect((await api.put('/config/mappings/monatsliste', value)).status).toBeLessThan(300);
    const send = async (words: Record<string, string>): ReturnType<typeof upload> =>
      await upload({ url: app.url, key }, { content: 'Wer|Wohin\nMai|mai@liste.example\n' }, { source: '', ...words });
    const answer = await send({ preset: 'monatsliste' });
    expect(answer.json.data).toMatchObject({ preset: 'monatsliste', source: 'kaltakquise' });
    const done = await settled(api, (answer.json.data as unknown as ImportData).id);
    expect(done).toMatchObject({ state: 'done', created: 1, options: { onMatch: 'update' } });
    expect((await send({ preset: 'gibt-es-nicht' })).json.errors[0]?.path).toBe('/preset');
    const wrong = await api.put('/config/mappings/monatsliste', {
      ...value,
      file: { ...value.file, source: 'nirgends', matchKey: 'x' },
    });
    expect(wrong.status).toBe(422);
  });

  it('a spreadsheet comes in by its sheet, and its errors name rows of the sheet', async () => {
    const cell = (value: string | number | Date): object => ({
      value,
      ...(value instanceof Date ? { format: 'dd.mm.yyyy' } : {}),
    });
    const sheets = [
      { sheet: 'Deckblatt', data: [[cell('Bericht')]] },
      {
        sheet: 'Leads',
        data: [
          ['Nachname', 'E-Mail', 'Budget', 'Nachricht'].map(cell),
          [cell('Blatt'), cell('blatt@tabelle.example'), cell(1.234), cell('eins\nzwei')],
          [],
          [cell('Falsch'), cell('keine'), cell(5)],
        ],
      },
    ];
    const bytes = await writeExcel(sheets as Parameters<typeof writeExcel>[0]).toBuffer();
    const { id } = await draft(bytes, { entity: 'lead', processes: 'none' }, 'leads.xlsx');
    expect(await preview(id)).toMatchObject({ sheet: 'Deckblatt', sheets: [{ name: 'Deckblatt' }, { name: 'Leads' }] });
    expect((await api.patch(`/imports/${id}`, { sheet: 'Leads' })).status).toBe(200);
    expect(await preview(id)).toMatchObject({
      sheet: 'Leads',
      delimiter: null,
      rows: [{ line: 2, values: { lastName: 'Blatt', budget: 1.23, message: 'eins\nzwei' } }, { line: 4 }],
    });
    expect(await checked(id)).toMatchObject({ read: 2, created: 1, rejected: 1 });
    await api.post(`/imports/${id}/start`);
    expect(await settled(api, id)).toMatchObject({ state: 'done', created: 1, rejected: 1 });
    expect((await api.get(`/imports/${id}/errors.csv`)).text).toMatch(/_line;_reason;Nachname;.*\r?\n4;"?E-Mail/);
    // Without a draft as well.
    const direct = await upload(
      { url: app.url, key },
      { content: bytes, name: 'leads.xlsx' },
      { sheet: 'Leads', processes: 'none' },
    );
    expect(await settled(api, (direct.json.data as unknown as ImportData).id)).toMatchObject({
      duplicates: 1,
      rejected: 1,
    });
    const wrong = await upload({ url: app.url, key }, { content: bytes, name: 'leads.xlsx' }, { sheet: 'Nirgends' });
    expect(await settled(api, (wrong.json.data as unknown as ImportData).id)).toMatchObject({
      state: 'failed',
      error: { code: 'InvalidInput' },
    });
  });

  it('knows a phone number however it is written', async () => {
    const send = async (content: string): Promise<ImportData> => {
      const words = { entity: 'organization', matchKey: 'phone' };
      const answer = await upload({ url: app.url, key }, { content }, words);
      return await settled(api, (answer.json.data as unknown as ImportData).id);
    };
    expect(await send('Name;Telefon\nRuf GmbH;0351 123 45-67\n')).toMatchObject({ created: 1 });
    const other = 'Name;Telefon\nRuf;+49 (351) 1234567\nAndere;0351 7654321\n';
    expect(await send(other)).toMatchObject({ created: 1, duplicates: 1 });
  });

  it('belongs to whoever uploaded it', async () => {
    const sales = await addKey(store, { role: 'sales' });
    const { id } = await draft('Nachname\nFremd\n');
    const other = createApi(app.url, sales);
    for (const [method, path, body] of [
      ['get', 'preview', undefined],
      ['get', 'rows', undefined],
      ['post', 'check', undefined],
      ['post', 'start', undefined],
    ] as const)
      expect([path, (await other[method](`/imports/${id}/${path}`, body)).status]).toEqual([path, 404]);
    expect((await other.patch(`/imports/${id}`, { matchKey: 'email' })).status).toBe(404);
    expect((await other.put(`/imports/${id}/rows/2`, { cells: null })).status).toBe(404);
    // A file that is none stays a draft whose preview says why.
    const broken = await draft('%PDF-1.7 …');
    expect(await api.get(`/imports/${broken.id}/preview`)).toMatchObject({ status: 400, json: { code: 'Unreadable' } });
    expect((await api.post(`/imports/${broken.id}/cancel`)).status).toBe(200);
  });
});
