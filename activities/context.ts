import type { Actor } from '../core/actor.ts';
import { processActor } from '../core/actor.ts';
import type { Language } from '../core/errors.ts';
import { createAbility, type Ability } from '../core/permissions.ts';
import { companyOf } from '../commands/company.ts';
import type { Context } from '../commands/context.ts';
import type { Database } from '../store/database.ts';
import type { ProcessKey } from '../store/processes.ts';
import type { Registry, Snapshot } from '../store/registry.ts';

/** What the worker process stands on. */
export interface WorkerStore {
  readonly db: Database;
  readonly registry: Registry;
  readonly now: () => Date;
  readonly newId: () => string;
  /** Whether the app beside us has no time; absent: there is none. */
  readonly isAppBusy?: () => boolean;
}

const everything = {
  key: 'process',
  label: { de: 'Prozess', en: 'Process' },
  can: [{ do: ['*'], on: '*' }],
  may: ['*'],
};
const abilities = new WeakMap<Snapshot, Ability>();

/** A process may do what its pipeline says; what that may be was checked when it was published. */
const abilityOf = (snapshot: Snapshot, actor: Actor, now: Date): Ability => {
  const ability = abilities.get(snapshot) ?? createAbility(everything, actor, { models: snapshot.models, now });
  abilities.set(snapshot, ability);
  return ability;
};

/** The language that a tenant's processes write in. */
export function languageOf(snapshot: Snapshot): Language {
  return companyOf(snapshot)?.language ?? 'de';
}

/**
 * The context in which a process acts on its record.
 * @throws LeitwerkError `NotFound` for a tenant that this process does not know yet.
 */
export function processContext(store: WorkerStore, key: ProcessKey): Context {
  const snapshot = store.registry.snapshot(key.tenantId);
  const actor = processActor(key.tenantId, { id: `${key.entity}/${key.recordId}`, name: 'Leitwerk' });
  return {
    db: store.db,
    snapshot,
    actor,
    ability: abilityOf(snapshot, actor, store.now()),
    language: languageOf(snapshot),
    now: store.now,
    newId: store.newId,
    lane: 'background',
  };
}
