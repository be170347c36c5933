import { actorName } from '../core/actor.ts';
import type { ConfigIssue } from '../core/config/faults.ts';
import type { RevisionKind } from '../core/config/kinds.ts';
import type { ConfigLookup, PresetRules } from '../core/config/lookup.ts';
import { toEntityModel, type EntityModel, type EntitySchema } from '../core/entity.ts';
import { areas } from '../core/permissions.ts';
import { LeitwerkError } from '../core/errors.ts';
import { withLinks } from '../core/links.ts';
import { listUsers } from '../store/accounts-users.ts';
import { readConnections } from '../store/connections.ts';
import { lockConfig, publishRevision, readConfigVersion, readHeads, type ConfigHead } from '../store/config.ts';
import type { Database, Eventually, Tx } from '../store/database.ts';
import { insertEvent } from '../store/events.ts';
import type { Context } from './context.ts';

/** What config commands need of the call; no snapshot, so the command line can use them without a server. */
export type ConfigContext = Pick<Context, 'db' | 'actor' | 'ability' | 'language' | 'now' | 'requestId' | 'presets'>;

/** A tenant's configuration as the database has it at one version number. */
export interface ConfigState {
  readonly version: number;
  /** In force, without archived keys. */
  readonly heads: readonly ConfigHead[];
  readonly models: ReadonlyMap<string, EntityModel>;
  readonly emails: ReadonlySet<string>;
  /** Kinds of connections by id. */
  readonly connections: ReadonlyMap<string, string>;
}

/** A text that has been read and is about to be published. */
export interface ConfigEntry {
  readonly kind: RevisionKind;
  readonly key: string;
  readonly yaml: string;
  readonly value: unknown;
  readonly comment?: string | undefined;
  readonly expectedRevision?: number | undefined;
  /** Absent: the acting user. */
  readonly author?: string | undefined;
}

const modelsOf = (
  heads: readonly Pick<ConfigHead, 'kind' | 'key' | 'value' | 'revision'>[],
): Map<string, EntityModel> => {
  const models = new Map<string, EntityModel>();
  for (const head of heads) {
    if (head.kind !== 'schemas') continue;
    try {
      models.set(head.key, toEntityModel(head.value as EntitySchema, head.revision));
    } catch (error) {
      // A broken schema is reported on its own; for everyone else its entity does not exist.
      if (!(error instanceof LeitwerkError)) throw error;
    }
  }
  return models;
};

export async function readConfigState(db: Database, tenantId: string): Promise<ConfigState> {
  const version = await readConfigVersion(db, tenantId);
  const heads = (await readHeads(db, tenantId)).filter((head) => !head.isArchived);
  const users = await listUsers(db, tenantId);
  const connections = await readConnections(db, tenantId);
  return {
    version,
    heads,
    models: modelsOf(heads),
    emails: new Set(users.map((user) => user.email.toLowerCase())),
    connections: new Map(connections.map(({ id, kind }) => [id, kind])),
  };
}

export interface StateChange {
  readonly added?: readonly Pick<ConfigEntry, 'kind' | 'key' | 'value'>[];
  readonly removed?: { readonly kind: string; readonly key: string };
  /** Known presets of sources; absent = they are not judged. */
  readonly presets?: readonly PresetRules[] | undefined;
}

/** What config texts may refer to once the change has been made. */
export function lookupOf(state: ConfigState, change: StateChange = {}): ConfigLookup {
  const { added = [], removed } = change;
  const models = withLinks(new Map([...state.models, ...modelsOf(added.map((entry) => ({ ...entry, revision: 0 })))]));
  const values = new Map<string, Map<string, unknown>>();
  for (const { kind, key, value } of [...state.heads, ...added])
    values.set(kind, (values.get(kind) ?? new Map<string, unknown>()).set(key, value));
  if (removed !== undefined) values.get(removed.kind)?.delete(removed.key);
  return {
    model: (entity) => models.get(entity),
    entities: [...models.keys()],
    keys: (kind) => [...(values.get(kind)?.keys() ?? [])],
    has: (kind, key) => values.get(kind)?.has(key) === true,
    configOf: (kind, key) => values.get(kind)?.get(key),
    presets: change.presets,
    connectionKind: (id) => state.connections.get(id),
    hasUser: (email) => state.emails.has(email.toLowerCase()),
  };
}

