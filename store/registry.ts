import { toEntityModel, type EntityModel, type EntitySchema, type Field } from '../core/entity.ts';
import type { Choice } from '../core/field-value.ts';
import { withLinks } from '../core/links.ts';
import { LeitwerkError, messageOf, type Text } from '../core/errors.ts';
import { createValidator, type RecordValidator } from '../core/validation.ts';
import { listTenants, listUsers, type User } from './accounts-users.ts';
import { readConfigVersion, readHeads, readRevisions, type ConfigHead } from './config.ts';
import type { Database, Queries } from './database.ts';
import { toTable } from './record-table.ts';
import { migrate } from './tables.ts';

/** One tenant's configuration and schemas at one moment, compiled. Never changes; a publish makes the next one. */
export interface Snapshot {
  readonly tenantId: string;
  /** Grows with every publish and every change of a user. */
  readonly version: string;
  readonly models: ReadonlyMap<string, EntityModel>;
  readonly modelsByPlural: ReadonlyMap<string, EntityModel>;
  /** Everyone, disabled ones too: their names stay readable in old records. */
  readonly users: ReadonlyMap<string, User>;
  /** Current values of a config kind by key, without archived ones. */
  config(kind: string): ReadonlyMap<string, ConfigHead>;
  /** Keys and labels of a config kind, archived ones too because old records have them; `stages` are those of every pipeline. */
  choices(kind: string): readonly Choice[];
  /** Compiled at first use, kept as long as the snapshot. */
  validatorOf(model: EntityModel): RecordValidator;
  /** Schemas that could not be compiled or whose table could not be had, with the reason; their last good revision stays in force. */
  readonly faults: readonly { readonly entity: string; readonly message: string }[];
}

const none: ReadonlyMap<string, ConfigHead> = new Map();

const byKind = (heads: readonly ConfigHead[]): Map<string, Map<string, ConfigHead>> => {
  const kinds = new Map<string, Map<string, ConfigHead>>();
  for (const head of heads) {
    if (head.isArchived) continue;
    const kind = kinds.get(head.kind) ?? new Map<string, ConfigHead>();
    kind.set(head.key, head);
    kinds.set(head.kind, kind);
  }
  return kinds;
};

/** An entity whose schema in force cannot be had, and the model that stands in for it; undefined where there is none. */
interface StandIn {
  readonly model: EntityModel | undefined;
  readonly message: string;
}

type StandIns = ReadonlyMap<string, StandIn>;

const faultsOf = (error: unknown): string => {
  if (error instanceof LeitwerkError && error.issues.length > 0)
    return error.issues.map(({ path, message }) => `${path}: ${message}`).join(' ');
  return messageOf(error);
};

const compileModels = (
  heads: readonly ConfigHead[],
  before: Snapshot | undefined,
  standIns: StandIns,
): Pick<Snapshot, 'models' | 'faults'> => {
  const models = new Map<string, EntityModel>();
  const faults: { entity: string; message: string }[] = [];
  const standIn = (entity: string, { model, message }: StandIn): void => {
    faults.push({ entity, message });
    if (model !== undefined) models.set(entity, model);
  };
  for (const { key, value, revision } of heads) {
    const known = before?.models.get(key);
    const replaced = standIns.get(key);
    try {
      if (replaced !== undefined) standIn(key, replaced);
      else models.set(key, known?.revision === revision ? known : toEntityModel(value as EntitySchema, revision));
    } catch (error) {
      standIn(key, { model: known, message: faultsOf(error) });
    }
  }
  return { models: withLinks(models), faults };
};

const labelled = (value: unknown, key: string): Choice => {
  const label = (value as { label?: Text } | null)?.label;
  return { key, label: label ?? { de: key, en: key } };
};

interface Staged {
  readonly stages: readonly { readonly key: string; readonly label: Text }[];
}

const createChoices = (heads: readonly ConfigHead[]): Snapshot['choices'] => {
  const known = new Map<string, readonly Choice[]>();
  return (kind) => {
    const choices =
      known.get(kind) ??
      (kind === 'stages'
        ? heads
            .filter((head) => head.kind === 'pipelines')
            .flatMap((head) => (head.value as Staged).stages.map(({ key, label }) => ({ key, label })))
        : heads.filter((head) => head.kind === kind).map((head) => labelled(head.value, head.key)));
    known.set(kind, choices);
    return choices;
  };
};

