import { accountInputs } from '../../commands/accounts/inputs.ts';
import type { VisitorContext } from '../../commands/accounts/context.ts';
import { rateLimits } from '../rate-limits.ts';
import type { Answer, Call, JsonSchema, Route } from '../route.ts';
import { endedCookie, sessionCookie } from './cookies.ts';
import * as handlers from './handlers.ts';
import { assertNotForeign } from './same-origin.ts';

const visitorOf = ({ services, client, headers, ctx }: Call): VisitorContext => ({
  db: services.db,
  now: services.now,
  newId: services.newId,
  address: client.address,
  userAgent: headers['user-agent'] ?? '',
  language: ctx.language,
  requestId: ctx.requestId,
});

const idOf = (call: Call): string => call.params['id'] ?? '';

/** A new session: the answer and its cookie, which replaces whatever the browser had. */
const opened = async (
  call: Call,
  open: (ctx: VisitorContext, body: unknown) => Promise<handlers.Opened>,
): Promise<Answer> => {
  assertNotForeign(call.headers);
  const { data, token } = await open(visitorOf(call), call.body);
  await call.services.registry.refresh();
  return {
    json: { data },
    headers: {
      'set-cookie': sessionCookie(token, call.client.isSecure, handlers.cookieSeconds),
      'cache-control': 'no-store',
    },
  };
};

/** Users are part of every snapshot: this process sees the change at once, others within their refresh. */
const changed = async (call: Call, change: Promise<object>, status = 200): Promise<Answer> => {
  const json = await change;
  await call.services.registry.refresh();
  return { status, json };
};

const user: JsonSchema = {
  type: 'object',
  properties: { id: {}, name: {}, email: {}, role: {}, team: {}, language: {}, isDisabled: { type: 'boolean' } },
};
const users: JsonSchema = { type: 'array', items: user };
const visitor = { kind: 'visitor' } as const;
const signedIn = { kind: 'signedIn' } as const;
const mayUsers = { kind: 'may', area: 'users' } as const;
const mayKeys = { kind: 'may', area: 'keys' } as const;

const sessionRoutes: readonly Route[] = [
  {
    method: 'get',
    path: '/setup',
    summary: { de: 'Ob die Ersteinrichtung aussteht', en: 'Whether the first-run set-up is due' },
    access: visitor,
    answer: { type: 'object', properties: { needed: { type: 'boolean' } } },
    handle: async (call) => ({ json: await handlers.getSetup(call.services) }),
  },
  {
    method: 'post',
    path: '/setup',
    summary: { de: 'Ersteinrichtung abschließen und anmelden', en: 'Finish the first-run set-up and sign in' },
    access: visitor,
    limit: rateLimits.signIn,
    body: accountInputs.setup,
    handle: async (call) => await opened(call, handlers.postSetup),
  },
  {
    method: 'post',
    path: '/session',
    summary: { de: 'Anmelden', en: 'Sign in' },
    access: visitor,
    limit: rateLimits.signIn,
    body: accountInputs.signIn,
    handle: async (call) => await opened(call, handlers.postSession),
  },
  {
    method: 'delete',
    path: '/session',
    summary: { de: 'Abmelden', en: 'Sign out' },
    access: signedIn,
    handle: async (call) => {
      await handlers.deleteOwnSession(call.ctx);
      return { status: 204, headers: { 'set-cookie': endedCookie(call.client.isSecure) } };
    },
  },
  {
    method: 'get',
    path: '/sessions',
    summary: { de: 'Eigene Sitzungen', en: 'Own sessions' },
    access: signedIn,
    handle: async (call) => ({ json: await handlers.getSessions(call.ctx) }),
  },
  {
    method: 'delete',
    path: '/sessions/:id',
    summary: { de: 'Eine eigene Sitzung beenden', en: 'End one of the own sessions' },
    access: signedIn,
    handle: async (call) => {
      await handlers.deleteSessionById(call.ctx, idOf(call));
      return { status: 204 };
    },
  },
  {
    method: 'patch',
    path: '/me',
    summary: { de: 'Eigenen Namen, Sprache oder Passwort ändern', en: 'Change the own name, language or password' },
    access: signedIn,
    limit: rateLimits.signIn,
    body: accountInputs.ownPatch,
    answer: user,
    handle: async (call) => await changed(call, handlers.patchMe(call.ctx, call.body)),
  },
];

const userRoutes: readonly Route[] = [
  {
    method: 'get',
    path: '/users',
    summary: { de: 'Benutzer', en: 'Users' },
    access: signedIn,
    answer: users,
    handle: async (call) => ({ json: await handlers.getUsers(call.ctx) }),
  },
  {
    method: 'post',
    path: '/users',
    summary: { de: 'Benutzer anlegen', en: 'Create a user' },
    access: mayUsers,
    body: accountInputs.newUser,
    answer: user,
    handle: async (call) => await changed(call, handlers.postUser(call.ctx, call.body), 201),
  },
  {
    method: 'patch',
    path: '/users/:id',
    summary: { de: 'Benutzer ändern, sperren, Passwort setzen', en: 'Change or disable a user, set a password' },
    access: mayUsers,
    body: accountInputs.userPatch,
    answer: user,
    handle: async (call) => await changed(call, handlers.patchUser(call.ctx, idOf(call), call.body)),
  },
];

const keyRoutes: readonly Route[] = [
  {
    method: 'get',
    path: '/keys',
    summary: { de: 'API-Schlüssel', en: 'API keys' },
    access: mayKeys,
    handle: async (call) => ({ json: await handlers.getKeys(call.ctx) }),
  },
  {
    method: 'post',
    path: '/keys',
    summary: { de: 'API-Schlüssel anlegen', en: 'Create an API key' },
    access: mayKeys,
    body: accountInputs.newKey,
    handle: async (call) => ({
      status: 201,
      json: await handlers.postKey(call.ctx, call.body),
      headers: { 'cache-control': 'no-store' },
    }),
  },
  {
    method: 'delete',
    path: '/keys/:id',
    summary: { de: 'API-Schlüssel widerrufen', en: 'Revoke an API key' },
    access: mayKeys,
    handle: async (call) => {
      await handlers.deleteKey(call.ctx, idOf(call));
      call.services.authenticator.forgetKeys();
      return { status: 204 };
    },
  },
];

/** Sign-in, set-up, sessions, users and keys. `GET /me` is built from `readMe` where the abilities are known. */
export const accountRoutes: readonly Route[] = [...sessionRoutes, ...userRoutes, ...keyRoutes];
