import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { createApi, type Api } from '../support/api.ts';
import type { App } from '../support/app.ts';
import { settled, upload, type ImportData, type ImportWords } from '../support/imports.ts';
import { countRows } from '../support/ledger.ts';
import { addKey, createStore, dialects, type Store } from '../support/stores.ts';

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
    expect(
      await countRows(
        world.store,
        'timeline_entry',
        `\`lead\` = '${String(leads[0]?.['id'])}' AND \`kind\` = 'received'`,
      ),
    ).toBe(1);
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
    expect((await leadsOf(second.id)).map((lead) => lead['phone'])).toEqual([null, '+49 30 12345', null]);
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
});
