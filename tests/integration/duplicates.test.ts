import { domainToASCII } from 'node:url';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { createApi, type Api, type ApiAnswer } from '../support/api.ts';
import type { App } from '../support/app.ts';
import { settled, upload, type ImportData } from '../support/imports.ts';
import { insertEvents, readLastSeq } from '../../store/events.ts';
import { countRows } from '../support/ledger.ts';
import { until } from '../support/processes.ts';
import { addKey, createStore, dialects, secretOf, type Store } from '../support/stores.ts';

interface World {
  readonly store: Store;
  readonly app: App;
  readonly key: string;
  readonly api: Api;
  readonly secret: string;
}

type Data = Readonly<Record<string, unknown>>;

describe.each(dialects)('duplicates on %s', (dialect) => {
  let world: World;
  let built: Promise<World> | undefined;
  let count = 0;

  const build = async (skip: Parameters<typeof createStore>[0]['skip']): Promise<World> => {
    const store = await createStore({ skip }, dialect);
    const key = await addKey(store, { role: 'superadmin' });
    const secret = await secretOf(store, 'lead-agentur');
    const app = await store.start();
    await app.temporalReady();
    return { store, app, key, api: createApi(app.url, key), secret };
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

  const post = async (body: Data): Promise<{ readonly status: number; readonly json: Data }> => {
    const response = await fetch(`${world.app.url}/intake/lead-agentur`, {
      method: 'POST',
      headers: { authorization: `Bearer ${world.secret}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return { status: response.status, json: (await response.json()) as Data };
  };
  const make = async (plural: string, body: Data): Promise<string> => {
    const answer = await world.api.post(`/${plural}`, body);
    if (answer.status !== 201) throw new Error(answer.text);
    return String(answer.json.data['id']);
  };
  const get = async (path: string): Promise<Data> => (await world.api.get(path)).json.data;
  const idsOf = (pair: Data): unknown[] => (pair['records'] as readonly Data[]).map(({ id }) => id);
  const pairOf = async (plural: string, ids: readonly string[], state = 'open'): Promise<Data | undefined> =>
    (await world.api.get(`/${plural}/duplicates?state=${state}`)).json.data.find((pair) =>
      ids.every((id) => idsOf(pair).includes(id)),
    );
  const found = async (plural: string, ids: readonly string[]): Promise<Data> =>
    await until('the pair is found', async () => await pairOf(plural, ids));
  const policy = async (duplicates: string): Promise<void> => {
    const yaml = `key: lead-agentur\nlabel: { de: Agentur, en: Agency }\nauth: api-key\ndefaults: { priority: normal }\nduplicates: ${duplicates}\n`;
    const answer = await world.api.put('/config/sources/lead-agentur', yaml, { 'content-type': 'application/yaml' });
    if (answer.status >= 300) throw new Error(answer.text);
  };
  /** Two leads of one sender, with what each has that the other lacks. */
  const twoLeads = async (): Promise<readonly [winner: string, loser: string, mail: string]> => {
    count += 1;
    const email = `doppelt${count}@example.org`;
    const first = await post({ email, lastName: 'Meyer', externalId: `W-${count}` });
    const second = await post({ email, lastName: 'Meier', company: 'Meyer GmbH', externalId: `L-${count}` });
    return [String(first.json['lead']), String(second.json['lead']), email];
  };

  it('lists likely pairs with their reasons, and remembers what is no duplicate', async () => {
    const [one, other] = await twoLeads();
    const pair = await found('leads', [one, other]);
    expect(pair['score']).toBeGreaterThan(90);
    expect(pair['reasons']).toContainEqual({ kind: 'email', de: 'Gleiche E-Mail', en: 'Same e-mail' });
    expect((await world.api.post(`/leads/${one}/distinct`, { other })).status).toBe(204);
    expect(await pairOf('leads', [one, other])).toBeUndefined();
    await world.api.patch(`/leads/${one}`, { message: 'anders' });
    const [third, fourth] = await twoLeads();
    await found('leads', [third, fourth]);
    expect(await pairOf('leads', [one, other])).toBeUndefined();
    expect(await pairOf('leads', [one, other], 'distinct')).toMatchObject({ state: 'distinct' });
    expect((await world.api.post(`/leads/${one}/distinct`, { other, isDuplicate: true })).status).toBe(204);
    expect(await pairOf('leads', [one, other])).toBeDefined();
  });

  it('finds by what the asker may see only, and names no reasons that speak of anything else', async () => {
    const said = { company: 'Zimmerei Verdeckt', email: 'kl@verdeckt.example', lastName: 'Verdeckt' };
    const one = await make('leads', { ...said, title: 'Eins', source: 'kaltakquise' });
    const other = await make('leads', { ...said, title: 'Zwei', source: 'kaltakquise', email: 'b@verdeckt.example' });
    await make('persons', { firstName: 'Anna', lastName: 'Verdeckt', email: said.email });
    await found('leads', [one, other]);
    const role = {
      key: 'ohne-mail',
      label: { de: 'Ohne Mail', en: 'Without mail' },
      can: [
        { do: ['read'], on: 'lead', fields: { hide: ['email', 'phone', 'budget'] } },
        { do: ['read'], on: 'person', fields: { hide: ['email'] } },
      ],
    };
    expect((await world.api.put('/config/roles/ohne-mail', role)).status).toBeLessThan(300);
    await world.store.foundation.registry.refresh();
    const blind = createApi(world.app.url, await addKey(world.store, { role: 'ohne-mail' }));
    const kinds = (match: Data | undefined): unknown[] =>
      (match?.['reasons'] as readonly Data[] | undefined)?.map(({ kind }) => kind) ?? [];
    const among = (answer: ApiAnswer, entity: string): readonly Data[] => answer.json.data[entity] as readonly Data[];

    const byMail = { email: said.email };
    expect(among(await world.api.post('/matches', byMail), 'leads').map(({ id }) => id)).toContain(one);
    const seen = await blind.post('/matches', byMail);
    expect([among(seen, 'leads'), among(seen, 'persons')]).toEqual([[], []]);
    const named = await blind.post('/matches', { firstName: 'Anna', lastName: 'Verdeckt' });
    expect(among(named, 'persons')).toMatchObject([{ email: null, reasons: [{ kind: 'person' }] }]);

    const path = `/leads/${one}/matches`;
    expect(kinds(among(await world.api.get(path), 'leads')[0])).toEqual(['company', 'domain']);
    expect(kinds(among(await blind.get(path), 'leads')[0])).toEqual(['company']);
    expect(among(await blind.get(path), 'persons')).toEqual([]);
    const pair = (await blind.get('/leads/duplicates')).json.data.find((each) => idsOf(each).includes(one));
    expect(kinds(pair)).toEqual(['company']);
  });

  it('merges two leads: fields, activities, timeline and messages; the loser leads to the winner; and splits them exactly', async () => {
    const [winner, loser] = await twoLeads();
    await world.api.post(`/leads/${loser}/note`, { text: 'Notiz am zweiten' });
    const activity = await make('activities', {
      title: 'Anrufen',
      type: 'aufgabe',
      lead: loser,
      dueAt: '2030-01-01T10:00:00.000Z',
    });
    const before = [await get(`/leads/${winner}`), await get(`/leads/${loser}`)];
    const merged = await world.api.post(`/leads/${winner}/merge`, { other: loser, take: ['company', 'lastName'] });
    expect(merged.status).toBe(200);
    expect(merged.json.data).toMatchObject({ id: winner, company: 'Meyer GmbH', lastName: 'Meier' });
    expect(await get(`/leads/${loser}`)).toMatchObject({ state: 'archived', mergedInto: winner });
    expect(await get(`/activities/${activity}`)).toMatchObject({ lead: winner });
    expect(await countRows(world.store, 'timeline_entry', `\`lead\` = '${winner}' AND \`kind\` = 'note'`)).toBe(1);
    const again = await post({ email: 'x@example.org', externalId: `L-${count}` });
    expect(again).toMatchObject({ status: 200, json: { status: 'duplicate', lead: winner } });
    // It may not even have begun.
    await until('the process of the loser has ended', async () =>
      ['done', 'none'].includes(String((await get(`/leads/${loser}/process`))['state'])),
    );
    expect(await pairOf('leads', [winner, loser], 'merged')).toBeDefined();
    expect((await world.api.post(`/leads/${winner}/merge`, { other: loser })).status).toBe(409);

    expect((await world.api.post(`/leads/${loser}/unarchive`)).status).toBe(409);
    const split = await world.api.post(`/leads/${winner}/split`);
    expect(split.status).toBe(200);
    expect(split.json['conflicts']).toEqual([]);
    const bare = ({
      version: _v,
      updatedAt: _a,
      updatedBy: _b,
      stage: _s,
      stageSince: _t,
      owner: _o,
      ...rest
    }: Data): Data => rest;
    expect([bare(await get(`/leads/${winner}`)), bare(await get(`/leads/${loser}`))]).toEqual(before.map(bare));
    expect(await get(`/activities/${activity}`)).toMatchObject({ lead: loser });
    expect(await countRows(world.store, 'timeline_entry', `\`lead\` = '${loser}' AND \`kind\` = 'note'`)).toBe(1);
    expect((await world.api.post(`/leads/${winner}/split`)).status).toBe(409);
  });

  it('keeps what was changed after a merge when it splits, and names it; undo is the same', async () => {
    const [winner, loser] = await twoLeads();
    const merged = await world.api.post(`/leads/${winner}/merge`, { other: loser, take: ['lastName', 'company'] });
    await world.api.patch(`/leads/${winner}`, { lastName: 'Mayer' });
    const split = await world.api.post(`/leads/${winner}/split`, { other: loser });
    expect(split.json['conflicts']).toMatchObject([{ entity: 'lead', id: winner, field: 'lastName' }]);
    expect(split.json.data).toMatchObject({ lastName: 'Mayer', company: null });
    expect(split.json['other']).toMatchObject({ id: loser, state: 'open', mergedInto: null });
    const next = await world.api.post(`/leads/${winner}/merge`, { other: loser, take: [] });
    expect(merged.json.event).toBeGreaterThan(0);
    expect((await world.api.post('/undo', { event: next.json.event })).status).toBe(200);
    expect(await get(`/leads/${loser}`)).toMatchObject({ state: 'open', mergedInto: null });
  });

  it('merges companies and persons, fills what is empty, turns every link, and brings them back', async () => {
    count += 1;
    const one = await make('organizations', { name: `Nordlicht ${count} GmbH`, city: 'Kiel' });
    const other = await make('organizations', { name: `Nordlicht ${count}`, vatId: 'DE77', registerNumber: 'HRB 1' });
    const person = await make('persons', { lastName: 'Ohlsen', organization: other });
    await found('organizations', [one, other]);
    const merged = await world.api.post(`/organizations/${one}/merge`, { other });
    expect(merged.json.data).toMatchObject({ vatId: 'DE77', registerNumber: 'HRB 1', city: 'Kiel' });
    expect(await get(`/persons/${person}`)).toMatchObject({ organization: one });
    const gone = await world.api.get(`/organizations/${other}`);
    expect([gone.status, gone.json['mergedInto']]).toEqual([404, one]);
    const split = await world.api.post(`/organizations/${one}/split`);
    expect(split.json['conflicts']).toEqual([]);
    expect(split.json.data).toMatchObject({ vatId: null });
    expect(await get(`/organizations/${other}`)).toMatchObject({ vatId: 'DE77', mergedInto: null });
    expect(await get(`/persons/${person}`)).toMatchObject({ organization: other });
    const namesake = await make('persons', { lastName: 'Ohlsen', email: `o${count}@nord.example` });
    const double = await make('persons', { lastName: 'Olsen', email: `o${count}@nord.example`, phone: '030 777' });
    await found('persons', [namesake, double]);
    expect((await world.api.post(`/persons/${namesake}/merge`, { other: double })).json.data).toMatchObject({
      phone: '030 777',
    });
  });

  it('does with a message of a known sender what its source says: attach, update, or a new lead', async () => {
    count += 1;
    const email = `bekannt${count}@example.org`;
    const first = await post({ email, lastName: 'Bekannt', message: 'eins' });
    const { lead } = first.json;
    await policy('attach');
    expect(await post({ email: email.toUpperCase(), message: 'zwei' })).toMatchObject({ status: 202, json: { lead } });
    expect(await countRows(world.store, 'lead', `\`email\` = '${email}'`)).toBe(1);
    const entries = (await world.api.get(`/timeline-entries?filter=${encodeURIComponent(`lead = "${String(lead)}"`)}`))
      .json.data;
    expect(entries.find(({ kind }) => kind === 'received-again')).toMatchObject({ text: 'zwei' });
    await world.api.patch(`/leads/${String(lead)}`, { priority: 'hoch' });
    await policy('update');
    expect(await post({ email, city: 'Kiel', Haustier: 'Katze' })).toMatchObject({ status: 202, json: { lead } });
    expect(await get(`/leads/${String(lead)}`)).toMatchObject({
      city: 'Kiel',
      lastName: 'Bekannt',
      message: 'eins',
      priority: 'hoch',
      additional: { Haustier: 'Katze' },
    });
    const states = (await world.api.get('/intake-messages?sort=-receivedAt&limit=2')).json.data.map(
      ({ state }) => state,
    );
    expect(states).toEqual(['updated', 'attached']);
    const file = await upload(
      { url: world.app.url, key: world.key },
      { content: `E-Mail;Ort\r\n${email};Lübeck\r\n` },
      { source: 'lead-agentur' },
    );
    const done = await settled(world.api, (file.json.data as unknown as ImportData).id);
    expect(done).toMatchObject({ state: 'done', created: 0, updated: 1 });
    expect(await get(`/leads/${String(lead)}`)).toMatchObject({ city: 'Lübeck' });
    await policy('new');
    const fresh = await post({ email, lastName: 'Bekannt' });
    expect(fresh.json['lead']).not.toBe(lead);
    await policy('warn');
  });

  it('makes one lead of messages of one person that come at the same moment', async () => {
    for (const name of ['attach', 'update']) {
      await policy(name);
      for (let round = 0; round < 6; round += 1) {
        count += 1;
        const email = `zugleich${count}@example.org`;
        const bodies = ['eins', 'zwei', 'drei', 'vier'].map((message) => ({ email, lastName: 'Zugleich', message }));
        const answers = await Promise.all(bodies.map(async (body) => await post(body)));
        expect(new Set(answers.map(({ json }) => json['lead'])).size).toBe(1);
        expect(await countRows(world.store, 'lead', `\`email\` = '${email}'`)).toBe(1);
      }
    }
    await policy('warn');
  });

  it('knows a phone number a moment later, also while an import has left very much to look at', async () => {
    await policy('attach');
    const { db } = world.store.foundation;
    const at = new Date().toISOString();
    const rows = Array.from({ length: 20_000 }, (_, index) => ({
      tenantId: 'main',
      at,
      actor: 'process/import/riesig',
      act: 'lead.create',
      entity: 'lead',
      recordId: `riesig-${index}`,
      version: 1,
    }));
    await db.write(async (tx) => await insertEvents(tx, rows));
    const newest = await readLastSeq(db);
    const first = await post({ phone: '+49 221 7775551', lastName: 'Rückruf' });
    const twin = { phone: '0221 / 777 55 51', lastName: 'Rückruf' };
    await until(
      'the lead is found by its number',
      async () => {
        const answer = await world.api.post('/matches', twin);
        return (answer.json.data['leads'] as unknown as readonly Data[]).length > 0 ? true : undefined;
      },
      3_000,
    );
    expect((await post(twin)).json).toMatchObject({ lead: first.json['lead'] });
    // What the import has left is looked at, too, when nobody writes.
    const place = 'SELECT `seq` FROM `follower` WHERE `name` = ?';
    await until(
      'everything has been looked at',
      async () => {
        const row = await db.get<{ seq: number }>(place, ['duplicates']);
        return Number(row?.seq ?? 0) >= newest ? true : undefined;
      },
      40_000,
    );
  });

  it('knows an address with an international domain in both its spellings', async () => {
    count += 1;
    const [readable, ascii] = [`info@müller${count}.example`, `info@${domainToASCII(`müller${count}.example`)}`];
    await policy('attach');
    const first = await post({ email: readable, lastName: 'Müller' });
    expect(first.status).toBe(202);
    const { lead } = first.json;
    expect(await get(`/leads/${String(lead)}`)).toMatchObject({ email: readable });
    expect((await post({ email: ascii, message: 'zwei' })).json).toMatchObject({ lead });
    expect((await post({ email: readable, message: 'drei' })).json).toMatchObject({ lead });
    const file = await upload(
      { url: world.app.url, key: world.key },
      { content: `E-Mail;Ort\r\n${ascii};Lübeck\r\n` },
      { source: 'lead-agentur', matchKey: 'email', onMatch: 'update' },
    );
    const done = await settled(world.api, (file.json.data as unknown as ImportData).id);
    expect(done).toMatchObject({ state: 'done', created: 0, updated: 1 });
    expect(await get(`/leads/${String(lead)}`)).toMatchObject({ city: 'Lübeck' });
    const person = await world.api.post('/persons', { lastName: 'Müller', email: readable });
    expect(person.status).toBe(201);
    const double = await make('persons', { lastName: 'Miller', email: ascii });
    await found('persons', [String(person.json.data['id']), double]);
    await policy('warn');
  });

  it('changes the lead of a known external id where its source says so, each change once', async () => {
    count += 1;
    const externalId = `F-${count}`;
    const first = { externalId, lastName: 'Fremd', email: `fremd${count}@example.org`, city: 'Kiel' };
    const { lead, id } = (await post(first)).json;
    const cityOf = async (): Promise<unknown> => (await get(`/leads/${String(lead)}`))['city'];
    const changed = { ...first, city: 'Lübeck', email: `neu${count}@example.org` };
    for (const said of ['warn', 'new']) {
      await policy(said);
      expect(await post({ ...changed, message: said })).toMatchObject({
        status: 200,
        json: { status: 'duplicate', lead },
      });
      expect(await cityOf()).toBe('Kiel');
    }
    await policy('update');
    expect(await post(first)).toMatchObject({ status: 200, json: { status: 'duplicate', lead, id } });
    const taken = await post(changed);
    expect(taken).toMatchObject({ status: 202, json: { status: 'accepted', lead } });
    expect(await get(`/leads/${String(lead)}`)).toMatchObject({ city: 'Lübeck', email: changed.email, externalId });
    const again = await post(changed);
    expect(again).toMatchObject({ status: 200, json: { status: 'duplicate', lead, id: taken.json['id'] } });
    expect((await post({ ...changed, email: 'keine Adresse' })).status).toBe(422);
    await policy('attach');
    expect(await post({ ...changed, city: 'Plön', message: 'drei' })).toMatchObject({ status: 202, json: { lead } });
    expect(await cityOf()).toBe('Lübeck');
    const filter = encodeURIComponent(`lead = "${String(lead)}"`);
    const states = (await world.api.get(`/intake-messages?filter=${filter}&sort=receivedAt`)).json.data.map(
      ({ state }) => state,
    );
    expect(states).toEqual(['accepted', 'duplicate', 'duplicate', 'updated', 'attached']);
    const kinds = (await world.api.get(`/timeline-entries?filter=${filter}`)).json.data.map(({ kind }) => kind);
    expect(kinds.filter((kind) => String(kind).startsWith('received-')).toSorted()).toEqual([
      'received-again',
      'received-update',
    ]);
    await policy('warn');
  });

  it('changes the lead of an imported row, and by a replay, too', async () => {
    count += 1;
    const externalId = `Z-${count}`;
    const file = await upload(
      { url: world.app.url, key: world.key },
      { content: `externalId;Nachname;Ort\r\n${externalId};Zeile;Kiel\r\n` },
      { source: 'lead-agentur' },
    );
    await settled(world.api, (file.json.data as unknown as ImportData).id);
    const [imported] = (await world.api.get(`/leads?filter=${encodeURIComponent(`externalId = "${externalId}"`)}`)).json
      .data;
    const lead = imported?.['id'];
    expect(imported?.['city']).toBe('Kiel');
    await policy('update');
    const body = { externalId, lastName: 'Zeile', city: 'Lübeck' };
    expect(await post(body)).toMatchObject({ status: 202, json: { lead } });
    expect((await get(`/leads/${String(lead)}`))['city']).toBe('Lübeck');
    expect(await post(body)).toMatchObject({ status: 200, json: { status: 'duplicate', lead } });
    const refused = await post({ ...body, city: 'Plön', budget: 'viel' });
    expect(refused.status).toBe(422);
    const yaml =
      'key: zahl\nlabel: { de: Zahl, en: Number }\nunmapped: additional\nrows:\n  - { from: externalId, to: externalId }\n  - { from: lastName, to: lastName }\n  - { from: city, to: city }\n';
    expect(
      (await world.api.put('/config/mappings/zahl', yaml, { 'content-type': 'application/yaml' })).status,
    ).toBeLessThan(300);
    await policy('update\nmapping: zahl');
    const replayed = await world.api.post(`/intake-messages/${String(refused.json['id'])}/replay`);
    expect(replayed.json.data).toMatchObject({ state: 'updated', lead });
    expect((await get(`/leads/${String(lead)}`))['city']).toBe('Plön');
    await policy('warn');
  });

  it('refuses whoever may not, and says what is wrong', async () => {
    const [one, other] = await twoLeads();
    const viewer = createApi(world.app.url, await addKey(world.store, { role: 'viewer' }));
    expect((await viewer.post(`/leads/${one}/merge`, { other })).status).toBe(403);
    expect((await viewer.post(`/leads/${one}/distinct`, { other })).status).toBe(403);
    expect((await viewer.post(`/leads/${one}/split`)).status).toBe(403);
    expect((await createApi(world.app.url).get('/leads/duplicates')).status).toBe(401);
    expect((await world.api.get('/leads/duplicates?state=x')).status).toBe(400);
    expect((await world.api.get('/leads/duplicates?cursor=x')).status).toBe(400);
    const odd = await world.api.post('/matches', { mail: 'anna@example.org', phone: '0221 1' });
    expect([odd.status, odd.json.errors.map(({ path }) => path)]).toEqual([422, ['/mail']]);
    expect((await world.api.post(`/leads/${one}/merge`, { other: one })).status).toBe(409);
    expect((await world.api.post(`/leads/${one}/merge`, {})).status).toBe(422);
    expect((await world.api.post(`/leads/${one}/merge`, { other, take: ['state'] })).status).toBe(422);
    expect((await world.api.post(`/leads/${one}/merge`, { other: 'nobody' })).status).toBe(404);
    expect((await world.api.post(`/leads/${one}/distinct`, { other: one })).status).toBe(422);
  });
});