const createSnapshot = (
  tenantId: string,
  read: { version: string; heads: readonly ConfigHead[]; users: readonly User[] },
  from: { readonly before: Snapshot | undefined; readonly standIns: StandIns },
): Snapshot => {
  const kinds = byKind(read.heads);
  const { models, faults } = compileModels([...(kinds.get('schemas') ?? none).values()], from.before, from.standIns);
  const validators = new WeakMap<EntityModel, RecordValidator>();
  const config = (kind: string): ReadonlyMap<string, ConfigHead> => kinds.get(kind) ?? none;
  const keys = new Map<string, readonly string[]>();
  const choices = ({ configKind }: Field): readonly string[] | undefined => {
    if (configKind === undefined) return undefined;
    const known = keys.get(configKind) ?? [...config(configKind).keys()];
    keys.set(configKind, known);
    return known;
  };
  return {
    tenantId,
    version: read.version,
    models,
    modelsByPlural: new Map([...models.values()].map((model) => [model.plural, model])),
    users: new Map(read.users.map((user) => [user.id, user])),
    config,
    choices: createChoices(read.heads),
    faults,
    validatorOf: (model) => {
      const validator = validators.get(model) ?? createValidator(model, choices);
      validators.set(model, validator);
      return validator;
    },
  };
};

/** Brings tables to their models. Answers why it could not, by entity. */
const bringTables = async (db: Database, models: readonly EntityModel[]): Promise<ReadonlyMap<string, string>> => {
  try {
    await migrate(db, models.map(toTable));
    return new Map();
  } catch (error) {
    if (error instanceof LeitwerkError) throw error;
  }
  const failed = new Map<string, string>();
  for (const model of models) {
    try {
      await migrate(db, [toTable(model)]);
    } catch (error) {
      failed.set(model.name, faultsOf(error));
    }
  }
  return failed;
};

/** The newest earlier revision of an entity that can be read and whose table can be had. */
const earlierModel = async (db: Database, tenantId: string, entity: string): Promise<EntityModel | undefined> => {
  const [, ...earlier] = await readRevisions(db, { tenantId, kind: 'schemas', key: entity });
  for (const { value, revision } of earlier) {
    try {
      const model = toEntityModel(value as EntitySchema, revision);
      await migrate(db, [toTable(model)]);
      return model;
    } catch (error) {
      if (error instanceof LeitwerkError && error.isRetryable) throw error;
    }
  }
  return undefined;
};

/** A value that changes when configuration, schemas or users of the tenant do. */
const readVersion = async (db: Queries, tenantId: string): Promise<string> => {
  const users = await db.get<{ n: number; at: string | null }>(
    'SELECT COUNT(*) AS `n`, MAX(`updatedAt`) AS `at` FROM `user` WHERE `tenantId` = ?',
    [tenantId],
  );
  return `${await readConfigVersion(db, tenantId)}/${users?.n ?? 0}/${users?.at ?? ''}`;
};

export interface Registry {
  /** @throws LeitwerkError `NotFound` for a tenant that does not exist. */
  snapshot(tenantId: string): Snapshot;
  readonly tenantIds: readonly string[];
  /** Reads what others have published; brings tables to new schemas first. */
  refresh(): Promise<void>;
}

/**
 * Keeps each tenant's snapshot in memory. `refresh` is called after every own publish and on a short timer for those of other processes.
 */
export async function createRegistry(db: Database): Promise<Registry> {
  const snapshots = new Map<string, Snapshot>();
  const load = async (tenantId: string): Promise<void> => {
    const version = await readVersion(db, tenantId);
    const before = snapshots.get(tenantId);
    if (before?.version === version) return;
    const read = { version, heads: await readHeads(db, tenantId), users: await listUsers(db, tenantId) };
    const next = createSnapshot(tenantId, read, { before, standIns: new Map() });
    const changed = [...next.models.values()].filter((model) => before?.models.get(model.name) !== model);
    const failed = new Map([
      ...next.faults.map(({ entity, message }) => [entity, message] as const),
      ...(await bringTables(db, changed)),
    ]);
    if (failed.size === 0) return void snapshots.set(tenantId, next);
    const standIns = new Map<string, StandIn>();
    for (const [entity, message] of failed) {
      const model = before?.models.get(entity) ?? (await earlierModel(db, tenantId, entity));
      standIns.set(entity, { model, message });
    }
    snapshots.set(tenantId, createSnapshot(tenantId, read, { before, standIns }));
  };
  let running: Promise<void> | undefined;
  const loadAll = async (): Promise<void> => {
    for (const tenant of await listTenants(db)) await load(tenant.id);
  };
  const registry: Registry = {
    snapshot: (tenantId) => {
      const snapshot = snapshots.get(tenantId);
      if (snapshot === undefined) throw new LeitwerkError('NotFound', { facts: { tenantId } });
      return snapshot;
    },
    get tenantIds() {
      return [...snapshots.keys()];
    },
    refresh: async () => {
      await running;
      running = loadAll();
      try {
        await running;
      } finally {
        running = undefined;
      }
    },
  };
  await registry.refresh();
  return registry;
}
