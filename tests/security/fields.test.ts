import type { PublishedSchema } from '../../admin-ui/api/types.ts';
import { toEntities, type Entities } from '../../admin-ui/model/entities.ts';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { addKey, dialects } from '../support/stores.ts';
import { anonymous, buildHouse, canary, type Caller, type House } from './house.ts';
import { makeTargets, readOperations, toPath, type Operation } from './operations.ts';

const budget = 98_765.43;
const mail = 'geheimer-kanarie@example.org';
const secrets = ['98765.43', '9876543', mail];

const helper = {
  key: 'aushilfe',
  label: { de: 'Aushilfe', en: 'Helper' },
  can: [
    { do: ['*'], on: 'lead', fields: { hide: ['budget', 'email', 'owner'] } },
    { do: ['read'], on: 'timeline-entry' },
  ],
  may: ['audit'],
};

interface Property {
  readonly 'x-system'?: boolean;
  readonly 'x-hidden'?: boolean;
  readonly type?: unknown;
}

describe.each(dialects)('fields, on %s', (dialect) => {
  let house: House;
  let built: Promise<House> | undefined;
  let caller: Caller;

  const build = async (skip: Parameters<typeof buildHouse>[0]['skip']): Promise<House> => {
    const made = await buildHouse({ skip }, dialect);
    await made.done(made.admin, '/api/v1/config/roles/aushilfe', { method: 'PUT', body: helper });
    await made.store.foundation.registry.refresh();
    return made;
  };
  beforeEach(async ({ skip }) => {
    built ??= build(skip);
    house = await built;
    caller = {
      name: 'helper',
      headers: { authorization: `Bearer ${await addKey(house.store, { role: 'aushilfe' })}` },
    };
  });
  afterAll(async () => {
    await (await built)?.close();
  });

  const addLead = async (): Promise<string> => {
    const made = await house.done(house.admin, '/api/v1/leads', {
      method: 'POST',
      body: { title: 'Anfrage', email: mail, budget: 1, owner: house.owner },
    });
    const { id } = made['data'] as { id: string };
    await house.done(house.admin, `/api/v1/leads/${id}`, { method: 'PATCH', body: { budget, city: 'Ulm' } });
    return id;
  };
  const schemas = async (): Promise<
    { entity: string; plural: string; schema: { properties: Record<string, Property> } }[]
  > => (await house.done(house.admin, '/api/v1/schemas'))['data'] as never;

  it('S04: a field closed to a role is in none of its answers', async () => {
    const id = await addLead();
    const found: string[] = [];
    const look = async (path: string, sent?: Parameters<House['call']>[2]): Promise<void> => {
      const { text, status } = await house.call(caller, path, sent);
      if (status >= 500 || secrets.some((secret) => text.includes(secret)) || text.includes('Nora'))
        found.push(`${sent?.method ?? 'GET'} ${path} ${status} ${text}`);
    };
    for (const path of [
      `/leads/${id}`,
      `/leads/${id}?expand=owner`,
      '/leads?limit=200&expand=owner',
      '/leads.csv',
      '/search?q=Anfrage',
      `/audit?entity=lead&record=${id}`,
      '/timeline-entries?limit=200',
      `/leads/${id}/matches`,
      '/schemas/lead',
    ]) {
      await look(`/api/v1${path}`);
    }
    await look(`/api/v1/leads/${id}`, { method: 'PATCH', body: { city: 'Bonn' } });
    await look(`/api/v1/leads/${id}`, { method: 'PATCH', body: { city: 'Köln' }, headers: { 'if-match': '"1"' } });
    await look(`/api/v1/leads/${id}/note`, { method: 'POST', body: { text: 'Notiz' } });
    await look('/api/v1/leads/bulk', { method: 'POST', body: { ids: [id], patch: { city: 'Jena' } } });
    await look(`/api/v1/leads/${id}/archive`, { method: 'POST', body: { reason: 'preis' } });
    expect(found).toEqual([]);
    expect((await house.call(caller, '/api/v1/leads.csv')).text.split('\n')[0]).not.toMatch(/budget|email|owner/);
  });

  it('S04: a schema names no field that it does not show, so that the screens can be made from it', async () => {
    const whole = toEntities((await house.done(house.admin, '/api/v1/schemas'))['data'] as PublishedSchema[]);
    const shown = toEntities((await house.done(caller, '/api/v1/schemas'))['data'] as PublishedSchema[]);
    const indexed = (entities: Entities): string[] => entities.byName.get('lead')?.indexes.flat() ?? [];
    expect(indexed(whole)).toContain('owner');
    expect(indexed(shown)).not.toContain('owner');
    expect(shown.byName.get('lead')?.fields.has('title')).toBe(true);
  });

  it('S04: nobody learns a closed field by asking for it', async () => {
    await addLead();
    for (const name of ['budget', 'email', 'owner']) {
      const statuses = await Promise.all(
        [`sort=${name}`, `fields=${name}`, `filter=${name} is empty`, `filter=${name}: *`].map(
          async (query) => (await house.call(caller, `/api/v1/leads?${query}`)).status,
        ),
      );
      expect([name, statuses]).toEqual([name, [400, 400, 400, 400]]);
      const filter = `${name} is empty`;
      expect(
        (await house.call(caller, '/api/v1/leads/count', { method: 'POST', body: { filters: [filter] } })).status,
      ).toBe(400);
      expect(
        (await house.call(caller, '/api/v1/leads/bulk', { method: 'POST', body: { filter, patch: { city: 'Ulm' } } }))
          .status,
      ).toBe(400);
      expect((await house.call(caller, `/api/v1/leads.csv?filter=${filter}`)).status).toBe(400);
    }
    const sought = await house.done(caller, `/api/v1/leads?q=${mail}`);
    expect(sought['data']).toEqual([]);
  });

  it('S04: a message whose body is closed to a role is shown to it in no other form', async () => {
    const can = [
      { do: ['read'], on: 'lead' },
      { do: ['read'], on: 'intake-message', fields: { hide: ['body'] } },
    ];
    await house.done(house.admin, '/api/v1/config/roles/pforte', {
      method: 'PUT',
      body: { ...helper, key: 'pforte', can },
    });
    await house.store.foundation.registry.refresh();
    const authorization = `Bearer ${await addKey(house.store, { role: 'pforte' })}`;
    const gate: Caller = { name: 'gate', headers: { authorization } };
    const { ids } = await makeTargets(house);
    const path = `/api/v1/intake-messages/${ids['intake-messages'] ?? ''}`;
    const { data } = await house.done(gate, path);
    expect(data).not.toHaveProperty('body');
    for (const part of ['raw', 'parsed', 'attachments/0', 'mail']) {
      const heard = await house.call(gate, `${path}/${part}`);
      expect([part, heard.status, heard.text.includes(canary)]).toEqual([part, 403, false]);
    }
  });

  it('S04: a closed field cannot be written, and the refusal does not say that it exists', async () => {
    const id = await addLead();
    const unknown = await house.call(caller, `/api/v1/leads/${id}`, { method: 'PATCH', body: { nonsense: 1 } });
    for (const patch of [{ budget: 5 }, { email: 'anders@example.org' }]) {
      const heard = await house.call(caller, `/api/v1/leads/${id}`, { method: 'PATCH', body: patch });
      expect(heard.status).toBe(422);
      expect(
        (heard.json['errors'] as { code: string; message: string }[]).map(({ code, message }) => ({ code, message })),
      ).toEqual(
        (unknown.json['errors'] as { code: string; message: string }[]).map(({ code, message }) => ({ code, message })),
      );
    }
  });

  it('S04: what a role may only read is refused as that, what the system sets as set by the system', async () => {
    const can = [{ do: ['*'], on: 'lead', fields: { readOnly: ['budget'] } }];
    await house.done(house.admin, '/api/v1/config/roles/leser', {
      method: 'PUT',
      body: { ...helper, key: 'leser', can },
    });
    await house.store.foundation.registry.refresh();
    const authorization = `Bearer ${await addKey(house.store, { role: 'leser' })}`;
    const reader: Caller = { name: 'reader', headers: { authorization, 'accept-language': 'en' } };
    const heard = await house.call(reader, `/api/v1/leads/${await addLead()}`, {
      method: 'PATCH',
      body: { budget: 1, stageSince: '2026-01-01T00:00:00.000Z' },
    });
    expect(heard.json['errors']).toEqual([
      { path: '/budget', code: 'readOnly', message: 'Your role may not change this field.' },
      { path: '/stageSince', code: 'readOnly', message: 'This field is set by the system and cannot be changed.' },
    ]);
  });

  it('S04: hidden fields are in no answer, not even to the admin', async () => {
    await makeTargets(house);
    for (const { plural } of await schemas()) {
      const model = house.store.foundation.registry.snapshot('main').modelsByPlural.get(plural);
      const hidden = [...(model?.fields.values() ?? [])].filter((field) => field.isHidden).map((field) => field.name);
      const { data } = (await house.done(house.admin, `/api/v1/${plural}?limit=5`)) as { data: object[] };
      expect(Object.keys(data[0] ?? {}).filter((name) => hidden.includes(name))).toEqual([]);
      for (const name of hidden) {
        expect([
          plural,
          name,
          (await house.call(house.admin, `/api/v1/${plural}?filter=${name} is empty`)).status,
        ]).toEqual([plural, name, 400]);
        expect([plural, name, (await house.call(house.admin, `/api/v1/${plural}?sort=${name}`)).status]).toEqual([
          plural,
          name,
          400,
        ]);
      }
    }
  });

  it('S05: what the system sets is refused from everybody, field by field, and nothing changes', async () => {
    const targets = await makeTargets(house);
    const operations = await readOperations(house);
    const found: string[] = [];
    const refuses = async (operation: Operation, [name, property]: [string, Property]): Promise<boolean> => {
      const body = { [name]: property.type === 'integer' ? 7 : '2026-01-01T00:00:00.000Z' };
      const heard = await house.call(house.admin, toPath(operation, targets), { method: operation.method, body });
      const errors = (heard.json['errors'] ?? []) as { path: string; code: string }[];
      return (
        heard.status === 422 &&
        errors.some(({ path, code }) => path === `/${name}` && (code === 'readOnly' || code === 'unknown'))
      );
    };
    const before = await house.state();
    for (const { plural, schema } of await schemas()) {
      const system = Object.entries(schema.properties).filter(([, property]) => property['x-system'] === true);
      expect(system.length).toBeGreaterThan(4);
      const writes = operations.filter(
        ({ path, method }) =>
          (path === `/api/v1/${plural}` && method === 'POST') ||
          (path === `/api/v1/${plural}/{id}` && method === 'PATCH'),
      );
      const closed = [...system, ['tenantId', {}], ['deletedAt', {}]] as [string, Property][];
      // What a file is sent with is judged, and shown by its import: the test below tries it.
      const isOption = ({ path, schema: body }: Operation, name: string): boolean =>
        path.startsWith('/api/v1/imports') && Object.hasOwn((body?.['properties'] ?? {}) as object, name);
      const attempts = writes.flatMap((operation) =>
        closed.filter(([name]) => !isOption(operation, name)).map((property) => ({ operation, property })),
      );
      for (const { operation, property } of attempts)
        if (!(await refuses(operation, property))) found.push(`${operation.method} ${plural} ${property[0]}`);
    }
    expect(found).toEqual([]);
    expect(await house.state()).toBe(before);
  });

  it('S05: words of an import that are shown as its fields name nothing that the caller could not', async () => {
    const before = await house.state();
    const send = async (words: object): Promise<unknown> => {
      const body = { source: 'kaltakquise', text: 'Nachname\nEcht\n', ...words };
      const heard = await house.call(house.admin, '/api/v1/imports', { method: 'POST', body });
      return [heard.status, ((heard.json['errors'] ?? []) as { path: string }[]).map(({ path }) => path)];
    };
    for (const source of ['gibt-es-nicht', '2026-01-01T00:00:00.000Z', '../x'])
      expect([source, await send({ source })]).toEqual([source, [422, ['/source']]]);
    for (const entity of ['import', 'user', 'audit', 'intake-message', 'timeline-entry', 'saved-view', 'activity'])
      expect([entity, await send({ entity })]).toEqual([entity, [422, ['/entity']]]);
    for (const name of ['blob', 'size', 'starter', 'state', 'tenantId', 'createdBy', 'options', 'dialect', 'created'])
      expect([name, await send({ [name]: 'x' })]).toEqual([name, [422, [`/${name}`]]]);
    expect(await house.state()).toBe(before);
  });

  it('S05: a message from outside sets none of the fields of the system', async () => {
    const rotated = await house.done(house.admin, '/api/v1/sources/kaltakquise/rotate', { method: 'POST' });
    const { secret } = rotated['data'] as { secret: string };
    const system = (await schemas()).find(({ entity }) => entity === 'lead')?.schema.properties ?? {};
    const names = [
      ...Object.keys(system).filter((name) => system[name]?.['x-system'] === true),
      'tenantId',
      'deletedAt',
      'tenant_id',
      'created_at',
    ];
    const forged = Object.fromEntries(names.map((name) => [name, 'untergeschoben']));
    const body = JSON.stringify({ lastName: 'Echt', email: 'echt@example.org', ...forged });
    const response = await fetch(`${house.app.url}/intake/kaltakquise`, {
      method: 'POST',
      body,
      headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
    });
    const answer = (await response.json()) as { lead: string };
    expect([response.status, answer]).toEqual([202, expect.anything()]);
    const row = await house.store.foundation.db.get('SELECT * FROM `lead` WHERE `id` = ?', [answer.lead]);
    const taken = Object.entries(row ?? {}).filter(
      ([name, value]) => name !== 'additional' && String(value).includes('untergeschoben'),
    );
    expect(taken).toEqual([]);
    expect(row).toMatchObject({
      tenantId: 'main',
      state: 'open',
      version: 1,
      source: 'kaltakquise',
      deletedAt: null,
      createdBy: 'source/kaltakquise',
    });
  });

  it('S06: who may not is told so before anything of the body is judged', async () => {
    const targets = await makeTargets(house);
    const found: string[] = [];
    const writes = (await readOperations(house)).filter(
      ({ method, right }) => ['POST', 'PUT', 'PATCH'].includes(method) && right !== 'visitor' && right !== 'signedIn',
    );
    for (const operation of writes) {
      const before = await house.state();
      for (const body of ['{', '{"nonsense":true}', '[]']) {
        const heard = await house.call(house.narrowKey, toPath(operation, targets), { method: operation.method, body });
        const isOpen = /^read:saved-view$/.test(operation.right ?? '');
        if (!isOpen && heard.status !== 403)
          found.push(`${operation.method} ${operation.path} ${body}: ${heard.status}`);
        const unknown = await house.call(anonymous, toPath(operation, targets), { method: operation.method, body });
        if (unknown.status !== 401)
          found.push(`${operation.method} ${operation.path} ${body}: ${unknown.status} to a visitor`);
      }
      if (before !== (await house.state())) found.push(`${operation.method} ${operation.path} wrote`);
    }
    expect(found).toEqual([]);
  });

  it('S06: an act that is refused halfway has written nothing', async () => {
    const { ids } = await makeTargets(house);
    const before = await house.state();
    const lead = `/api/v1/leads/${ids['leads'] ?? ''}`;
    // Wrong in the last thing that each of these looks at.
    for (const [path, body] of [
      [`${lead}/convert`, { title: 'x'.repeat(5_000) }],
      [`${lead}/create-organization`, { fields: { name: 'Neu', website: 'x'.repeat(5_000) }, force: true }],
      [`${lead}/create-person`, { fields: { lastName: 'x'.repeat(5_000) }, force: true }],
      [`${lead}/link`, { organization: ids['persons'] }],
      [`${lead}/move`, { stage: 'gibt-es-nicht' }],
      [`${lead}/assign`, { owner: ids['leads'] }],
    ] as const) {
      const heard = await house.call(house.admin, path, { method: 'POST', body });
      expect([path, heard.status]).toEqual([
        path,
        expect.toSatisfy((status: number) => status === 422 || status === 409 || status === 404),
      ]);
    }
    expect(await house.state()).toBe(before);
  });
});
