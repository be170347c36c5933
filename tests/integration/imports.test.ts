import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { expected } from '../corpus/csv/expected.ts';
import { corpusTable } from '../corpus/csv/read.ts';
import { createApi, type Api } from '../support/api.ts';
import type { App } from '../support/app.ts';
import { settled, upload, type ImportData, type ImportWords } from '../support/imports.ts';
import { countRows } from '../support/ledger.ts';
import { until } from '../support/processes.ts';
import { addKey, createStore, dialects, secretOf, type Store } from '../support/stores.ts';

interface World {
  readonly store: Store;
  readonly app: App;
  readonly key: string;
  readonly api: Api;
}

const head = 'Vorname;Nachname;E-Mail;Telefon;Firma;Straße;PLZ;Ort;Budget;Haustier';
const row = (index: number, more = ''): string =>
  `Anna;Müller ${index};anna${index}@example.org;030 12345;Muster GmbH;Weg 1;01067;Dresden;"1.234,50";Katze${more}`;
const rows = (count: number, from = 0): string[] => Array.from({ length: count }, (_, index) => row(from + index));
const file = (...lines: readonly string[]): string => `${lines.join('\r\n')}\r\n`;

describe.each(dialects)('imports on %s', (dialect) => {
  let world: World;
  let built: Promise<World> | undefined;

  const build = async (skip: Parameters<typeof createStore>[0]['skip']): Promise<World> => {
    const store = await createStore({ skip }, dialect);
    const key = await addKey(store, { role: 'superadmin' });
    const app = await store.start();
    await app.temporalReady();
    return { store, app, key, api: createApi(app.url, key) };
  };
  beforeEach(async ({ skip }) => {
    built ??= build(skip);
    world = await built;
  });
  afterAll(async () => {
    const made = await built;
    await made?.app.stop();
    await made?.store.clear();
  });

  const send = async (content: string | Uint8Array, words?: ImportWords): Promise<ImportData> => {
    const answer = await upload({ url: world.app.url, key: world.key }, { content }, words);
    if (answer.status !== 202) throw new Error(`${answer.status} ${JSON.stringify(answer.json)}`);
    return await settled(world.api, (answer.json.data as unknown as ImportData).id);
  };
  const leadsOf = async (id: string): Promise<readonly Record<string, unknown>[]> =>
    await world.store.foundation.db.all(
      'SELECT * FROM `lead` WHERE `createdBy` = ? AND `deletedAt` IS NULL ORDER BY `lastName`',
      [`process/import/${id}`],
    );

  it('takes a German file in: upload, rows, totals, and what no field takes is kept', async () => {
    const answer = await upload({ url: world.app.url, key: world.key }, { content: file(head, ...rows(3)) });
    expect(answer.status).toBe(202);
    const { id } = answer.json.data as unknown as ImportData;
    expect(answer.headers.get('location')).toBe(`/api/v1/imports/${id}`);
    const done = await settled(world.api, id);
    expect(done).toMatchObject({ state: 'done', read: 3, created: 3, updated: 0, duplicates: 0, rejected: 0 });
    const leads = await leadsOf(id);
    expect(leads).toHaveLength(3);
    expect(leads[0]).toMatchObject({
      firstName: 'Anna',
      lastName: 'Müller 0',
      email: 'anna0@example.org',
      company: 'Muster GmbH',
      title: 'Muster GmbH',
      street: 'Weg 1',
      postalCode: '01067',
      city: 'Dresden',
      budget: 123_450,
      source: 'csv-datei',
      priority: 'normal',
      stage: 'neu',
    });
    expect(JSON.parse(String(leads[0]?.['additional']))).toEqual({ Haustier: 'Katze' });
    const waiting = async (): Promise<unknown> =>
      (await world.api.get(`/imports/${id}/processes`)).json.data['waiting'];
    expect(await waiting()).toBeLessThanOrEqual(3);
    await until('every process has begun', async () => (await waiting()) === 0);
  });

  it('R26: rejects what is wrong with its line and reason, and takes only that in when it comes corrected', async () => {
    const lines = rows(6, 100);
    lines[1] = row(101).replace('anna101@example.org', 'keine Adresse');
    lines[3] = 'Bert;"Stray;bert@example.org;;;;;;;';
    lines[4] = 'zu;kurz';
    const content = file(head, ...lines);
    const first = await send(content);
    expect(first).toMatchObject({ state: 'done', read: 6, created: 3, rejected: 3 });
    const errors = (await world.api.get(`/imports/${first.id}/errors.csv`)).text;
    expect(errors.split('\r\n')[0] ?? errors).toContain('_line;_reason;Vorname;Nachname');
    expect(errors).toMatch(/\n3;"?E-Mail: .*keine Adresse/);
    expect(errors).toMatch(/\n5;.*Anführungszeichen/);
    expect(errors).toMatch(/\n6;.*2 Spalten/);
    expect(await send(content)).toMatchObject({ read: 6, created: 0, duplicates: 3, rejected: 3 });
    const mended = errors
      .replace('keine Adresse;', 'anna101@example.org;')
      .replace(/\n5;[^\n]*/, '\n5;x;Bert;Stray;bert@example.org;;;;;;;')
      .replace(/\n6;[^\n]*/, '\n6;x;Carl;Kurz;carl@example.org;;;;;;;');
    const second = await send(mended);
    expect(second).toMatchObject({ state: 'done', read: 3, created: 3, rejected: 0 });
    expect(await send(mended)).toMatchObject({ created: 0, duplicates: 3 });
    expect((await leadsOf(second.id)).map((lead) => lead['phone'])).toEqual([null, '030 12345', null]);
  });

  it('says at once what is wrong with the request, and later what is wrong with the file', async () => {
    const bad = await upload(
      { url: world.app.url, key: world.key },
      { content: 'x' },
      { source: 'gibt-es-nicht', encoding: 'ebcdic', matchKey: 'phone', entity: 'lead' },
    );
    expect([bad.status, bad.json.errors.map(({ path }) => path).toSorted()]).toEqual([
      422,
      ['/encoding', '/matchKey', '/source'],
    ]);
    const empty = await upload({ url: world.app.url, key: world.key }, { content: '' });
    expect([empty.status, empty.json.errors[0]?.path]).toEqual([422, '/file']);
    const excel = await send(Buffer.from('PK\u0003\u0004etwas', 'latin1'));
    expect(excel).toMatchObject({ state: 'failed', read: 0, error: { code: 'Unreadable' } });
    const strange = await send('Foo;Bar\n1;2\n');
    expect(strange).toMatchObject({ state: 'failed', error: { code: 'InvalidInput' } });
    expect(JSON.stringify(strange['error'])).toContain('Foo');
  });

  it('is paused behind the rows that are being taken in, goes on there, and is taken back', async () => {
    const count = dialect === 'sqlite' ? 12_000 : 3_000;
    const started = await upload(
      { url: world.app.url, key: world.key },
      { content: file(head, ...rows(count, 1_000)) },
      { processes: 'none' },
    );
    const { id } = started.json.data as unknown as ImportData;
    const look = async (): Promise<ImportData> =>
      (await world.api.get(`/imports/${id}`)).json.data as unknown as ImportData;
    await until('rows come in', async () => Number((await look())['read']) > 0);
    expect((await world.api.post(`/imports/${id}/undo`)).status).toBe(409);
    expect((await world.api.post(`/imports/${id}/resume`)).status).toBe(409);
    const paused = await world.api.post(`/imports/${id}/pause`);
    expect([paused.status, (paused.json.data as unknown as ImportData).state]).toEqual([200, 'paused']);
    const { read } = await look();
    expect(Number(read)).toBeLessThan(count);
    expect(await countRows(world.store, 'import_row', `\`importId\` = '${id}'`)).toBe(Number(read));
    expect((await world.api.post(`/imports/${id}/resume`)).status).toBe(200);
    expect(await settled(world.api, id)).toMatchObject({ state: 'done', read: count, created: count, rejected: 0 });
    expect(await countRows(world.store, 'lead', `\`createdBy\` = 'process/import/${id}'`)).toBe(count);
    // None of them is to have a process.
    expect(await countRows(world.store, 'event', "`lane` IS NOT NULL AND `entity` = 'lead'")).toBe(0);
    expect(await countRows(world.store, 'process', "`state` = 'none'")).toBe(count);
    const [touched, noted] = await leadsOf(id);
    await world.api.patch(`/leads/${String(touched?.['id'])}`, { city: 'Pirna' });
    await world.api.post(`/leads/${String(noted?.['id'])}/note`, { text: 'Angerufen' });
    expect((await world.api.post(`/imports/${id}/undo`)).status).toBe(202);
    const undone = await until(
      'it is taken back',
      async () => {
        const now = await look();
        return now['undoState'] === 'done' ? now : undefined;
      },
      60_000,
    );
    expect(undone['undone']).toBe(count - 2);
    expect((undone['kept'] as { id: string }[]).map((kept) => kept.id).toSorted()).toEqual(
      [String(touched?.['id']), String(noted?.['id'])].toSorted(),
    );
    expect(await leadsOf(id)).toHaveLength(2);
    expect((await world.api.post(`/imports/${id}/undo`)).status).toBe(409);
  });

  it('is cancelled, keeps what came in, and the same file brings the rest', async () => {
    const count = dialect === 'sqlite' ? 6_000 : 2_000;
    const content = file(head, ...rows(count, 50_000));
    const started = await upload({ url: world.app.url, key: world.key }, { content }, { processes: 'none' });
    const { id } = started.json.data as unknown as ImportData;
    await until('rows come in', async () => Number((await settled(world.api, id, ['running', 'done']))['read']) > 0);
    expect((await world.api.post(`/imports/${id}/cancel`)).status).toBe(200);
    const cancelled = await settled(world.api, id);
    const created = Number(cancelled['created']);
    expect(cancelled.state).toBe('cancelled');
    expect(created).toBeLessThan(count);
    const again = await send(content, { processes: 'none' });
    expect(again).toMatchObject({ created: count - created, duplicates: created });
  });

  it('takes a small import back at once, with the changes it made, and its rows may come again', async () => {
    const content = file('Firma;E-Mail;Ort', 'Alt GmbH;chef@alt.example;Ulm', 'Neu GmbH;chef@neu.example;Ulm');
    const made = await send(content, { matchKey: 'email' });
    expect(made).toMatchObject({ created: 2 });
    const lead = String((await leadsOf(made.id))[0]?.['id']);
    const log = (await world.api.get(`/audit?entity=lead&record=${lead}`)).json.data;
    expect(log.at(-1)).toMatchObject({
      actor: `process/import/${made.id}`,
      actorName: expect.stringMatching(/\.csv \(test\)$/u) as string,
    });
    const update = file('Firma;E-Mail;Ort', 'Alt GmbH;CHEF@alt.example;Bonn', 'Dritte AG;chef@dritte.example;Bonn');
    const checked = await send(update, { matchKey: 'email', onMatch: 'update', dryRun: 'true' });
    expect(checked).toMatchObject({ isDryRun: true, created: 1, updated: 1 });
    const second = await send(update, { matchKey: 'email', onMatch: 'update' });
    expect(second).toMatchObject({ created: 1, updated: 1, duplicates: 0 });
    expect(await send(update, { matchKey: 'email', onMatch: 'update' })).toMatchObject({ unchanged: 2, updated: 0 });
    expect(await send(update, { matchKey: 'email' })).toMatchObject({ duplicates: 2 });
    const [old] = await world.store.foundation.db.all<{ id: string; city: string }>(
      "SELECT `id`, `city` FROM `lead` WHERE `company` = 'Alt GmbH'",
    );
    expect(old?.city).toBe('Bonn');
    const undone = await world.api.post(`/imports/${second.id}/undo`);
    expect([undone.status, undone.json.data]).toMatchObject([200, { undoState: 'done', undone: 2, kept: [] }]);
    expect((await world.api.get(`/leads/${old?.id ?? ''}`)).json.data).toMatchObject({ city: 'Ulm' });
    expect(await send(update, { matchKey: 'email' })).toMatchObject({ created: 1, duplicates: 1 });
  });

  it('does not rename what it finds by its name', async () => {
    const words = { entity: 'organization', matchKey: 'name', onMatch: 'update' };
    await send(file('Firma;Webseite', 'Größe & Söhne GmbH;www.groesse.example'), words);
    const update = file('Firma;Telefon', 'Groesse und Soehne;030 777', 'GRÖSSE & SÖHNE GMBH;');
    expect(await send(update, words)).toMatchObject({ created: 0, updated: 1, unchanged: 1 });
    const found = await world.api.get('/organizations?filter=domain%20=%20"groesse.example"');
    expect(found.json.data).toMatchObject([{ name: 'Größe & Söhne GmbH', phone: '030 777' }]);
  });

  it('keeps what no field takes of a lead that it updates: new values win, others stay, and undo takes that back', async () => {
    const words = { matchKey: 'email', onMatch: 'update' };
    const made = await send(file('Nachname;E-Mail;Haustier;Farbe', 'Zusatz;zusatz@rest.example;Katze;rot'), words);
    const additionalNow = async (): Promise<unknown> =>
      JSON.parse(String((await leadsOf(made.id))[0]?.['additional'])) as unknown;
    expect(await additionalNow()).toEqual({ Haustier: 'Katze', Farbe: 'rot' });
    const update = file('Nachname;E-Mail;Haustier;Farbe;Auto', 'Zusatz;zusatz@rest.example;Hund;;Kombi');
    const second = await send(update, words);
    expect(second).toMatchObject({ created: 0, updated: 1, unchanged: 0 });
    expect(await additionalNow()).toEqual({ Haustier: 'Hund', Farbe: 'rot', Auto: 'Kombi' });
    expect(await send(update, words)).toMatchObject({ updated: 0, unchanged: 1 });
    expect((await world.api.post(`/imports/${second.id}/undo`)).json.data).toMatchObject({ undone: 1, kept: [] });
    expect(await additionalNow()).toEqual({ Haustier: 'Katze', Farbe: 'rot' });
  });

  it('rounds amounts with more than two decimals and keeps beside what the file has', async () => {
    const lines = ['Genau;genau@rest.example;"1.234,567"', 'Rund;rund@rest.example;"1.234,50"'];
    const made = await send(file('Nachname;E-Mail;Budget', ...lines), { matchKey: 'email' });
    expect(made).toMatchObject({ created: 2, rejected: 0 });
    const found = await leadsOf(made.id);
    expect(found.map(({ budget, additional }) => [budget, additional])).toEqual([
      [123_457, '{"Budget":"1.234,567"}'],
      [123_450, null],
    ]);
    const words = { matchKey: 'email', onMatch: 'update' };
    const update = file('Nachname;E-Mail;Budget', 'Rund;rund@rest.example;"9,999"', lines[0] ?? '');
    expect(await send(update, words)).toMatchObject({ updated: 1, unchanged: 1 });
    expect((await leadsOf(made.id))[1]).toMatchObject({ budget: 1_000, additional: '{"Budget":"9,999"}' });
  });

  it('notes what no field takes of a company or person that it updates, once, and undo takes the note back', async () => {
    const notesAt = async (name: string): Promise<readonly string[]> => {
      const notes = await world.store.foundation.db.all<{ text: string }>(
        "SELECT t.`text` FROM `timeline_entry` t JOIN `organization` o ON o.`id` = t.`organization` WHERE o.`name` = ? AND t.`kind` = 'note' AND t.`deletedAt` IS NULL ORDER BY t.`at`, t.`id`",
        [name],
      );
      return notes.map(({ text }) => text);
    };
    const words = { entity: 'organization', matchKey: 'name', onMatch: 'update' };
    await send(file('Firma;Kürzel;Umsatz', 'Notiz GmbH;Bau;1 Mio.', 'Stumm GmbH;;', 'Hand GmbH;;'), words);
    await send(file('Nachname;Firma;Kürzel', 'Beiläufig;Stumm GmbH;Holz'), { entity: 'person' });
    const update = file('Firma;Kürzel;Umsatz', 'Notiz GmbH;Holz;1 Mio.', 'Stumm GmbH;Holz;', 'Hand GmbH;Holz;');
    const second = await send(update, words);
    expect(second).toMatchObject({ created: 0, updated: 3, unchanged: 0 });
    expect(await notesAt('Notiz GmbH')).toEqual(['Kürzel: Bau\nUmsatz: 1 Mio.', 'Kürzel: Holz']);
    expect(await notesAt('Stumm GmbH')).toEqual(['Kürzel: Holz', 'Kürzel: Holz']);
    expect(await send(update, words)).toMatchObject({ updated: 0, unchanged: 3 });
    expect(await notesAt('Notiz GmbH')).toHaveLength(2);
    const back = await send(file('Firma;Kürzel;Telefon', 'Notiz GmbH;Bau;030 5'), words);
    expect(await notesAt('Notiz GmbH')).toHaveLength(3);
    expect((await world.api.post(`/imports/${back.id}/undo`)).json.data).toMatchObject({ undone: 1, kept: [] });
    const [edited] = await world.store.foundation.db.all<{ id: string }>(
      "SELECT t.`id` FROM `timeline_entry` t JOIN `organization` o ON o.`id` = t.`organization` WHERE o.`name` = 'Hand GmbH' AND t.`kind` = 'note'",
    );
    await world.api.patch(`/timeline-entries/${edited?.id ?? ''}`, { text: 'Kürzel: Holz, sagt der Chef' });
    const undone = (await world.api.post(`/imports/${second.id}/undo`)).json.data;
    expect(undone).toMatchObject({ undone: 2, kept: [{ title: 'Hand GmbH' }] });
    expect(await notesAt('Notiz GmbH')).toEqual(['Kürzel: Bau\nUmsatz: 1 Mio.']);
    expect(await notesAt('Stumm GmbH')).toEqual(['Kürzel: Holz']);
    expect(await notesAt('Hand GmbH')).toEqual(['Kürzel: Holz, sagt der Chef']);
    expect(await send(update, words)).toMatchObject({ updated: 3 });
  });

  it('finds a mail address with letters beyond ASCII before the @, however it is spelled', async () => {
    for (const email of ['MÜLLER@rfc.example', 'Öztürk@rfc.example', 'jo\u0308rg@rfc.example'])
      expect((await world.api.post('/leads', { title: 'Umlaut', lastName: 'Umlaut', email })).status).toBe(201);
    const lines = ['Umlaut;müller@rfc.example', 'Umlaut;ÖZTÜRK@rfc.example', 'Umlaut;Jörg@RFC.example'];
    const done = await send(file('Nachname;E-Mail', ...lines), { matchKey: 'email' });
    expect(done).toMatchObject({ created: 0, duplicates: 3 });
  });

  it('takes columns by their headings, whatever is in them, also in a recurring import', async () => {
    const wanted = [
      { from: 'Tel.', to: 'phone' },
      { from: ['Preis [€]'], to: 'budget', transform: ['first', 'money'] },
      { from: 'Name', to: 'lastName' },
    ];
    const content = (name: string): string => file('Name;Tel.;Preis [€]', `${name};030 77777;1.200,50`);
    const made = await send(content('Punkt'), { mapping: JSON.stringify(wanted) });
    expect(made).toMatchObject({ created: 1, notes: null });
    expect(await leadsOf(made.id)).toMatchObject([{ phone: '030 77777', budget: 120_050, additional: null }]);
    const label = { de: 'Preisliste', en: 'Price list' };
    const preset = { key: 'preisliste', label, rows: wanted, file: { source: 'csv-datei' } };
    expect((await world.api.put('/config/mappings/preisliste', preset)).status).toBeLessThan(300);
    const again = await send(content('Klammer'), { preset: 'preisliste' });
    expect(await leadsOf(again.id)).toMatchObject([{ phone: '030 77777', budget: 120_050 }]);
  });

  it('links persons with the company that they name, and makes one where there is none', async () => {
    const { db } = world.store.foundation;
    for (const name of ['Vorhanden GmbH', 'Doppelt AG', 'Doppelt GmbH'])
      await world.api.post('/organizations', { name });
    const lines = ['Eins;vorhanden gmbh', 'Zwei;Ganz Neu KG', 'Drei;GANZ NEU', 'Vier;Doppelt', 'Fünf;'];
    const made = await send(file('Nachname;Firma', ...lines), { entity: 'person' });
    expect(made).toMatchObject({ created: 5, rejected: 0 });
    const persons = await db.all<{ lastName: string; company: string | null; note: string | null }>(
      "SELECT p.`lastName`, o.`name` AS `company`, (SELECT t.`text` FROM `timeline_entry` t WHERE t.`person` = p.`id` AND t.`kind` = 'note') AS `note` FROM `person` p LEFT JOIN `organization` o ON o.`id` = p.`organization` WHERE p.`createdBy` = ?",
      [`process/import/${made.id}`],
    );
    expect(new Map(persons.map(({ lastName, company, note }) => [lastName, [company, note]]))).toEqual(
      new Map([
        ['Eins', ['Vorhanden GmbH', null]],
        ['Zwei', ['Ganz Neu KG', null]],
        ['Drei', ['Ganz Neu KG', null]],
        ['Vier', [null, 'Firma: Doppelt']],
        ['Fünf', [null, null]],
      ]),
    );
    expect((await world.api.post(`/imports/${made.id}/undo`)).json.data).toMatchObject({ undone: 5, kept: [] });
    const left = "`name` IN ('Vorhanden GmbH', 'Ganz Neu KG') AND `deletedAt` IS NULL";
    expect(await countRows(world.store, 'organization', left)).toBe(1);
  });

  it('takes back with its activities what nobody worked on, and says nothing of what was deleted anyway', async () => {
    const people = ['Plan', 'Weg', 'Frei', 'Entfernt'].map((name) => `${name};${name}@rest.example;030 12345`);
    const made = await send(file('Nachname;E-Mail;Telefon', ...people));
    expect(made).toMatchObject({ created: 4 });
    const ids = new Map((await leadsOf(made.id)).map((lead) => [String(lead['lastName']), String(lead['id'])]));
    const [planned, gone, free, cleared] = ['Plan', 'Weg', 'Frei', 'Entfernt'].map((name) => ids.get(name) ?? '');
    const activitiesOf = async (lead = ''): Promise<readonly { id: string; state: string }[]> =>
      await world.store.foundation.db.all('SELECT `id`, `state` FROM `activity` WHERE `lead` = ?', [lead]);
    const [open = [], removed = []] = await until('all have a plan', async () => {
      const found = [await activitiesOf(planned), await activitiesOf(cleared), await activitiesOf(free)];
      return found.every((list) => list.length > 0) ? found : undefined;
    });
    expect((await world.api.patch(`/activities/${open[0]?.id ?? ''}`, { title: 'Erst nächste Woche' })).status).toBe(
      200,
    );
    expect((await world.api.delete(`/leads/${gone ?? ''}`)).status).toBeLessThan(300);
    expect((await world.api.delete(`/activities/${removed[0]?.id ?? ''}`)).status).toBeLessThan(300);
    const undone = await world.api.post(`/imports/${made.id}/undo`);
    expect(undone.json.data).toMatchObject({ undoState: 'done', undone: 2 });
    const kept = (undone.json.data['kept'] as { id: string }[]).map(({ id }) => id);
    expect(kept.toSorted()).toEqual([planned, cleared].toSorted());
    expect(new Set((await activitiesOf(free)).map(({ state }) => state))).toEqual(new Set(['cancelled']));
    expect((await activitiesOf(planned)).map(({ state }) => state)).toContain('open');
  });

  it('gives new records the defaults of their schema, whatever way they come, and no others', async () => {
    const { properties, ...rest } = (await world.api.get('/schemas/lead')).json.data['schema'] as {
      properties: Readonly<Record<string, unknown>>;
      required?: readonly string[];
    };
    const label = { de: 'Kanal', en: 'Channel' };
    const kanal = { type: 'string', maxLength: 20, default: 'Messe', 'x-label': label };
    const seit = { type: 'string', format: 'date-time', default: '2026-01-01T01:00:00+01:00', 'x-label': label };
    const schema = {
      ...rest,
      required: [...(rest.required ?? []), 'kanal'],
      properties: { ...properties, kanal, seit },
    };
    const refused = await world.api.put('/schemas/lead', { schema });
    expect((await world.api.put(`/schemas/lead?confirm=${String(refused.json['confirm'])}`, { schema })).status).toBe(
      200,
    );
    const since = '2026-01-01T00:00:00.000Z';
    const made = await world.api.post('/leads', { lastName: 'Ohne', source: 'csv-datei' });
    expect(made.json.data).toMatchObject({ kanal: 'Messe', seit: since });
    const said = await world.api.post('/leads', { lastName: 'Mit', source: 'csv-datei', kanal: 'Anruf', seit: null });
    expect(said.json.data).toMatchObject({ kanal: 'Anruf', seit: null });
    const content = file('Nachname;E-Mail;Kanal', 'Leer;leer@vorgabe.example;', 'Voll;voll@vorgabe.example;Post');
    const sent = await send(content, { matchKey: 'email' });
    expect(await leadsOf(sent.id)).toMatchObject([{ kanal: 'Messe', seit: since }, { kanal: 'Post' }]);
    const update = file('Nachname;E-Mail', 'Anders;voll@vorgabe.example');
    expect(await send(update, { matchKey: 'email', onMatch: 'update' })).toMatchObject({ updated: 1 });
    expect(await leadsOf(sent.id)).toMatchObject([{ lastName: 'Anders', kanal: 'Post' }, { lastName: 'Leer' }]);
    await fetch(`${world.app.url}/intake/kaltakquise`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${await secretOf(world.store, 'kaltakquise')}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify({ lastName: 'Vorgabe', email: 'web@vorgabe.example' }),
    });
    await until(
      'it came in',
      async () => await countRows(world.store, 'lead', "`email` = 'web@vorgabe.example' AND `kanal` = 'Messe'"),
    );
    const { required: _, ...relaxed } = schema;
    const back = { ...relaxed, ...(rest.required === undefined ? {} : { required: rest.required }) };
    expect((await world.api.put('/schemas/lead', { schema: back })).status).toBe(200);
  });

  it('updates the record that stands for a merged one, and leaves out a row whose record was deleted', async () => {
    const columns = 'externalId;E-Mail;Ort';
    const made = await send(
      file(columns, 'M-1;verlierer@merge.example;Ulm', 'M-2;sieger@merge.example;Ulm', 'M-3;weg@merge.example;Ulm'),
    );
    const leads = new Map((await leadsOf(made.id)).map((lead) => [lead['email'], String(lead['id'])]));
    const [loser, winner, gone] = ['verlierer', 'sieger', 'weg'].map((name) => leads.get(`${name}@merge.example`));
    expect((await world.api.post(`/leads/${winner}/merge`, { other: loser })).status).toBeLessThan(300);
    await world.api.delete(`/leads/${gone}`);
    const cityOf = async (id: string | undefined): Promise<unknown> =>
      (await world.api.get(`/leads/${id}`)).json.data['city'];
    const byKey = file(columns, 'M-1;sieger@merge.example;Bonn', 'M-3;weg@merge.example;Bonn');
    const second = await send(byKey, { onMatch: 'update' });
    expect(second).toMatchObject({ updated: 1, created: 0, rejected: 1 });
    expect(await cityOf(winner)).toBe('Bonn');
    expect((await world.api.get(`/imports/${second.id}/errors.csv`)).text).toMatch(
      /3;.*hier gelöscht; die Zeile wurde deshalb ausgelassen/,
    );
    const byMatch = file('E-Mail;Ort', 'verlierer@merge.example;Köln');
    expect(await send(byMatch, { matchKey: 'email', onMatch: 'update' })).toMatchObject({ updated: 1, created: 0 });
    expect(await cityOf(winner)).toBe('Köln');
    expect(await cityOf(loser)).toBe('Ulm');
  });

  it('knows a row by its external id in its source, also one that came in by itself', async () => {
    const secret = await secretOf(world.store, 'kaltakquise');
    const posted = await fetch(`${world.app.url}/intake/kaltakquise`, {
      method: 'POST',
      headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
      body: JSON.stringify({ externalId: 'A-1', lastName: 'Vorher', email: 'a1@example.org' }),
    });
    expect(posted.status).toBe(202);
    const content = file(
      'ID;Nachname;E-Mail',
      'A-1;Anders;a1@example.org',
      'A-2;Neu;a2@example.org',
      'A-2;Neu;a2b@example.org',
    );
    expect(await send(content, { source: 'kaltakquise' })).toMatchObject({ created: 1, duplicates: 2 });
    expect(await send(content, { source: 'kaltakquise', onMatch: 'update' })).toMatchObject({
      created: 0,
      updated: 2,
      unchanged: 1,
    });
    const later = await fetch(`${world.app.url}/intake/kaltakquise`, {
      method: 'POST',
      headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
      body: JSON.stringify({ externalId: 'A-2', lastName: 'Noch einmal', email: 'a2@example.org' }),
    });
    expect([later.status, await later.json()]).toMatchObject([200, { status: 'duplicate' }]);
  });

  it('makes organizations and persons, under mapping rows and with their own rules', async () => {
    const mapping = '- { from: "Name der Firma", to: name }\n- { from: Umsatz, to: phone, transform: phone }\n';
    const content = file('Name der Firma|Umsatz', 'Erste GmbH|030 1', 'Zweite AG|030 2222222', '|0351 77777');
    const made = await send(content, { entity: 'organizations', mapping, matchKey: 'name' });
    expect(made).toMatchObject({ state: 'done', created: 2, rejected: 1, entity: 'organization' });
    expect(
      await send(file('Name', 'ERSTE  gmbh', 'Vierte KG'), { entity: 'organization', matchKey: 'name' }),
    ).toMatchObject({ created: 1, duplicates: 1 });
    expect(
      await send('Vorname,Nachname,E-Mail\nAnna,Berg,anna@berg.example\nOhne,,\n', { entity: 'person' }),
    ).toMatchObject({ created: 1, rejected: 1 });
    const kept = await send(file('Nachname;Haustier;Geburtstag;Leer', 'Notiz;Katze;31.12.1980;'), { entity: 'person' });
    const notes = await world.store.foundation.db.all<{ text: string }>(
      "SELECT `text` FROM `timeline_entry` WHERE `kind` = 'note' AND `person` = (SELECT `id` FROM `person` WHERE `createdBy` = ?)",
      [`process/import/${kept.id}`],
    );
    expect(notes).toEqual([{ text: 'Haustier: Katze\nGeburtstag: 31.12.1980' }]);
    const bad = await upload(
      { url: world.app.url, key: world.key },
      { content },
      { mapping: '- { from: A, to: gibtsnicht }\n- { to: 5 }' },
    );
    expect(bad.status).toBe(422);
    expect(bad.json.errors.every(({ path }) => path.startsWith('/mapping'))).toBe(true);
  });

  describe('R25: tables of the corpus', () => {
    const wished = { type: 'string', format: 'date', 'x-label': { de: 'Wunschtermin', en: 'Wished date' } };
    beforeEach(async () => {
      const { properties, ...schema } = (await world.api.get('/schemas/lead')).json.data['schema'] as {
        properties: Readonly<Record<string, unknown>>;
      };
      if ('wunschtermin' in properties) return;
      const wider = { ...schema, properties: { ...properties, wunschtermin: wished } };
      expect((await world.api.put('/schemas/lead', { schema: wider })).status).toBe(200);
    });

    const tables = Object.entries(expected).filter(([, { leads }]) => leads !== undefined);
    it.each(tables)('%s', async (name, { leads = [], rows: expectedRows, refused }) => {
      const faults = refused ?? expectedRows.filter(([, cells]) => typeof cells === 'string');
      const done = await send(corpusTable(name), { processes: 'none' });
      expect(done).toMatchObject({
        state: 'done',
        read: expectedRows.length,
        created: leads.length,
        rejected: faults.length,
      });
      const byName = new Map((await leadsOf(done.id)).map((lead) => [lead['lastName'], lead]));
      for (const lead of leads) expect(byName.get(String(lead['lastName']))).toMatchObject(lead);
      const errors = (await world.api.get(`/imports/${done.id}/errors.csv`, { 'accept-language': 'de' })).text;
      for (const [line, reason] of faults) {
        const told = errors.split('\n').find((one) => /^\d+/.exec(one)?.[0] === String(line));
        expect(told, `line ${line} of ${errors}`).toContain(reason);
      }
    });
  });

  it('acts with the rights of whoever started it', async () => {
    const key = await addKey(world.store, { role: 'sales' });
    const viewer = await addKey(world.store, { role: 'viewer' });
    const as = (one: string): { url: string; key: string } => ({ url: world.app.url, key: one });
    const content = file('Nachname;E-Mail', 'Rechte;rechte@example.org');
    expect((await upload(as(viewer), { content })).status).toBe(403);
    const own = await upload(as(key), { content });
    const { id } = own.json.data as unknown as ImportData;
    expect(await settled(createApi(world.app.url, key), id)).toMatchObject({ state: 'done', created: 1 });
    expect((await createApi(world.app.url, viewer).get(`/imports/${id}`)).status).toBe(403);
    const foreign = await send(file('Nachname;E-Mail', 'Fremd;fremd@example.org'));
    expect((await createApi(world.app.url, key).get(`/imports/${foreign.id}`)).status).toBe(404);
    // Sales may not delete leads, so they may not take an import of them back.
    expect((await createApi(world.app.url, key).post(`/imports/${id}/undo`)).status).toBe(403);
  });
});
