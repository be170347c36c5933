import { Webhook } from 'standardwebhooks';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { createApi, type Api } from '../support/api.ts';
import type { App } from '../support/app.ts';
import { feedIn, fetchNow, type FeedData } from '../support/feeds.ts';
import { openGoogle, type FakeSheet, type Google } from '../support/google.ts';
import { readSourceHistories } from '../../store/source-alerts.ts';
import { until } from '../support/processes.ts';
import { addKey, createStore, dialects, secretOf, type Store } from '../support/stores.ts';

interface World {
  readonly store: Store;
  readonly app: App;
  readonly api: Api;
  readonly google: Google;
}

type Row = Readonly<Record<string, unknown>>;
type SheetConfig = Readonly<Record<string, unknown>>;

const head = ['Nr', 'Vorname', 'Nachname', 'E-Mail', 'Budget', 'Haustier'];
const person = (nr: number, last = `Muster${nr}`, more: Partial<Record<string, string>> = {}): string[] => [
  `K-${nr}`,
  'Anna',
  last,
  more['email'] ?? `anna${nr}@example.org`,
  more['budget'] ?? '1.234,50',
  'Katze',
];

describe.each(dialects)('Google Sheets on %s', (dialect) => {
  let world: World;
  let built: Promise<World> | undefined;
  let sources = 0;

  const build = async (skip: Parameters<typeof createStore>[0]['skip']): Promise<World> => {
    const store = await createStore({ skip }, dialect);
    const google = await openGoogle();
    const app = await store.start({
      env: {
        CONNECTOR_URLS: `google-sheets=${google.url}`,
        ALLOW_PRIVATE_ADDRESSES: '1',
      },
    });
    const api = createApi(app.url, await addKey(store, { role: 'superadmin' }));
    await app.temporalReady();
    const made = await api.post('/connections', {
      kind: 'google-sheets',
      id: 'google',
      name: 'Google',
      settings: {},
      credentials: { serviceAccount: google.serviceAccount },
    });
    if (made.status !== 201) throw new Error(made.text);
    return { store, app, api, google };
  };
  beforeEach(async ({ skip }) => {
    built ??= build(skip);
    world = await built;
    world.google.mend();
  });
  afterAll(async () => {
    const made = await built;
    await made?.app.stop();
    await made?.google.close();
    await made?.store.clear();
  });

  /** A source of its own that reads the sheet. */
  const addSource = async (sheet: FakeSheet, config: SheetConfig = {}): Promise<string> => {
    sources += 1;
    const key = `tabelle-${sources}`;
    await configure(key, sheet, config);
    return key;
  };
  const configure = async (key: string, sheet: FakeSheet, config: SheetConfig): Promise<void> => {
    const answer = await world.api.put(`/config/sources/${key}`, {
      key,
      label: { de: 'Tabelle', en: 'Table' },
      auth: 'hmac',
      preset: 'google-sheets',
      connection: 'google',
      sheet: { spreadsheetId: sheet.id, tab: 'Leads', ...config },
    });
    if (answer.status >= 300) throw new Error(answer.text);
  };
  const fetchFrom = async (source: string): Promise<FeedData> => await fetchNow(world.api, source);
  const leadsOf = async (source: string): Promise<Row[]> =>
    await world.store.foundation.db.all('SELECT * FROM `lead` WHERE `source` = ? ORDER BY `email`', [source]);
  const namesOf = async (source: string): Promise<unknown[]> => (await leadsOf(source)).map((lead) => lead['lastName']);

  it('takes rows in as files are: headings, German numbers, what no field takes is kept', async () => {
    const sheet = world.google.addSheet([head, person(1), [], person(2)]);
    const source = await addSource(sheet, { keyColumn: 'Nr' });
    expect(await fetchFrom(source)).toMatchObject({ state: 'ok', fault: null, figures: { read: 2, taken: 2 } });
    const [lead] = await leadsOf(source);
    expect(lead).toMatchObject({
      firstName: 'Anna',
      lastName: 'Muster1',
      email: 'anna1@example.org',
      budget: 123_450,
      source,
    });
    expect(JSON.parse(String(lead?.['additional']))).toMatchObject({ Haustier: 'Katze' });
    expect((await fetchFrom(source)).figures).toMatchObject({ read: 2, taken: 0 });
  });

  it('R28: moved, inserted and edited rows neither vanish nor double, with a key', async () => {
    const sheet = world.google.addSheet([head, person(1), person(2), person(3)]);
    const source = await addSource(sheet, { keyColumn: 'Nr' });
    await fetchFrom(source);
    sheet.cells = [head, person(9), person(3), person(1, 'Neuname', { email: 'neu@example.org' }), person(2)];
    expect((await fetchFrom(source)).figures).toMatchObject({ read: 4, taken: 2, gone: 0 });
    expect((await namesOf(source)).toSorted()).toEqual(['Muster2', 'Muster3', 'Muster9', 'Neuname']);
    sheet.cells = [head, person(2)];
    expect((await fetchFrom(source)).figures).toMatchObject({ read: 1, taken: 0, gone: 3 });
    expect(await leadsOf(source)).toHaveLength(4);
  });

  it('R28: the same without a key: a row is known by what is in it', async () => {
    const rows = [1, 2, 3, 4].map((nr) => person(nr).slice(1));
    const sheet = world.google.addSheet([head.slice(1), ...rows]);
    const source = await addSource(sheet);
    await fetchFrom(source);
    const edited = person(2, 'Umbenannt').slice(1);
    sheet.cells = [
      head.slice(1),
      person(8).slice(1),
      rows[3] ?? [],
      edited,
      rows[0] ?? [],
      rows[2] ?? [],
      rows[2] ?? [],
    ];
    expect((await fetchFrom(source)).figures).toMatchObject({ read: 6, taken: 2, double: 1 });
    expect((await namesOf(source)).toSorted()).toEqual(['Muster1', 'Muster3', 'Muster4', 'Muster8', 'Umbenannt']);
    expect((await fetchFrom(source)).figures).toMatchObject({ taken: 0 });
    // A row that was replaced by somebody else's is a new one: nobody's lead is overwritten.
    sheet.cells[1] = person(77, 'Fremd').slice(1);
    await fetchFrom(source);
    expect(await namesOf(source)).toContain('Fremd');
    expect(await namesOf(source)).toContain('Muster8');
  });

  it('a key column chosen later, and a key filled in later, double no lead', async () => {
    const sheet = world.google.addSheet([head, person(1), person(2)]);
    const source = await addSource(sheet);
    await fetchFrom(source);
    await configure(source, sheet, { keyColumn: 'Nr' });
    expect((await fetchFrom(source)).figures).toMatchObject({ taken: 0, gone: 0 });
    sheet.cells = [head, person(2), person(3).with(0, '')];
    expect((await fetchFrom(source)).figures).toMatchObject({ taken: 1, gone: 1 });
    sheet.cells = [head, person(3), person(2, 'Neu')];
    expect((await fetchFrom(source)).figures).toMatchObject({ taken: 2, gone: 1, rejected: 0 });
    expect((await namesOf(source)).toSorted()).toEqual(['Muster1', 'Muster3', 'Neu']);
    await configure(source, sheet, {});
    expect((await fetchFrom(source)).figures).toMatchObject({ taken: 0, gone: 1 });
  });

  it('an edited cell changes its own field and leaves what was corrected here', async () => {
    const columns = [...head, 'Telefon', 'Firma'];
    const row = (email: string, city: string): string[] => [...person(1, 'M', { email }), '0221 1234', city];
    const sheet = world.google.addSheet([columns, row('a@example.org', 'Alt GmbH')]);
    const source = await addSource(sheet, { keyColumn: 'Nr' });
    await fetchFrom(source);
    const id = String((await leadsOf(source))[0]?.['id']);
    await world.api.patch(`/leads/${id}`, { phone: '+49 30 999999', company: 'Richtig AG', budget: 1 });
    sheet.cells = [columns, row('neu@example.org', 'Alt GmbH')];
    expect((await fetchFrom(source)).figures).toMatchObject({ taken: 1, rejected: 0 });
    const kept = { phone: '+49 30 999999', budget: 100 };
    expect((await leadsOf(source))[0]).toMatchObject({ ...kept, email: 'neu@example.org', company: 'Richtig AG' });
    // What a refused edit has changed comes with the next one.
    sheet.cells = [columns, row('keine Adresse', 'Neu GmbH')];
    expect((await fetchFrom(source)).figures).toMatchObject({ rejected: 1 });
    sheet.cells = [columns, row('b@example.org', 'Neu GmbH')];
    expect((await fetchFrom(source)).figures).toMatchObject({ taken: 1, rejected: 0 });
    expect((await leadsOf(source))[0]).toMatchObject({ ...kept, email: 'b@example.org', company: 'Neu GmbH' });
  });

  it('an edited cell that no field takes is kept with its lead', async () => {
    const sheet = world.google.addSheet([head, person(1)]);
    const source = await addSource(sheet, { keyColumn: 'Nr' });
    await fetchFrom(source);
    sheet.cells = [head, person(1).with(5, 'Hund')];
    expect((await fetchFrom(source)).figures).toMatchObject({ taken: 1, rejected: 0 });
    expect(JSON.parse(String((await leadsOf(source))[0]?.['additional']))).toMatchObject({ Haustier: 'Hund' });
  });

  it('an edited row follows its lead into the one it was merged into, and is refused when that was deleted', async () => {
    const own = [...head, 'Leitwerk', 'Link'];
    const sheet = world.google.addSheet([own, person(1), person(2)]);
    const source = await addSource(sheet, { keyColumn: 'Nr', writeBack: { status: 'Leitwerk', link: 'Link' } });
    await fetchFrom(source);
    const [first, second] = (await leadsOf(source)).map(({ id }) => String(id));
    const merged = await world.api.post(`/leads/${second}/merge`, { other: first });
    expect(merged.status).toBeLessThan(300);
    sheet.cells = [own, person(1, 'Nachgezogen'), person(2)];
    expect((await fetchFrom(source)).figures).toMatchObject({ taken: 1, rejected: 0 });
    expect((await leadsOf(source)).find(({ id }) => id === second)).toMatchObject({ lastName: 'Nachgezogen' });
    expect(sheet.cells[1]?.[7]).toContain(second);
    await world.api.delete(`/leads/${second}`);
    await fetchFrom(source);
    expect(sheet.cells[1]?.slice(6)).toEqual(['gelöscht', '']);
    sheet.cells = [own, person(1, 'Zu spät'), person(2)];
    expect((await fetchFrom(source)).figures).toMatchObject({ rejected: 1 });
    expect(sheet.cells[1]?.[6]).toMatch(/^abgelehnt: .*hier gelöscht; die Zeile wurde deshalb ausgelassen/);
  });

  it('writes back that the leads are gone when their import was taken back', async () => {
    const own = [...head, 'Leitwerk', 'Link'];
    const sheet = world.google.addSheet([own, person(1)]);
    const source = await addSource(sheet, { keyColumn: 'Nr', writeBack: { status: 'Leitwerk', link: 'Link' } });
    await fetchFrom(source);
    expect(sheet.cells[1]?.[6]).toBe('übernommen');
    const [run] = (await world.api.get(`/imports?filter=${encodeURIComponent(`source = "${source}"`)}`)).json
      .data as unknown as Row[];
    expect((await world.api.post(`/imports/${String(run?.['id'])}/undo`)).status).toBeLessThan(300);
    await until('the import is taken back', async () => {
      const now = (await world.api.get(`/imports/${String(run?.['id'])}`)).json.data;
      return now['undoState'] === 'done' ? now : undefined;
    });
    await fetchFrom(source);
    expect(sheet.cells[1]?.slice(6)).toEqual(['gelöscht', '']);
  });

  it('knows a row that was pushed from inside the sheet, and the other way round', async () => {
    const sheet = world.google.addSheet([head, person(1)]);
    const source = await addSource(sheet, { keyColumn: 'Nr' });
    await world.store.foundation.registry.refresh();
    const secret = await secretOf(world.store, source);
    const push = async (cells: readonly string[]): Promise<unknown> => {
      const body = JSON.stringify(Object.fromEntries(head.map((name, at) => [name, cells[at]])));
      const at = new Date();
      const id = `row_${cells[0]}`;
      const headers = {
        'content-type': 'application/json',
        'webhook-id': id,
        'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
        'webhook-signature': new Webhook(secret).sign(id, at, body),
      };
      // As the script does: what was not let in goes again.
      return await until('the row is let in', async () => {
        const answer = await fetch(`${world.app.url}/intake/${source}`, { method: 'POST', headers, body });
        return answer.status === 503 ? undefined : ((await answer.json()) as { readonly status: unknown }).status;
      });
    };
    await fetchFrom(source);
    expect(await push(person(1))).toBe('duplicate');
    expect(await push(person(2))).toBe('accepted');
    sheet.cells.push(person(2));
    expect((await fetchFrom(source)).figures).toMatchObject({ read: 2, rejected: 0 });
    expect(await leadsOf(source)).toMatchObject([
      { lastName: 'Muster1', externalId: 'K-1', budget: 123_450 },
      { lastName: 'Muster2', externalId: 'K-2', budget: 123_450 },
    ]);
  });

  it('refuses a table whose columns would overwrite one another, and a connection of another kind', async () => {
    const sheet = world.google.addSheet([head]);
    await world.api.post('/connections', {
      kind: 'facebook',
      id: 'seite',
      name: 'Seite',
      settings: { pageId: '1' },
      credentials: { appSecret: 'x', verifyToken: 'x', accessToken: 'x' },
    });
    const answer = await world.api.put('/config/sources/falsch', {
      key: 'falsch',
      label: { de: 'Tabelle', en: 'Table' },
      auth: 'hmac',
      preset: 'google-sheets',
      connection: 'seite',
      sheet: {
        spreadsheetId: sheet.id,
        keyColumn: 'Nr',
        columns: 'Z:A',
        matchKey: 'emial',
        writeBack: { status: 'Nr', link: 'E-Mail' },
      },
    });
    expect(answer.status).toBe(422);
    expect((answer.json as unknown as { errors: Row[] }).errors.map(({ path }) => path).toSorted()).toEqual([
      '/connection',
      '/sheet/columns',
      '/sheet/matchKey',
      '/sheet/writeBack/link',
      '/sheet/writeBack/status',
    ]);
  });

  it('leaves records as they are where the source says so', async () => {
    const sheet = world.google.addSheet([head, person(1)]);
    const source = await addSource(sheet, { keyColumn: 'Nr', onChange: 'ignore' });
    await fetchFrom(source);
    sheet.cells = [head, person(1, 'Anders')];
    expect((await fetchFrom(source)).figures).toMatchObject({ taken: 0 });
    expect(await namesOf(source)).toEqual(['Muster1']);
  });

  it('writes back what became of each row, where it stands now, and mends what stands wrong', async () => {
    const own = [...head, 'Leitwerk', 'Link'];
    const sheet = world.google.addSheet([own, person(1), person(2, 'X', { email: 'keine Adresse' })]);
    const source = await addSource(sheet, { keyColumn: 'Nr', writeBack: { status: 'Leitwerk', link: 'Link' } });
    expect(await fetchFrom(source)).toMatchObject({ state: 'ok', fault: null, figures: { rejected: 1 } });
    const [lead] = await leadsOf(source);
    expect(sheet.cells[1]?.slice(6)).toEqual(['übernommen', `${world.app.url}/list/leads/${String(lead?.['id'])}`]);
    expect(sheet.cells[2]?.[6]).toMatch(/^abgelehnt: .*E-Mail/);
    sheet.cells = [own, sheet.cells[2] ?? [], sheet.cells[1] ?? []];
    sheet.cells[1] = [...person(2, 'X'), 'übernommen', 'falsch'];
    expect((await fetchFrom(source)).figures).toMatchObject({ rejected: 0, taken: 1 });
    expect(sheet.cells[1]?.[7]).toContain('/list/leads/');
    expect(await leadsOf(source)).toHaveLength(2);
    world.google.forbidWriting(true);
    sheet.cells.push(person(3));
    const hinted = await fetchFrom(source);
    expect(hinted).toMatchObject({ state: 'ok', figures: { taken: 1 } });
    expect(hinted.fault?.message.de).toContain('als Bearbeiter');
  });

  it('R28: 429 with and without Retry-After and 5xx: says so, and goes on by itself', async () => {
    const sheet = world.google.addSheet([head, person(1)]);
    const source = await addSource(sheet, { keyColumn: 'Nr' });
    world.google.fail({ status: 429, reason: 'RESOURCE_EXHAUSTED', headers: { 'retry-after': '1' } }, 1);
    expect((await fetchFrom(source)).fault?.message.de).toContain('Es geht von selbst weiter');
    expect(await feedIn(world.api, source, 'ok')).toMatchObject({ fault: null, figures: { taken: 1 } });
    world.google.fail({ status: 503, reason: 'UNAVAILABLE' }, 1);
    sheet.cells.push(person(2));
    expect((await fetchFrom(source)).state).toBe('failing');
    await feedIn(world.api, source, 'ok');
    expect(await leadsOf(source)).toHaveLength(2);
    world.google.fail({ status: 429, reason: 'RESOURCE_EXHAUSTED' }, 1);
    expect((await fetchFrom(source)).fault?.message.en).toContain('It goes on by itself');
  });

  it('R28: a revoked token and a table that is not shared any more: what to do is said, the next run goes on', async () => {
    const sheet = world.google.addSheet([head, person(1)]);
    const source = await addSource(sheet, { keyColumn: 'Nr' });
    world.google.revoke();
    const revoked = await fetchFrom(source);
    expect([revoked.state, revoked.fault?.message.de]).toEqual([
      'stopped',
      expect.stringContaining('neue Zugangsdaten eintragen'),
    ]);
    expect((await world.api.get('/connections/google')).json.data['state']).toBe('failing');
    const { attention } = (await world.api.get('/operations')).json.data;
    expect(attention).toContainEqual(
      expect.objectContaining({ entity: 'source', recordId: source, retry: `/sources/${source}/fetch` }),
    );
    world.google.mend();
    sheet.isShared = false;
    expect((await fetchFrom(source)).fault?.message.de).toContain('nicht freigegeben');
    sheet.isShared = true;
    expect(await fetchFrom(source)).toMatchObject({ state: 'ok', figures: { taken: 1 } });
    expect((await world.api.get('/connections/google')).json.data).toMatchObject({ state: 'ok', fault: null });
  });

  it('R28: follows a renamed tab, and names the tabs there are when it is gone', async () => {
    const sheet = world.google.addSheet([head, person(1)]);
    const source = await addSource(sheet, { keyColumn: 'Nr' });
    await fetchFrom(source);
    sheet.title = 'Anfragen';
    sheet.cells.push(person(2));
    const renamed = await fetchFrom(source);
    expect(renamed).toMatchObject({ state: 'ok', figures: { taken: 1 } });
    expect(renamed.fault?.message.de).toContain('heißt jetzt „Anfragen“');
    sheet.tabId = 8;
    const gone = await fetchFrom(source);
    expect([gone.state, gone.fault?.message.de]).toEqual([
      'stopped',
      expect.stringContaining('Die Tabelle hat: Anfragen'),
    ]);
  });

  it('R28: stops at a column that is gone, takes nothing half, and goes on when it is back', async () => {
    const sheet = world.google.addSheet([head, person(1)]);
    const source = await addSource(sheet, { keyColumn: 'Nr' });
    await fetchFrom(source);
    sheet.cells = [head.with(3, 'Kontakt'), person(1), person(2)];
    const stopped = await fetchFrom(source);
    expect([stopped.state, stopped.fault?.message.de]).toEqual([
      'stopped',
      expect.stringContaining('fehlt die Spalte E-Mail'),
    ]);
    sheet.cells = [head.with(0, 'Nummer'), person(1)];
    expect((await fetchFrom(source)).fault?.message.en).toContain('lacks the column Nr');
    expect(await leadsOf(source)).toHaveLength(1);
    sheet.cells = [head, person(1), person(2)];
    expect(await fetchFrom(source)).toMatchObject({ state: 'ok', figures: { taken: 1 } });
  });

  it('counts the rows of a table in the figures and the habit of its source, refused ones as faults', async () => {
    const sheet = world.google.addSheet([head, person(1), person(2), person(3, 'X', { email: 'keine Adresse' })]);
    const source = await addSource(sheet, { keyColumn: 'Nr' });
    const isOwn = ({ key }: { readonly key?: unknown }): boolean => key === source;
    const figures = async (): Promise<Row> => ({ ...(await world.api.get('/sources')).json.data.find(isOwn) });
    expect(await figures()).toMatchObject({ count24h: 0, errors24h: 0, lastAt: null });
    await fetchFrom(source);
    const counted = await figures();
    expect(counted).toMatchObject({ count24h: 3, errors24h: 1 });
    expect((counted['perHour'] as number[]).reduce((sum, n) => sum + n, 0)).toBe(3);
    expect(counted['lastAt']).toMatch(/^\d{4}-/);
    await fetchFrom(source);
    expect(await figures()).toMatchObject({ count24h: 3, errors24h: 1 });
    const { db } = world.store.foundation;
    const since = new Date(Date.now() - 2 * 3_600_000).toISOString();
    const history = (await readSourceHistories(db, { tenantId: 'main', since })).get(source);
    expect(history?.lastAt).toBe(counted['lastAt']);
    expect(history?.hours).toMatchObject([{ count: 3, errors: 1 }]);
    const imports = await world.api.get(`/imports?filter=${encodeURIComponent(`source = "${source}"`)}`);
    expect(imports.json.data).toMatchObject([{ read: 3, created: 2, rejected: 1, createdBy: `source/${source}` }]);
  });

  it('takes a refused row again when mapping or source were repaired', async () => {
    const sheet = world.google.addSheet([
      [...head, 'Wichtigkeit'],
      [...person(1), 'sehr'],
    ]);
    const mapping = (more: object[]): object => ({
      key: 'tabellen',
      label: { de: 'Tabellen', en: 'Tables' },
      entity: 'lead',
      unmapped: 'additional',
      rows: [{ from: 'Nachname', to: 'lastName' }, ...more],
    });
    await world.api.put('/config/mappings/tabellen', mapping([{ from: 'Wichtigkeit', to: 'priority' }]));
    const source = await addSource(sheet, { keyColumn: 'Nr' });
    const config = (await world.api.get(`/config/sources/${source}`)).json.data['value'] as object;
    await world.api.put(`/config/sources/${source}`, { ...config, mapping: 'tabellen' });
    expect((await fetchFrom(source)).figures).toMatchObject({ rejected: 1 });
    expect((await fetchFrom(source)).figures).toMatchObject({ taken: 0, rejected: 1 });
    await world.api.put(
      '/config/mappings/tabellen',
      mapping([{ from: 'Wichtigkeit', to: 'priority', valueMap: { sehr: 'hoch' } }]),
    );
    expect((await fetchFrom(source)).figures).toMatchObject({ taken: 1, rejected: 0 });
    expect(await leadsOf(source)).toHaveLength(1);
  });

  it('reads with an OAuth refresh token, and tests either way in', async () => {
    const sheet = world.google.addSheet([head, person(1)]);
    const made = await world.api.post('/connections', {
      kind: 'google-sheets',
      name: 'OAuth Müller',
      settings: { spreadsheetId: sheet.id },
      credentials: world.google.oauth,
    });
    expect(made.json.data['id']).toBe('oauth-mueller');
    const tested = await world.api.post('/connections/oauth-mueller/test');
    expect(tested.json.data).toMatchObject({
      state: 'ok',
      reached: { de: expect.stringContaining('„Leads“') as string },
    });
    const key = await world.api.post('/connections/google/test');
    expect(key.json.data).toMatchObject({ state: 'ok' });
    await world.api.post('/connections/oauth-mueller/rotate', { credentials: { serviceAccount: '{}' } });
    const broken = await world.api.post('/connections/oauth-mueller/test');
    expect(broken.json.data).toMatchObject({ state: 'failing', reached: null });
    expect(JSON.stringify(broken.json.data)).not.toContain('refresh');
  });

  it('reads a long table to its end, whatever number of rows it is said to have', async () => {
    const rows = Array.from({ length: 3_500 }, (_, index) => person(index));
    // The last block is full and the tab ends with it.
    const sheet = world.google.addSheet([head, ...rows.slice(0, 1_999)], { rowCount: 1_000 });
    const source = await addSource(sheet, { keyColumn: 'Nr' });
    expect(await fetchFrom(source)).toMatchObject({ state: 'ok', figures: { read: 1_999 } });
    sheet.cells.push(...rows.slice(1_999));
    expect((await fetchFrom(source)).figures).toMatchObject({ read: 3_500, taken: 1_501, gone: 0 });
    delete sheet.rowCount;
    expect((await fetchFrom(source)).figures).toMatchObject({ read: 3_500, taken: 0, gone: 0 });
  }, 60_000);
});
