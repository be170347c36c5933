import type { Client } from '@temporalio/client';
import type { EntityModel } from '../core/entity.ts';
import { insertEvent } from '../store/events.ts';
import { readOpenImports } from '../store/import-rows.ts';
import { readWaitingMessages } from '../store/intake.ts';
import { readDuePlaces, readOverdue } from '../store/outbox.ts';
import { workflowIdOf } from '../store/processes.ts';
import { tableName } from '../store/record-table.ts';
import type { WorkerStore } from './context.ts';
import { underLease } from './lease.ts';

export interface ReconcilerOptions extends WorkerStore {
  readonly client: Client;
  readonly holder: string;
  /** New events for the relay were written. */
  readonly onFound: (count: number) => void;
}

/** Temporal's list of running workflows may lag behind by this much; a wake-up too many does no harm. */
const graceMs = 5_000;
/** How long one comparison may keep others from it. */
const leaseMs = 60_000;
const pageSize = 500;

/**
 * Compares the rows that should have a process with what Temporal runs and lets the relay start what is missing, in the background lane.
 * Rows hold stage and deadlines, and effects are recorded, so a process that starts again goes on where it was and sends nothing twice.
 * Answers how many were missing; 0 when another process is at it.
 */
export async function reconcile(options: ReconcilerOptions): Promise<number> {
  const lease = { name: 'reconciler', holder: options.holder, ms: leaseMs };
  return (await underLease(options, lease, async () => await compare(options, options.now()))) ?? 0;
}

const compare = async (options: ReconcilerOptions, now: Date): Promise<number> => {
  const running = await readRunning(options.client);
  let missing = 0;
  for (const tenantId of options.registry.tenantIds) {
    missing += await reconcileOwn(options, { tenantId, running });
    for (const model of options.registry.snapshot(tenantId).models.values()) {
      if (model.hasPipeline)
        missing += await reconcileEntity(options, {
          tenantId,
          model,
          running,
          before: new Date(now.getTime() - graceMs).toISOString(),
        });
    }
  }
  if (missing > 0) options.onFound(missing);
  return missing;
};

/** A timer that fires this late has been lost, with a part of Temporal's history that a power cut or a restored file took away. */
const overdueMs = 60_000;
const overdueAtOnce = 200;

/** Wakes processes whose deadline has passed unnoticed. Answers how many. */
export async function wakeOverdue(options: Omit<ReconcilerOptions, 'client' | 'holder'>): Promise<number> {
  const before = new Date(options.now().getTime() - overdueMs).toISOString();
  const overdue = await readOverdue(options.db, before, overdueAtOnce);
  for (const group of Map.groupBy(overdue, ({ tenantId, entity }) => `${tenantId}/${entity}`).values()) {
    const [first] = group;
    if (first !== undefined) await wakeAll(options, { ...first, recordIds: group.map(({ recordId }) => recordId) });
  }
  if (overdue.length > 0) options.onFound(overdue.length);
  return overdue.length;
}

const readRunning = async (client: Client): Promise<Set<string>> => {
  const running = new Set<string>();
  for await (const execution of client.workflow.list({
    query: "WorkflowType IN ('runPipeline', 'runImport', 'collectMessage') AND ExecutionStatus = 'Running'",
    pageSize: 1_000,
  })) {
    running.add(execution.workflowId);
  }
  return running;
};

interface Scope {
  readonly tenantId: string;
  readonly model: EntityModel;
  readonly running: ReadonlySet<string>;
  readonly before: string;
}

const reconcileEntity = async (options: ReconcilerOptions, scope: Scope): Promise<number> => {
  const { tenantId, model, running, before } = scope;
  const entity = model.name;
  const query = {
    tenantId,
    entity,
    table: tableName(entity),
    hasState: model.fields.has('state'),
    hasOwner: model.fields.has('owner'),
    before,
    limit: pageSize,
  };
  let missing = 0;
  let afterId = '';
  for (;;) {
    const places = await readDuePlaces(options.db, { ...query, afterId });
    const lost = places.filter((place) => !running.has(workflowIdOf({ tenantId, entity, recordId: place.id })));
    await wakeAll(options, { tenantId, entity, recordIds: lost.map((place) => place.id) });
    missing += lost.length;
    const last = places.at(-1);
    if (last === undefined || places.length < pageSize) return missing;
    afterId = last.id;
  }
};

/** Imports and deliveries that should be at work: their rows know where they stand. */
const reconcileOwn = async (
  options: ReconcilerOptions,
  { tenantId, running }: Pick<Scope, 'tenantId' | 'running'>,
): Promise<number> => {
  const open = {
    import: await readOpenImports(options.db, tenantId),
    'intake-message': await readWaitingMessages(options.db, tenantId),
  };
  let missing = 0;
  for (const [entity, ids] of Object.entries(open)) {
    const recordIds = ids.filter((recordId) => !running.has(workflowIdOf({ tenantId, entity, recordId })));
    await wakeAll(options, { tenantId, entity, recordIds });
    missing += recordIds.length;
  }
  return missing;
};

const wakeAll = async (
  options: WorkerStore,
  lost: { readonly tenantId: string; readonly entity: string; readonly recordIds: readonly string[] },
): Promise<void> => {
  if (lost.recordIds.length === 0) return;
  const { tenantId, entity } = lost;
  const at = options.now().toISOString();
  await options.db.write(async (tx) => {
    for (const recordId of lost.recordIds) {
      const wakes = { process: `${entity}/${recordId}`, lane: 'background' as const };
      await insertEvent(tx, {
        tenantId,
        at,
        actor: 'system',
        act: `${entity}.reconcile`,
        entity,
        recordId,
        version: 0,
        wakes,
      });
    }
  });
};
