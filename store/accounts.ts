import type { TableDefinition } from './tables.ts';

/** Tenants, users and what proves who they are. Secrets are only ever stored as hashes. */
const tenantTable: TableDefinition = {
  name: 'tenant',
  columns: { id: 'key', name: { text: 200 }, createdAt: 'instant' },
  primaryKey: ['id'],
};

const userTable: TableDefinition = {
  name: 'user',
  columns: {
    id: 'key',
    tenantId: 'key',
    email: { text: 254 },
    name: { text: 200 },
    role: 'key',
    team: 'key',
    language: 'key',
    isDisabled: 'boolean',
    version: 'integer',
    createdAt: 'instant',
    updatedAt: 'instant',
  },
  primaryKey: ['id'],
  unique: [['email']],
  indexes: [['tenantId', 'name']],
  references: { tenantId: 'tenant' },
};

/** Apart from the user, so that no query for people can reach a password hash. */
const passwordTable: TableDefinition = {
  name: 'user_password',
  columns: { userId: 'key', hash: 'json', changedAt: 'instant' },
  primaryKey: ['userId'],
  references: { userId: 'user' },
};

const sessionTable: TableDefinition = {
  name: 'session',
  columns: {
    id: 'key',
    tokenHash: 'key',
    userId: 'key',
    tenantId: 'key',
    address: 'key',
    userAgent: { text: 300 },
    createdAt: 'instant',
    seenAt: 'instant',
    expiresAt: 'instant',
  },
  primaryKey: ['id'],
  unique: [['tokenHash']],
  indexes: [['userId', 'expiresAt'], ['expiresAt']],
  references: { userId: 'user' },
};

const apiKeyTable: TableDefinition = {
  name: 'api_key',
  columns: {
    id: 'key',
    tenantId: 'key',
    keyHash: 'key',
    /** The first letters, to tell keys apart in a list. */
    prefix: 'key',
    name: { text: 200 },
    role: 'key',
    scopes: 'json',
    createdBy: 'key',
    createdAt: 'instant',
    expiresAt: 'instant',
    lastUsedAt: 'instant',
    revokedAt: 'instant',
  },
  primaryKey: ['id'],
  unique: [['keyHash']],
  indexes: [['tenantId', 'createdAt']],
  references: { tenantId: 'tenant' },
};

/** At most one row: the token of the first-run set-up. */
const setupTokenTable: TableDefinition = {
  name: 'setup_token',
  columns: { id: 'key', tokenHash: 'key', expiresAt: 'instant' },
  primaryKey: ['id'],
};

/** Failed sign-ins by a hash of what is counted (account, address, both); shared by every process. */
const signInFailureTable: TableDefinition = {
  name: 'sign_in_failure',
  columns: { id: 'key', failures: 'integer', lastAt: 'instant', blockedUntil: 'instant' },
  primaryKey: ['id'],
  indexes: [['lastAt']],
};

export const accountTables: readonly TableDefinition[] = [
  tenantTable,
  userTable,
  passwordTable,
  sessionTable,
  apiKeyTable,
  setupTokenTable,
  signInFailureTable,
];
