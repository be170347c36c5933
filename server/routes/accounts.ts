import { areas } from '../../core/permissions.ts';
import { accountInputs } from '../../commands/accounts/inputs.ts';
import type { VisitorContext } from '../../commands/accounts/context.ts';
import type { Context } from '../../commands/context.ts';
import { endedCookie, sessionCookie } from '../auth/cookies.ts';
import * as account from '../auth/handlers.ts';
import { assertNotForeign } from '../auth/same-origin.ts';
import { rateLimits } from '../rate-limits.ts';
import type { Answer, Call, Route } from '../route.ts';
import { acts, hasAct } from './acts.ts';

const visitor = (call: Call): VisitorContext => ({
  db: call.services.db,
  now: call.services.now,
  newId: call.services.newId,
  address: call.client.address,
  userAgent: call.headers['user-agent'] ?? '',
  language: call.ctx.language,
  requestId: call.ctx.requestId,
});

const opening = async (
  call: Call,
  open: (ctx: VisitorContext, body: unknown) => Promise<{ readonly data: unknown; readonly token: string }>,
): Promise<Answer> => {
  assertNotForeign({
    host: call.headers.host,
    origin: call.headers.origin,
    'sec-fetch-site': call.headers['sec-fetch-site'],
  });
  const { data, token } = await open(visitor(call), call.body);
  await call.services.registry.refresh();
  return {
    headers: { 'set-cookie': sessionCookie(token, call.client.isSecure, account.cookieSeconds) },
    json: { data },
  };
};

const signOut = async (call: Call): Promise<Answer> => {
  await account.deleteOwnSession(call.ctx);
  return { status: 204, headers: { 'set-cookie': endedCookie(call.client.isSecure) } };
};

const rightsOf = (ctx: Context): Record<string, Record<string, boolean>> => {
  const can: Record<string, Record<string, boolean>> = {};
  for (const model of ctx.snapshot.models.values()) {
    const verbs = ['read', 'create', 'update', 'delete'].map((verb) => [
      verb,
      ctx.ability.can(verb, model.name) && (verb === 'read' || !model.isReadOnly),
    ]);
    const own = acts
      .filter((act) => hasAct(act, model))
      .map((act) => [act.name, ctx.ability.can(act.name, model.name) || ctx.ability.can('update', model.name)]);
    const sorting =
      model.name === 'intake-message'
        ? ['file', 'replay'].map((verb) => [verb, ctx.ability.can(verb, model.name)])
        : [];
    can[model.name] = Object.fromEntries([...verbs, ...own, ...sorting]) as Record<string, boolean>;
  }
  return can;
};

const me = async (call: Call): Promise<Answer> => {
  const { user, tenant } = await account.readMe(call.ctx);
  const may = Object.fromEntries(areas.map((area) => [area, call.ctx.ability.may(area)]));
  return {
    json: {
      data: {
        user,
        tenant,
        can: rightsOf(call.ctx),
        may,
        links: { temporalUi: call.services.temporalUi()?.url ?? null },
      },
    },
  };
};

/** A change of users or keys holds at once here; other processes see it within a second. */
const refreshing = async (call: Call, json: unknown, status = 200): Promise<Answer> => {
  call.services.authenticator.forgetKeys();
  await call.services.registry.refresh();
  return { status, json };
};

const id = (call: Call): string => call.params['id'] ?? '';

const visitorAccess = { kind: 'visitor' } as const;
const signedIn = { kind: 'signedIn' } as const;

export const accountRoutes: readonly Route[] = [
  {
    method: 'get',
    path: '/setup',
    summary: { de: 'Ist die Einrichtung nötig?', en: 'Is the set-up needed?' },
    access: visitorAccess,
    handle: async (call) => ({ json: await account.getSetup(visitor(call)) }),
  },
  {
    method: 'post',
    path: '/setup',
    summary: { de: 'Ersteinrichtung', en: 'First-run set-up' },
    access: visitorAccess,
    limit: rateLimits.signIn,
    body: accountInputs.setup,
    handle: async (call) => await opening(call, account.postSetup),
  },
  {
    method: 'post',
    path: '/session',
    summary: { de: 'Anmelden', en: 'Sign in' },
    access: visitorAccess,
    limit: rateLimits.signIn,
    body: accountInputs.signIn,
    handle: async (call) => await opening(call, account.postSession),
  },
  {
    method: 'delete',
    path: '/session',
    summary: { de: 'Abmelden', en: 'Sign out' },
    access: signedIn,
    handle: signOut,
  },
  {
    method: 'get',
    path: '/sessions',
    summary: { de: 'Eigene Sitzungen', en: 'Own sessions' },
    access: signedIn,
    handle: async (call) => ({ json: await account.getSessions(call.ctx) }),
  },
  {
    method: 'delete',
    path: '/sessions/:id',
    summary: { de: 'Eine eigene Sitzung beenden', en: 'End an own session' },
    access: signedIn,
    handle: async (call) => {
      await account.deleteSessionById(call.ctx, id(call));
      return { status: 204 };
    },
  },
  {
    method: 'get',
    path: '/me',
    summary: { de: 'Wer bin ich, was darf ich?', en: 'Who am I, what may I?' },
    access: signedIn,
    handle: me,
  },
  {
    method: 'patch',
    path: '/me',
    summary: { de: 'Eigenes Konto ändern', en: 'Change own account' },
    access: signedIn,
    limit: rateLimits.signIn,
    body: accountInputs.ownPatch,
    handle: async (call) => await refreshing(call, await account.patchMe(call.ctx, call.body)),
  },
  {
    method: 'get',
    path: '/users',
    summary: { de: 'Benutzer', en: 'Users' },
    access: signedIn,
    handle: async (call) => ({ json: await account.getUsers(call.ctx) }),
  },
  {
    method: 'post',
    path: '/users',
    summary: { de: 'Benutzer anlegen', en: 'Create a user' },
    access: { kind: 'may', area: 'users' },
    body: accountInputs.newUser,
    handle: async (call) => await refreshing(call, await account.postUser(call.ctx, call.body), 201),
  },
  {
    method: 'patch',
    path: '/users/:id',
    summary: { de: 'Benutzer ändern', en: 'Change a user' },
    access: { kind: 'may', area: 'users' },
    body: accountInputs.userPatch,
    handle: async (call) => await refreshing(call, await account.patchUser(call.ctx, id(call), call.body)),
  },
  {
    method: 'get',
    path: '/keys',
    summary: { de: 'API-Schlüssel', en: 'API keys' },
    access: { kind: 'may', area: 'keys' },
    handle: async (call) => ({ json: await account.getKeys(call.ctx) }),
  },
  {
    method: 'post',
    path: '/keys',
    summary: { de: 'API-Schlüssel anlegen', en: 'Create an API key' },
    access: { kind: 'may', area: 'keys' },
    body: accountInputs.newKey,
    handle: async (call) => await refreshing(call, await account.postKey(call.ctx, call.body), 201),
  },
  {
    method: 'delete',
    path: '/keys/:id',
    summary: { de: 'API-Schlüssel widerrufen', en: 'Revoke an API key' },
    access: { kind: 'may', area: 'keys' },
    handle: async (call) => {
      await account.deleteKey(call.ctx, id(call));
      call.services.authenticator.forgetKeys();
      return { status: 204 };
    },
  },
];
