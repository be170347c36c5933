import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { goodPassword } from '../support/accounts.ts';
import { startApp, type App } from '../support/app.ts';
import { until } from '../support/processes.ts';

const chief = { email: 'anna@muster-bau.de', password: goodPassword };

interface Sent {
  readonly method?: string;
  readonly body?: unknown;
  readonly cookie?: string;
  readonly key?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const cookieOf = (response: Response): string => (response.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
const told = async (answer: Response): Promise<object> => ({
  status: answer.status,
  ...((await answer.json()) as object),
  requestId: '',
});

/** Within a second on an idle machine; a busy one gets some slack. */
const slackMs = 3_000;

describe('the app as a stranger sees it', () => {
  let app: App;
  let setupToken: string;
  let session: string;

  const request = async (path: string, sent: Sent = {}): Promise<Response> =>
    await fetch(`${app.url}${path}`, {
      method: sent.method ?? (sent.body === undefined ? 'GET' : 'POST'),
      redirect: 'manual',
      headers: {
        ...(sent.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(sent.cookie === undefined ? {} : { cookie: sent.cookie, origin: app.url }),
        ...(sent.key === undefined ? {} : { authorization: `Bearer ${sent.key}` }),
        ...sent.headers,
      },
      ...(sent.body === undefined
        ? {}
        : { body: typeof sent.body === 'string' ? sent.body : JSON.stringify(sent.body) }),
    });
  const api = async (path: string, sent: Sent = {}): Promise<Response> => await request(`/api/v1${path}`, sent);
  const signIn = async (who: { email: string; password: string }): Promise<string> =>
    cookieOf(await api('/session', { body: { email: who.email, password: who.password } }));
  const guess = async (who: string): Promise<Response> =>
    await api('/session', { body: { email: who, password: 'falsches passwort' } });
  /** 401 once the key is refused. */
  const refusal = async (key: string): Promise<number | undefined> => {
    const { status } = await api('/leads', { key });
    return status === 401 ? status : undefined;
  };
  const createUser = async (
    email: string,
    role = 'sales',
  ): Promise<{ id: string; email: string; password: string }> => {
    const answer = await api('/users', { cookie: session, body: { name: email, email, role } });
    const { data } = (await answer.json()) as { data: { id: string; initialPassword: string } };
    return { id: data.id, email, password: data.initialPassword };
  };
  const createKey = async (wanted: object): Promise<{ id: string; key: string }> => {
    const answer = await api('/keys', { cookie: session, body: { name: 'test', ...wanted } });
    return ((await answer.json()) as { data: { id: string; key: string } }).data;
  };

  beforeAll(async () => {
    app = await startApp({ args: ['--role', 'api'] });
    setupToken = /token=([\w-]{43})/.exec(await app.line(/token=[\w-]{43}/))?.[1] ?? '';
  });
  afterAll(async () => {
    await app.stop();
    await app.clear();
  });

  describe('S51: first-run set-up', () => {
    const form = { company: 'Muster Bau GmbH', name: 'Anna Berger', ...chief };

    it('lets nobody in without the token from the console', async () => {
      expect(await (await api('/setup')).json()).toEqual({ data: { needed: true } });
      expect((await api('/setup', { body: { ...form, token: 'a'.repeat(43) } })).status).toBe(403);
      expect(
        (await api('/setup', { body: { ...form, token: setupToken }, headers: { origin: 'https://evil.example' } }))
          .status,
      ).toBe(403);
      expect((await api('/session', { body: { email: 'admin', password: 'admin' } })).status).toBe(401);
    });

    it('signs the superadmin in and is over then', async () => {
      const answer = await api('/setup', { body: { ...form, token: setupToken } });
      expect(answer.status).toBe(200);
      session = cookieOf(answer);
      const me = (await (await api('/me', { cookie: session })).json()) as { data: { user: object; tenant: object } };
      expect(me.data).toMatchObject({
        user: { email: chief.email, role: 'superadmin' },
        tenant: { name: 'Muster Bau GmbH' },
      });
      expect((await api('/setup', { body: { ...form, token: setupToken } })).status).toBe(403);
      expect(await (await api('/setup')).json()).toEqual({ data: { needed: false } });
    });
  });

  describe('S22: the session', () => {
    it('has a cookie out of reach of scripts and other sites, new at every sign-in', async () => {
      const answer = await api('/session', { body: chief });
      expect(answer.headers.get('set-cookie')).toMatch(
        /^leitwerk=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=2592000$/,
      );
      expect(cookieOf(answer)).not.toBe(await signIn(chief));
    });

    it('is listed, can be ended from another one, and ends with signing out', async () => {
      const cookie = await signIn(chief);
      const { data } = (await (await api('/sessions', { cookie })).json()) as {
        data: { id: string; isCurrent: boolean }[];
      };
      const own = data.find((one) => one.isCurrent)?.id ?? '';
      expect((await api(`/sessions/${own}`, { cookie: session, method: 'DELETE' })).status).toBe(204);
      expect((await api('/me', { cookie })).status).toBe(401);
      const another = await signIn(chief);
      const out = await api('/session', { cookie: another, method: 'DELETE' });
      expect(out.status).toBe(204);
      expect(out.headers.get('set-cookie')).toContain('Max-Age=0');
      expect((await api('/me', { cookie: another })).status).toBe(401);
    });
  });

  it('names what is wrong with a change of the own account in German', async () => {
    const body = { password: 'kaffee regen laterne 8', language: 7 };
    const answer = await api('/me', { method: 'PATCH', body, cookie: session, headers: { 'accept-language': 'de' } });
    expect([answer.status, await answer.json()]).toMatchObject([
      422,
      {
        errors: expect.arrayContaining([
          { path: '/currentPassword', code: 'dependentRequired', message: 'Zu „password“ gehört dieses Feld.' },
          { path: '/language', code: 'type', message: 'Erwartet wird ein Text.' },
        ]) as unknown,
      },
    ]);
  });

  describe('S23: writes with the cookie', () => {
    const rename = { method: 'PATCH', body: { name: 'Anna B.' } };

    it.each([
      ['another site', { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }],
      ['another port', { origin: 'http://127.0.0.1:1', 'sec-fetch-site': 'same-site' }],
      ['a sandboxed frame', { origin: 'null' }],
    ])('are refused from %s', async (_from, headers) => {
      const answer = await api('/me', { ...rename, cookie: session, headers });
      expect(answer.status).toBe(403);
      expect(await answer.json()).toMatchObject({ code: 'Forbidden', reason: 'origin' });
    });

    it('are refused when they do not say where they come from, and taken from our own pages', async () => {
      const silent = await request('/api/v1/me', { ...rename, headers: { cookie: session } });
      expect(silent.status).toBe(403);
      const me = (await (await api('/me', { cookie: session })).json()) as { data: { user: { name: string } } };
      expect(me.data.user.name).toBe('Anna Berger');
      expect((await api('/me', { ...rename, cookie: session })).status).toBe(200);
    });
  });

  it('S24: gives other origins nothing to read', async () => {
    const headers = { origin: 'https://evil.example', 'access-control-request-method': 'PATCH' };
    for (const answer of [
      await api('/me', { headers }),
      await api('/me', { method: 'OPTIONS', headers }),
      await request('/', { headers }),
    ]) {
      expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control-'))).toEqual([]);
    }
  });

  describe('S25, S26: the headers of every answer', () => {
    it.each(['/', '/api/v1/me', '/api/v1/nowhere', '/health/ready', '/api/docs', '/intake/nowhere'])(
      '%s',
      async (path) => {
        const { headers } = await request(path);
        const policy = headers.get('content-security-policy') ?? '';
        expect(policy).toContain("default-src 'self'");
        expect(policy).toContain("script-src 'self';");
        expect(policy).toContain("frame-ancestors 'none'");
        expect(policy).toContain("object-src 'none'");
        expect(Object.fromEntries(headers)).toMatchObject({
          'x-content-type-options': 'nosniff',
          'x-frame-options': 'DENY',
          'referrer-policy': 'same-origin',
          'cross-origin-opener-policy': 'same-origin',
          'cross-origin-resource-policy': 'same-origin',
          'permissions-policy': expect.stringContaining('camera=()') as unknown,
        });
        for (const name of ['x-powered-by', 'server', 'strict-transport-security'])
          expect(headers.has(name)).toBe(false);
      },
    );
  });

  it('S27, S29: says the same to everyone who guesses, and then to wait', async () => {
    const { email } = await createUser('geraten@muster-bau.de');
    const [known, unknown] = [await guess(email), await guess('niemand@muster-bau.de')];
    expect(await told(known)).toEqual(await told(unknown));
    let answer = known;
    for (let n = 0; n < 6 && answer.status === 401; n += 1) answer = await guess(email);
    expect(answer.status).toBe(429);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await guess('niemand@muster-bau.de')).status).toBe(401);
  });

  it('S21: a disabled user is out within a second, from open streams too', async () => {
    const user = await createUser('weg@muster-bau.de');
    const cookie = await signIn(user);
    const stream = await api('/events', { cookie });
    expect(stream.status).toBe(200);
    const ended = stream.text();
    expect(
      (await api(`/users/${user.id}`, { cookie: session, method: 'PATCH', body: { isDisabled: true } })).status,
    ).toBe(200);
    expect((await api('/me', { cookie })).status).toBe(401);
    const startedAt = Date.now();
    await ended;
    expect(Date.now() - startedAt).toBeLessThan(slackMs);
    expect(await signIn(user)).toBe('');
  });

  it('S34: a key is shown once, narrowed to its scopes, and out within a second of being revoked', async () => {
    const { id, key } = await createKey({ scopes: ['leads:read'] });
    expect(await (await api('/keys', { cookie: session })).text()).not.toContain(key);
    expect((await api('/leads', { key })).status).toBe(200);
    expect((await api('/leads', { key, body: { title: 'x' } })).status).toBe(403);
    expect((await api('/organizations', { key })).status).toBe(403);
    expect((await api('/keys', { key })).status).toBe(403);
    expect((await api(`/keys/${id}`, { cookie: session, method: 'DELETE' })).status).toBe(204);
    const revokedAt = Date.now();
    await until('the key to be out', async () => await refusal(key));
    expect(Date.now() - revokedAt).toBeLessThan(slackMs);
  });

  it('tells a key that may only write which scope it lacks', async () => {
    const { key } = await createKey({ scopes: ['leads:write'] });
    const { data } = (await (await api('/leads', { key, body: { title: 'Neu', source: 'kaltakquise' } })).json()) as {
      data: { id: string };
    };
    const refused = async (path: string, options: object = {}): Promise<unknown> => {
      const answer = await api(path, { key, ...options });
      const { scope, detail } = (await answer.json()) as { scope?: unknown; detail?: unknown };
      return [answer.status, scope, detail];
    };
    const lacks = (scope: string): unknown => [403, scope, `Dem Schlüssel fehlt das Recht ${scope}.`];

    expect(await refused(`/leads/${data.id}`)).toEqual(lacks('leads:read'));
    expect(await refused(`/leads/${data.id}`, { method: 'PATCH', body: { title: 'X' } })).toEqual(lacks('leads:read'));
    expect(await refused(`/leads/${data.id}/move`, { body: { stage: 'neu' } })).toEqual(lacks('leads:read'));
    expect(await refused('/leads/gibt-es-nicht/archive', { body: {} })).toEqual(lacks('leads:read'));
    expect(await refused('/organizations', { body: { name: 'Firma' } })).toEqual(lacks('organizations:write'));
    expect(await refused('/keys')).toEqual(lacks('keys:read'));
  });

  it('S34: an expired key is refused', async () => {
    const { key } = await createKey({ role: 'viewer', expiresAt: new Date(Date.now() + 300).toISOString() });
    const refused = await until('the key to expire', async () => await refusal(key));
    expect(refused).toBe(401);
  });

  it('S43: tells strangers nothing of its inside', async () => {
    const answers = [
      await api('/session', { body: '{"email":' }),
      await api('/session', { body: '{"__proto__":{"x":1}}' }),
      await api('/session', { body: { email: 5, password: null } }),
      await api('/leads?filter=%00', { cookie: session }),
      await api('/leads/%E0%A4%A', { cookie: session }),
      await api('/leads/..%2f..%2fetc%2fpasswd', { cookie: session }),
      await api('/users/x', { cookie: session, method: 'PATCH', body: { role: ['x'] } }),
      await request('/api/%ff'),
      await request('/%2e%2e/%2e%2e/package.json'),
    ];
    for (const answer of answers) {
      const text = `${answer.status} ${await answer.text()}`;
      expect(text).toMatch(/^[234]/);
      expect(text).not.toMatch(/node_modules|\.ts:\d|at \w+ \(|SELECT|SQLITE|"leitwerk"/);
    }
  });

  it('says with every 401 what is asked for, and nothing that makes browsers open a window of their own', async () => {
    const answers = [
      await api('/leads'),
      await api('/me', { key: 'lw_wrong' }),
      await api('/session', { body: { email: 'niemand@muster-bau.de', password: 'falsch' } }),
      await request('/metrics', { headers: { 'x-forwarded-for': '203.0.113.7' } }),
      await request('/intake/lead-agentur', { body: { lastName: 'Meyer' } }),
    ];
    expect(answers.map(({ status, headers }) => [status, headers.get('www-authenticate')])).toEqual(
      answers.map(() => [401, 'Bearer']),
    );
  });

  it('answers in the language that was asked for', async () => {
    const german = await (await api('/me', { headers: { 'accept-language': 'de-DE' } })).json();
    const english = await (await api('/me', { headers: { 'accept-language': 'en' } })).json();
    expect(german).toMatchObject({ status: 401, code: 'Unauthenticated', detail: 'Bitte anmelden.' });
    expect(english).toMatchObject({ detail: 'Please sign in.' });
  });
});
