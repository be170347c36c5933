import { changeUser } from '../../commands/accounts/changeUser.ts';
import { createKey } from '../../commands/accounts/createKey.ts';
import { createUser } from '../../commands/accounts/createUser.ts';
import { normaliseEmail } from '../../commands/accounts/inputs.ts';
import { revokeKey } from '../../commands/accounts/revokeKey.ts';
import { listKeys, type ApiKey } from '../../store/accounts-keys.ts';
import { findUserByEmail, listTenants, listUsers } from '../../store/accounts-users.ts';
import { addTenant } from '../foundation.ts';
import { positional, required, systemContext, toTable, usage, type Command } from './command.ts';

const userCreate: Command = {
  name: 'user create',
  text: 'Create a user',
  options: {
    email: { value: 'E', text: 'address to sign in with', isRequired: true },
    name: { value: 'N', text: 'full name', isRequired: true },
    role: {
      value: 'R',
      text: 'superadmin, organization-manager, sales-manager, sales, viewer or a role of your own',
      isRequired: true,
    },
    team: { value: 'T', text: 'team' },
    'password-stdin': { text: 'read the password from standard input; without it one is made and shown' },
  },
  run: async (call) => {
    const password = call.isOn('password-stdin') ? (await call.readStdin()).replace(/\r?\n$/, '') : undefined;
    const ctx = await systemContext(call);
    const team = call.option('team');
    const { user, initialPassword } = await createUser(ctx, {
      email: required(call, 'email'),
      name: required(call, 'name'),
      role: required(call, 'role'),
      ...(team === undefined ? {} : { team }),
      ...(password === undefined ? {} : { password }),
    });
    const text = `${user.email} (${user.role}), id ${user.id}`;
    if (initialPassword === undefined) return { json: user, text };
    return { json: { ...user, initialPassword }, text: `${text}\npassword: ${initialPassword}` };
  },
};

const userList: Command = {
  name: 'user list',
  text: 'List users',
  run: async (call) => {
    const { db, actor } = await systemContext(call);
    const users = await listUsers(db, actor.tenantId);
    const rows = users.map((user) => [
      user.email,
      user.name,
      user.role,
      user.team ?? '',
      user.isDisabled ? 'disabled' : 'active',
    ]);
    return { json: users, text: toTable(['email', 'name', 'role', 'team', 'state'], rows) };
  },
};

const userDisable: Command = {
  name: 'user disable',
  text: 'Disable a user and end their sessions',
  positionals: ['<email>'],
  run: async (call) => {
    const ctx = await systemContext(call);
    const email = normaliseEmail(positional(call, 0, 'email'));
    const found = await findUserByEmail(ctx.db, email);
    if (found === undefined)
      throw usage(`Es gibt niemanden mit der Adresse ${email}.`, `There is nobody with the address ${email}.`);
    const { user } = await changeUser(ctx, found.id, { isDisabled: true });
    return { json: user, text: `${user.email} is disabled` };
  },
};

const rightsOf = ({ role, scopes }: ApiKey): string => [role ?? [], scopes ?? []].flat().join(' ');

const keyCreate: Command = {
  name: 'key create',
  text: 'Create an API key; the last line is the key, shown this once',
  options: {
    name: { value: 'N', text: 'what it is for', isRequired: true },
    role: { value: 'R', text: 'role it acts with' },
    scope: {
      value: 'S',
      text: 'narrows it, as leads:read, leads:write, leads:*, config:read, *:read; can be given several times',
      isRepeatable: true,
    },
    expires: { value: 'INSTANT', text: 'when it ends, as 2027-12-31T22:00:00Z' },
  },
  run: async (call) => {
    const ctx = await systemContext(call);
    const [role, expiresAt, scopes] = [call.option('role'), call.option('expires'), call.options('scope')];
    const { key, row } = await createKey(ctx, {
      name: required(call, 'name'),
      ...(role === undefined ? {} : { role }),
      ...(scopes.length === 0 ? {} : { scopes }),
      ...(expiresAt === undefined ? {} : { expiresAt }),
    });
    return {
      json: { ...row, key },
      text: `${row.name} (${rightsOf(row)}), id ${row.id}\n${key}`,
    };
  },
};

const tenantPattern = /^[a-z][a-z0-9-]{1,39}$/;

const tenantCreate: Command = {
  name: 'tenant create',
  text: 'Create another company on the same system, with the shipped configuration',
  positionals: ['<id>'],
  options: { name: { value: 'N', text: 'name of the company', isRequired: true } },
  run: async (call) => {
    const [id, name] = [positional(call, 0, 'id'), required(call, 'name')];
    if (!tenantPattern.test(id))
      throw usage(
        'Die Kennung besteht aus 2 bis 40 Kleinbuchstaben, Ziffern und Bindestrichen und beginnt mit einem Buchstaben.',
        'The id is 2 to 40 lower case letters, digits and hyphens and begins with a letter.',
      );
    const foundation = await call.foundation();
    if (foundation.registry.tenantIds.includes(id))
      throw usage(`Den Mandanten ${id} gibt es schon.`, `The tenant ${id} exists already.`);
    await addTenant(foundation, { id, name });
    return {
      json: { id, name },
      text: `${name}, id ${id}
next: npx leitwerk user create --tenant ${id} --role superadmin --email … --name …`,
    };
  },
};

const tenantList: Command = {
  name: 'tenant list',
  text: 'List the companies on this system',
  run: async (call) => {
    const tenants = await listTenants((await call.foundation()).db);
    return {
      json: tenants,
      text: toTable(
        ['id', 'name'],
        tenants.map(({ id, name }) => [id, name]),
      ),
    };
  },
};

const stateOf = (key: ApiKey, now: Date): string => {
  if (key.revokedAt !== null) return 'revoked';
  return key.expiresAt !== null && new Date(key.expiresAt) <= now ? 'expired' : 'active';
};

const keyList: Command = {
  name: 'key list',
  text: 'List API keys',
  run: async (call) => {
    const { db, actor, now } = await systemContext(call);
    const keys = await listKeys(db, actor.tenantId);
    const rows = keys.map((key) => [
      key.id,
      `${key.prefix}…`,
      key.name,
      rightsOf(key),
      key.lastUsedAt ?? 'never used',
      stateOf(key, now()),
    ]);
    return { json: keys, text: toTable(['id', 'key', 'name', 'rights', 'last used', 'state'], rows) };
  },
};

const keyRevoke: Command = {
  name: 'key revoke',
  text: 'Revoke an API key',
  positionals: ['<id>'],
  run: async (call) => {
    const id = positional(call, 0, 'id');
    await revokeKey(await systemContext(call), id);
    return { json: { id, revoked: true }, text: `key ${id} is revoked` };
  },
};

export const accountCommands: readonly Command[] = [
  userCreate,
  userList,
  userDisable,
  keyCreate,
  keyList,
  keyRevoke,
  tenantCreate,
  tenantList,
];
