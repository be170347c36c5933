import { changeOwnAccount, changeUser } from '../../commands/accounts/changeUser.ts';
import { assertMay, type AccountContext, type VisitorContext } from '../../commands/accounts/context.ts';
import { createKey } from '../../commands/accounts/createKey.ts';
import { createUser } from '../../commands/accounts/createUser.ts';
import { endSession } from '../../commands/accounts/endSession.ts';
import { revokeKey } from '../../commands/accounts/revokeKey.ts';
import { finishSetup, isSetupNeeded } from '../../commands/accounts/setup.ts';
import { sessionMs, signIn, type SignedIn } from '../../commands/accounts/signIn.ts';
import { LeitwerkError } from '../../core/errors.ts';
import { listKeys, type ApiKey } from '../../store/accounts-keys.ts';
import { listSessions } from '../../store/accounts-sessions.ts';
import { findTenant, findUser, listUsers, type Tenant, type User } from '../../store/accounts-users.ts';

/** Seconds that the browser keeps the session's cookie. */
export const cookieSeconds = sessionMs / 1000;

interface PublicUser {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly role: string;
  readonly team: string | null;
  readonly language: string;
}

const showUser = ({ id, name, email, role, team, language }: User): PublicUser => ({
  id,
  name,
  email,
  role,
  team,
  language,
});

const showManagedUser = (user: User): object => ({
  ...showUser(user),
  isDisabled: user.isDisabled,
  createdAt: user.createdAt,
});

const showKey = ({ tenantId: _tenant, ...key }: ApiKey): object => key;

export interface Opened {
  readonly data: { readonly user: PublicUser };
  /** For `sessionCookie`. */
  readonly token: string;
}

const showSignedIn = ({ user, token }: SignedIn): Opened => ({ data: { user: showUser(user) }, token });

/** `GET /setup` */
export const getSetup = async (ctx: Pick<VisitorContext, 'db'>): Promise<object> => ({
  data: { needed: await isSetupNeeded(ctx.db) },
});

/** `POST /setup`: makes the superadmin and signs them in. */
export const postSetup = async (ctx: VisitorContext, body: unknown): Promise<Opened> =>
  showSignedIn(await finishSetup(ctx, body));

/** `POST /session` */
export const postSession = async (ctx: VisitorContext, body: unknown): Promise<Opened> =>
  showSignedIn(await signIn(ctx, body));

const ownSession = ({ actor }: AccountContext): string => {
  if (actor.sessionId === undefined) throw new LeitwerkError('NotFound');
  return actor.sessionId;
};

/** `DELETE /session`: signs out. */
export const deleteOwnSession = async (ctx: AccountContext): Promise<void> => await endSession(ctx, ownSession(ctx));

/** `GET /sessions`: the actor's own. */
export const getSessions = async (ctx: AccountContext): Promise<object> => {
  const sessions = ctx.actor.kind === 'user' ? await listSessions(ctx.db, ctx.actor.id, ctx.now()) : [];
  const data = sessions.map(({ id, address, userAgent, createdAt, seenAt, expiresAt }) => {
    return { id, address, userAgent, createdAt, seenAt, expiresAt, isCurrent: id === ctx.actor.sessionId };
  });
  return { data };
};

/** `DELETE /sessions/<id>` */
export const deleteSessionById = async (ctx: AccountContext, id: string): Promise<void> => await endSession(ctx, id);

/** The user and tenant of `GET /me`; a key shows itself in place of a user. */
export const readMe = async (ctx: AccountContext): Promise<{ readonly user: PublicUser; readonly tenant: Tenant }> => {
  const { actor } = ctx;
  const tenant = await findTenant(ctx.db, actor.tenantId);
  const user = actor.kind === 'user' ? await findUser(ctx.db, actor.tenantId, actor.id) : undefined;
  const { id, name, role, language } = actor;
  return {
    user: user === undefined ? { id, name, email: '', role, team: actor.team ?? null, language } : showUser(user),
    tenant: tenant ?? { id: actor.tenantId, name: actor.tenantId },
  };
};

/** `PATCH /me` */
export const patchMe = async (ctx: AccountContext, body: unknown): Promise<object> => {
  const { user, event } = await changeOwnAccount(ctx, body);
  return { data: showUser(user), event };
};

/** `GET /users`: names for everyone who is signed in, the rest for those who may manage users. */
export const getUsers = async (ctx: AccountContext): Promise<object> => {
  const users = await listUsers(ctx.db, ctx.actor.tenantId);
  return {
    data: ctx.ability.may('users', 'read') ? users.map(showManagedUser) : users.map(({ id, name }) => ({ id, name })),
  };
};

/** `POST /users`: `initialPassword` is in the answer when none was given, this once. */
export const postUser = async (ctx: AccountContext, body: unknown): Promise<object> => {
  const { user, initialPassword, event } = await createUser(ctx, body);
  return { data: { ...showManagedUser(user), ...(initialPassword === undefined ? {} : { initialPassword }) }, event };
};

/** `PATCH /users/<id>` */
export const patchUser = async (ctx: AccountContext, id: string, body: unknown): Promise<object> => {
  const { user, event } = await changeUser(ctx, id, body);
  return { data: showManagedUser(user), event };
};

/** `GET /keys` */
export const getKeys = async (ctx: AccountContext): Promise<object> => {
  assertMay(ctx, 'keys', 'read');
  return { data: (await listKeys(ctx.db, ctx.actor.tenantId)).map(showKey) };
};

/** `POST /keys`: `key` is in the answer this once. */
export const postKey = async (ctx: AccountContext, body: unknown): Promise<object> => {
  const { key, row, event } = await createKey(ctx, body);
  return { data: { ...showKey(row), key }, event };
};

/** `DELETE /keys/<id>` */
export const deleteKey = async (ctx: AccountContext, id: string): Promise<void> => void (await revokeKey(ctx, id));
