import { createHash } from 'node:crypto';
import type { TestContext } from 'vitest';
import { createUser } from '../../commands/accounts/createUser.ts';
import { goodPassword } from '../support/accounts.ts';
import type { App } from '../support/app.ts';
import { addKey, addTenant, createStore, secretOf, type Dialect, type Store } from '../support/stores.ts';

/** A word in every text of the company `main`: whoever may not read it must never receive it. */
export const canary = 'Kanarienvogel';

/** Somebody who sends requests, and how they show who they are. */
export interface Caller {
  readonly name: string;
  readonly headers: Readonly<Record<string, string>>;
}

export const anonymous: Caller = { name: 'anonymous', headers: {} };

export interface Sent {
  readonly method?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Heard {
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
  readonly json: Readonly<Record<string, unknown>>;
}

/** Two companies on one system: `main` with people in two teams and records of one of them, and a stranger's. */
export interface House {
  readonly store: Store;
  readonly app: App;
  readonly admin: Caller;
  /** Superadmin of the other company. */
  readonly stranger: Caller;
  readonly viewer: Caller;
  /** Sales of the team Süd; every record belongs to the team Nord. */
  readonly otherTeam: Caller;
  /** A key that may only read saved views. */
  readonly narrowKey: Caller;
  /** Id of the salesman of the team Nord. */
  readonly owner: string;
  call(caller: Caller, path: string, sent?: Sent): Promise<Heard>;
  /** The caller's answer, which must be a success. */
  done(caller: Caller, path: string, sent?: Sent): Promise<Readonly<Record<string, unknown>>>;
  /** A value that changes when anything of `main` is written. When a credential was last used does not count. */
  state(): Promise<string>;
  close(): Promise<void>;
}

/** Addresses that no call leaves for: the guard refuses them. */
const nowhere = 'facebook=http://127.0.0.1:9,google-sheets=http://127.0.0.1:9';

const volatile = new Set(['lastUsedAt', 'seenAt', 'lastSignInAt']);

/** Builds the house on an empty store of the dialect. */
export async function buildHouse(context: Pick<TestContext, 'skip'>, dialect: Dialect): Promise<House> {
  const store = await createStore(context, dialect);
  await addTenant(store, 'zweite');
  const owner = (
    await createUser(store.asSystem(), {
      email: 'nord@example.org',
      name: `Nora ${canary}`,
      role: 'sales',
      team: 'nord',
      password: goodPassword,
    })
  ).user;
  await createUser(store.asSystem(), {
    email: 'sued@example.org',
    name: 'Sina Süd',
    role: 'sales',
    team: 'sued',
    password: goodPassword,
  });
  const bearer = async (
    name: string,
    wanted: { role?: string; scopes?: string[] },
    tenant?: string,
  ): Promise<Caller> => ({
    name,
    headers: { authorization: `Bearer ${await addKey(store, wanted, tenant)}` },
  });
  const admin = await bearer('admin', { role: 'superadmin' });
  const stranger = await bearer('superadmin of another company', { role: 'superadmin' }, 'zweite');
  const viewer = await bearer('viewer', { role: 'viewer' });
  const narrowKey = await bearer('key for saved views', { scopes: ['saved-views:read'] });
  await secretOf(store, 'kaltakquise');
  const app = await store.start({
    args: ['--role', 'api'],
    env: { FAILPOINT: 'none', CONNECTOR_URLS: nowhere },
  });
  const call = createCall(app);
  const signedIn = await call(anonymous, '/api/v1/session', {
    method: 'POST',
    body: { email: 'sued@example.org', password: goodPassword },
  });
  const cookie = (signedIn.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
  return {
    store,
    app,
    admin,
    stranger,
    viewer,
    narrowKey,
    otherTeam: { name: 'sales of another team', headers: { cookie, origin: app.url } },
    owner: owner.id,
    call,
    done: async (caller, path, sent) => {
      const heard = await call(caller, path, sent);
      if (heard.status >= 300) throw new Error(`${sent?.method ?? 'GET'} ${path}: ${heard.status} ${heard.text}`);
      return heard.json;
    },
    state: async () => await readState(store),
    close: async () => {
      await app.kill();
      await store.clear();
    },
  };
}

const createCall =
  (app: App): House['call'] =>
  async (caller, path, sent = {}) => {
    const { body } = sent;
    const isText = typeof body === 'string';
    const response = await fetch(`${app.url}${path}`, {
      method: sent.method ?? 'GET',
      redirect: 'manual',
      signal: AbortSignal.timeout(20_000),
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...caller.headers,
        ...sent.headers,
      },
      ...(body === undefined ? {} : { body: isText ? body : JSON.stringify(body) }),
    });
    if (response.headers.get('content-type')?.startsWith('text/event-stream') === true) {
      await response.body?.cancel();
      return { status: response.status, text: '', headers: response.headers, json: {} };
    }
    const text = await response.text();
    const isJson = /json/.test(response.headers.get('content-type') ?? '') && text !== '';
    return {
      status: response.status,
      text,
      headers: response.headers,
      json: isJson ? (JSON.parse(text) as Record<string, unknown>) : {},
    };
  };

async function readState({ foundation: { db }, dialect }: Store): Promise<string> {
  const sql =
    dialect === 'sqlite'
      ? "SELECT `name` FROM sqlite_master WHERE `type` = 'table' AND `name` NOT LIKE 'sqlite_%'"
      : 'SELECT table_name AS `name` FROM information_schema.tables WHERE table_schema = DATABASE()';
  const tables = (await db.all<{ name: string }>(sql)).map(({ name }) => name).toSorted();
  const hash = createHash('sha256');
  for (const table of tables) {
    for (const row of await db.all(`SELECT * FROM \`${table}\``)) {
      if ('tenantId' in row && row['tenantId'] !== 'main') continue;
      hash.update(`${table}${JSON.stringify(Object.entries(row).filter(([name]) => !volatile.has(name)))}\n`);
    }
  }
  return hash.digest('hex');
}
