import { randomUUID } from 'node:crypto';
import { startImport } from '../../commands/imports/startImport.ts';
import { canary, type Caller, type House } from './house.ts';

/** One route as the description of the API names it. */
export interface Operation {
  readonly method: string;
  /** With `{id}` and the like. */
  readonly path: string;
  /** `x-right`: `read:lead`, `may:config`, `signedIn`, `visitor`; undefined when it declares none. */
  readonly right: string | undefined;
  readonly schema: Readonly<Record<string, unknown>> | undefined;
}

interface Described {
  readonly 'x-right'?: string;
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Record<string, unknown> }>> };
}

/** Every route that the running app describes, so that a new one is swept as soon as it is there. */
export async function readOperations(house: House): Promise<Operation[]> {
  const { json } = await house.call(house.admin, '/api/openapi.json');
  const paths = json['paths'] as Record<string, Record<string, Described>>;
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, described]) => ({
      method: method.toUpperCase(),
      path,
      right: described['x-right'],
      schema: described.requestBody?.content['application/json']?.schema,
    })),
  );
}

/** Ids of records of the company `main`, fresh for every use, by the first part of the path. */
export interface Targets {
  readonly ids: Readonly<Record<string, string>>;
  /** Second records, to merge the first ones with. */
  readonly others: Readonly<Record<string, string>>;
  /** A lead that stays. */
  readonly lead: string;
  /** Number of a write by the admin on that lead: for undo. */
  readonly event: number;
}

const idOf = (answer: Readonly<Record<string, unknown>>): string => (answer['data'] as { id: string }).id;

type Maker = (house: House, lead: string) => Promise<string>;

const recordOf =
  (plural: string, body: (house: House, lead: string) => object): Maker =>
  async (house, lead) =>
    idOf(await house.done(house.admin, `/api/v1/${plural}`, { method: 'POST', body: body(house, lead) }));

const makers: Readonly<Record<string, Maker>> = {
  leads: recordOf('leads', ({ owner }) => ({
    title: canary,
    company: canary,
    email: 'kanarie@example.org',
    lastName: canary,
    owner,
  })),
  organizations: recordOf('organizations', ({ owner }) => ({ name: `${canary} GmbH`, owner })),
  persons: recordOf('persons', ({ owner }) => ({ lastName: canary, owner })),
  opportunities: recordOf('opportunities', ({ owner }) => ({ title: canary, owner })),
  activities: recordOf('activities', ({ owner }, lead) => ({
    title: canary,
    type: 'aufgabe',
    dueAt: '2030-01-07T09:00:00.000Z',
    owner,
    lead,
  })),
  'timeline-entries': recordOf('timeline-entries', (_, lead) => ({ text: canary, lead })),
  'saved-views': recordOf('saved-views', ({ owner }) => ({
    name: canary,
    entity: 'lead',
    filter: 'state = "open"',
    owner,
  })),
  'intake-messages': async (house) => await receive(house),
  // Not through the API: sweeps make more of them than it allows one client.
  imports: async ({ store }) => {
    const text = Buffer.from(`Nachname\n${canary}\n`);
    const blob = await store.foundation.blobs.put(text);
    const words = { source: 'kaltakquise' };
    return (await startImport(store.asSystem(), { fileName: canary, blob, size: text.byteLength, words })).id;
  },
  users: recordOf('users', () => ({ name: canary, email: `${randomUUID()}@example.org`, role: 'viewer' })),
  keys: recordOf('keys', () => ({ name: canary, role: 'viewer' })),
  connections: recordOf('connections', () => ({
    kind: 'facebook',
    id: `c-${randomUUID()}`,
    name: canary,
    settings: { pageId: '1' },
    credentials: facebookCredentials,
  })),
  // Sessions belong to people; nobody else's is known by its id.
  sessions: async () => await Promise.resolve('019ac000-0000-7000-8000-000000000000'),
};

const facebookCredentials = { appSecret: canary, verifyToken: canary, accessToken: canary };

/** Makes one of everything, owned by the salesman of the team nord. */
export async function makeTargets(house: House): Promise<Targets> {
  const { admin } = house;
  const ids: Record<string, string> = {};
  for (const [plural, make] of Object.entries(makers)) ids[plural] = await make(house, ids['leads'] ?? '');
  const lead = ids['leads'] ?? '';
  const others: Record<string, string> = {};
  for (const plural of ['leads', 'organizations', 'persons'])
    others[plural] = (await makers[plural]?.(house, lead)) ?? '';
  const moved = await house.done(admin, `/api/v1/leads/${lead}`, { method: 'PATCH', body: { city: canary } });
  return { ids, others, lead, event: Number(moved['event']) };
}

/** The same targets with a fresh record for the operation. */
export async function renewTarget(house: House, targets: Targets, { path }: Operation): Promise<Targets> {
  const first = path.split('/')[3] ?? '';
  const make = path.includes('{id}') || path.endsWith('/bulk') ? makers[first] : undefined;
  return make === undefined
    ? targets
    : { ...targets, ids: { ...targets.ids, [first]: await make(house, targets.lead) } };
}

/** A message with an attachment, through the public form of the company. */
async function receive(house: House): Promise<string> {
  const body = new FormData();
  body.set('lastName', canary);
  body.set('email', 'kanarie@example.org');
  body.set('datei', new Blob([canary]), 'plan.txt');
  const secret = await house.done(house.admin, '/api/v1/sources/kaltakquise/rotate', { method: 'POST' });
  const authorization = `Bearer ${(secret['data'] as { secret: string }).secret}`;
  const response = await fetch(`${house.app.url}/intake/kaltakquise`, {
    method: 'POST',
    body,
    headers: { authorization },
  });
  const answer = (await response.json()) as { id?: string };
  if (answer.id === undefined) throw new Error(`the intake answered ${response.status} ${JSON.stringify(answer)}`);
  return answer.id;
}