/** Of those who publish at once one gets through each time, so this is how many may. */
const maxAttempts = 50;

/**
 * Checks against the configuration and writes only if it is still the same then: `prepare` answers the write.
 * Whoever publishes in between makes the check run again, so no two publishes can break each other's references.
 */
export async function onSteadyState<T>(
  ctx: Pick<ConfigContext, 'db' | 'actor'>,
  prepare: (state: ConfigState) => Eventually<(tx: Tx) => Eventually<T>>,
): Promise<T> {
  const { tenantId } = ctx.actor;
  for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
    const state = await readConfigState(ctx.db, tenantId);
    const write = await prepare(state);
    const outcome = await ctx.db.write(async (tx): Promise<{ value: T } | undefined> => {
      await lockConfig(tx, tenantId);
      return (await readConfigVersion(tx, tenantId)) === state.version ? { value: await write(tx) } : undefined;
    });
    if (outcome !== undefined) return outcome.value;
  }
  throw new LeitwerkError('Conflict');
}

export interface PublishedEntry {
  readonly kind: RevisionKind;
  readonly key: string;
  readonly revision: number;
  /** False when the same text was in force already. */
  readonly isNew: boolean;
}

/** Publishes one text and writes its event. */
export async function publishEntry(
  ctx: Pick<ConfigContext, 'actor' | 'now' | 'requestId'>,
  tx: Tx,
  entry: ConfigEntry,
): Promise<PublishedEntry> {
  const at = ctx.now().toISOString();
  const actor = actorName(ctx.actor);
  const { tenantId } = ctx.actor;
  const { revision, isNew } = await publishRevision(tx, { ...entry, tenantId, author: entry.author ?? actor, at });
  if (isNew) {
    const changes = { revision: [revision === 1 ? null : revision - 1, revision] as const };
    const act = entry.kind === 'schemas' ? 'schema.publish' : 'config.publish';
    await insertEvent(tx, {
      tenantId,
      at,
      actor,
      act,
      entity: entry.kind,
      recordId: entry.key,
      version: revision,
      changes,
      requestId: ctx.requestId,
    });
  }
  return { kind: entry.kind, key: entry.key, revision, isNew };
}

/** @throws LeitwerkError `Forbidden`. */
export function assertMayConfigure(ctx: Pick<ConfigContext, 'ability'>): void {
  if (!ctx.ability.may('config', 'write')) throw new LeitwerkError('Forbidden');
}

/**
 * Nobody gives a role more than they have themselves.
 * @throws LeitwerkError `Forbidden` naming the area.
 */
export function assertMayGrant(
  ctx: Pick<ConfigContext, 'ability'>,
  entry: { readonly kind: string; readonly value: unknown },
): void {
  if (entry.kind !== 'roles') return;
  const may = (entry.value as { readonly may?: readonly string[] }).may ?? [];
  const wanted = may.includes('*') ? areas : may;
  const missing = wanted.find((area) => !ctx.ability.may(area, 'write'));
  if (missing === undefined) return;
  throw new LeitwerkError('Forbidden', {
    text: {
      de: `Das Recht „${missing}“ kann nur vergeben, wer es selbst hat.`,
      en: `Only those who hold the right "${missing}" can grant it.`,
    },
  });
}

/** @throws LeitwerkError `InvalidInput` with every issue, when there is one. */
export function assertValid(issues: readonly ConfigIssue[]): void {
  if (issues.length === 0) return;
  const count = issues.length;
  const text =
    count === 1 ? { de: 'Ein Fehler.', en: 'One error.' } : { de: `${count} Fehler.`, en: `${count} errors.` };
  throw new LeitwerkError('InvalidInput', { text, issues });
}