const parameters: Readonly<Record<string, string>> = {
  line: '2',
  kind: 'tags',
  entity: 'lead',
  revision: '1',
  index: '0',
};

const keyIn = (path: string): string => {
  if (path.startsWith('/api/v1/sources/')) return 'kaltakquise';
  return path.startsWith('/api/v1/config/pipelines/') ? 'inbox' : 'messe';
};

/** The address of an operation on the targets. A parameter that the sweep does not know must be taught to it. */
export function toPath({ path }: Operation, { ids }: Targets): string {
  const first = path.split('/')[3] ?? '';
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const value = name === 'id' ? ids[first] : name === 'key' ? keyIn(path) : parameters[name];
    if (value === undefined) throw new Error(`Teach tests/security/operations.ts the parameter {${name}} of ${path}`);
    return value;
  });
}

const plan = '2030-02-04T09:00:00.000Z';
const creations: Readonly<Record<string, object>> = {
  leads: { title: 'Neu', email: 'neu@example.org' },
  organizations: { name: 'Neu GmbH' },
  persons: { lastName: 'Neu' },
  opportunities: { title: 'Neu' },
  activities: { title: 'Neu', type: 'aufgabe', dueAt: plan },
  'timeline-entries': { text: 'Neu' },
  'saved-views': { name: 'Neu', entity: 'lead', filter: 'state = "open"' },
  imports: { source: 'kaltakquise', text: 'Nachname;E-Mail\nNeu;neu@example.org\n' },
  users: { name: 'Neu', email: 'neu@example.org', role: 'viewer' },
  keys: { name: 'Neu', role: 'viewer' },
  connections: { kind: 'facebook', name: 'Neu', settings: { pageId: '1' }, credentials: facebookCredentials },
  session: { email: 'niemand@example.org', password: 'falsch' },
  setup: {
    token: 'a'.repeat(43),
    company: 'Neu',
    name: 'Neu',
    email: 'neu@example.org',
    password: 'kaffee regen laterne 7',
  },
};
const changes: Readonly<Record<string, object>> = {
  users: { name: 'Anders' },
  me: { name: 'Anders' },
  connections: { name: 'Anders' },
  imports: { matchKey: 'email' },
  organizations: { name: 'Anders GmbH' },
  persons: { lastName: 'Anders' },
  'timeline-entries': { text: 'Anders' },
  'saved-views': { name: 'Anders' },
};
const actBodies: Readonly<Record<string, object>> = {
  'notices/read': { upTo: plan },
  'leads/move': { stage: 'kontaktversuch' },
  'activities/move': { dueAt: plan },
  'connections/rotate': { credentials: facebookCredentials },
  assign: { owner: null },
  archive: { reason: 'preis' },
  snooze: { until: plan },
  note: { text: 'Neu' },
  count: { filters: ['createdAt is empty'] },
  'create-organization': { fields: { name: 'Neu GmbH' }, force: true },
  'create-person': { fields: { lastName: 'Neu' }, force: true },
  link: { organization: null },
  convert: { title: 'Neu' },
  migrate: { revision: 1 },
  matches: { company: canary },
  'intake-messages/replay': { filter: 'state = unreadable' },
};

interface BodySchema {
  readonly required?: readonly string[];
  readonly properties?: Readonly<
    Record<
      string,
      { readonly type?: string | readonly string[]; readonly format?: string; readonly enum?: readonly unknown[] }
    >
  >;
}

/** What a schema requires, and no more: for routes that nobody has taught the sweep yet. */
const sampleOf = ({ required = [], properties = {} }: BodySchema): object =>
  Object.fromEntries(
    required.map((name) => {
      const { type, format, enum: values } = properties[name] ?? {};
      if (values !== undefined) return [name, values[0]];
      if (format !== undefined) return [name, format === 'date' ? plan.slice(0, 10) : plan];
      const samples: Readonly<Record<string, unknown>> = {
        integer: 1,
        number: 1,
        boolean: true,
        array: [],
        object: {},
        string: 'neu',
      };
      return [name, samples[[type ?? 'string'].flat()[0] ?? 'string']];
    }),
  );

/** A body that the operation takes, so that a refusal is one for want of rights. */
export async function toBody(house: House, { method, path, schema }: Operation, targets: Targets): Promise<unknown> {
  if (method === 'GET' || method === 'DELETE') return undefined;
  if (path.endsWith('/rows/{line}')) return { cells: null };
  if (method === 'PUT')
    return (await house.done(house.admin, toPath({ method, path, right: undefined, schema: undefined }, targets)))[
      'data'
    ];
  const [, , , first = '', ...rest] = path.split('/');
  const change = changes[first] ?? { title: 'Anders' };
  if (method === 'PATCH') return change;
  if (path === '/api/v1/undo') return { event: targets.event };
  if (rest.length === 0) return creations[first] ?? actBodies[first] ?? {};
  const last = rest.at(-1) ?? '';
  if (last === 'merge' || last === 'distinct') return { other: targets.others[first] };
  return last === 'bulk'
    ? { ids: [targets.ids[first]], patch: change }
    : (actBodies[`${first}/${last}`] ?? actBodies[last] ?? sampleOf(schema ?? {}));
}

/** Sends an operation, valid but for the caller's rights. */
export async function perform(
  house: House,
  caller: Caller,
  { operation, targets }: { operation: Operation; targets: Targets },
): Promise<Awaited<ReturnType<House['call']>>> {
  const body = await toBody(house, operation, targets);
  return await house.call(caller, toPath(operation, targets), {
    method: operation.method,
    ...(body === undefined ? {} : { body }),
  });
}
