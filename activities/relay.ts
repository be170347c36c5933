import type { EntityModel } from '../core/entity.ts';
import { isClosed } from '../core/pipeline/run.ts';
import { readBacklog, type Backlog } from '../store/backlog.ts';
import type { Lane } from '../store/events.ts';
import { failpoint } from '../store/failpoints.ts';
import { markRelayed, readOutgoing, readPlaces, type Outgoing, type ProcessPlace } from '../store/outbox.ts';
import { tableName } from '../store/record-table.ts';
import type { WorkerStore } from './context.ts';
import type { ProcessInput, SourceInput } from './contract.ts';
import { Duty, type DutyState } from './lease.ts';
import { createPacer, type Pacer } from './pacer.ts';
import { isOwnEntity, type Starter } from './starter.ts';

/** What the health page shows of the relay. */
export interface RelayState extends DutyState {
  readonly backlog: Backlog;
  readonly ratePerSecond: number;
  /** When the backlog will be worked off at this rate; null when there is none or no rate yet. */
  readonly expectedEndAt: string | null;
}

export interface Relay {
  /** There are new events: look at once. */
  wake(): void;
  /** A process has taken a step. */
  stepTaken(): void;
  state(): RelayState;
  /** Ends after what is under way. */
  stop(): Promise<void>;
}

export interface RelayOptions extends WorkerStore {
  readonly starter: Starter;
  /** Asks a source's outside system now, beside its schedule. */
  readonly fetchNow: (input: SourceInput) => Promise<void>;
  readonly hasAttributes: boolean;
  readonly onError: (error: unknown) => void;
}

/** How much of a lane goes in one round: people's work is looked for again after every round. */
const lanes: readonly { readonly lane: Lane; readonly size: number }[] = [
  { lane: 'interactive', size: 64 },
  { lane: 'incoming', size: 32 },
  { lane: 'background', size: 16 },
];
const concurrency = 16;
/** After the death of the one that relays, the next begins this much later at most. */
const leaseMs = 5_000;
const idleMs = 500;

/** Tells Temporal what the event table says it must hear, at least once, people's work first. One relay of all processes acts at a time. */
export function createRelay(options: RelayOptions): Relay {
  return new OutboxRelay(options);
}

class OutboxRelay implements Relay {
  readonly #options: RelayOptions;
  readonly #pacer: Pacer;
  readonly #duty: Duty;
  #backlog: Backlog = { total: 0, lanes: { interactive: 0, incoming: 0, background: 0 } };
  #countedAt = 0;

  constructor(options: RelayOptions) {
    this.#options = options;
    this.#pacer = createPacer(() => options.now().getTime());
    this.#duty = new Duty({ ...options, name: 'relay', leaseMs, idleMs, round: async () => await this.#round() });
  }

  wake(): void {
    this.#duty.wake();
  }

  stepTaken(): void {
    this.#pacer.stepTaken();
  }

  state(): RelayState {
    const { total } = this.#backlog;
    const ratePerSecond = this.#pacer.ratePerSecond();
    const endsInMs = total === 0 || ratePerSecond === 0 ? undefined : (total / ratePerSecond) * 1_000;
    const expectedEndAt =
      endsInMs === undefined ? null : new Date(this.#options.now().getTime() + endsInMs).toISOString();
    return { ...this.#duty.state(), backlog: this.#backlog, ratePerSecond, expectedEndAt };
  }

  async stop(): Promise<void> {
    await this.#duty.stop();
  }

  /** One round; answers whether there may be more to do at once. */
  async #round(): Promise<boolean> {
    const { db, isAppBusy } = this.#options;
    await this.#count();
    for (const { lane, size } of lanes) {
      const room = lane === 'interactive' ? size : Math.min(size, this.#pacer.room(isAppBusy?.() === true));
      if (room === 0) {
        // The worker is busy with what it has: what waits in our table can still be overtaken, what waits in Temporal cannot.
        await new Promise((resolve) => void setTimeout(resolve, 20));
        return true;
      }
      const events = await readOutgoing(db, lane, room);
      if (events.length === 0) continue;
      failpoint('S6');
      await this.#deliver(events);
      failpoint('S7');
      await markRelayed(
        db,
        events.map((event) => event.seq),
      );
      failpoint('S8');
      this.#pacer.relayed(events.length);
      return true;
    }
    return false;
  }

  async #count(): Promise<void> {
    const now = this.#options.now().getTime();
    if (now - this.#countedAt < 1_000) return;
    this.#countedAt = now;
    this.#backlog = await readBacklog(this.#options.db);
  }

  async #deliver(events: readonly Outgoing[]): Promise<void> {
    const deliveries = await this.#deliveriesOf(events);
    const next = deliveries.values();
    const work = async (): Promise<void> => {
      for (const { input, isNew, ...wake } of next) {
        const { entity, tenantId, recordId } = input;
        if (isOwnEntity(entity)) await this.#options.starter.wakeOwn(entity, { tenantId, id: recordId }, wake);
        else if (entity === 'source') await this.#options.fetchNow({ tenantId, source: recordId });
        else if (!isNew) await this.#options.starter.wake(input, wake);
        else {
          this.#pacer.started();
          await this.#options.starter.start(input, wake);
        }
      }
    };
    await Promise.all(Array.from({ length: Math.min(concurrency, deliveries.length) }, work));
  }

  /** One delivery a process, whatever the number of its events. */
  async #deliveriesOf(events: readonly Outgoing[]): Promise<Delivery[]> {
    const newest = new Map<string, Outgoing>();
    for (const event of events) newest.set(`${event.tenantId}/${event.wakes}`, event);
    const groups = Map.groupBy(newest.values(), (event) => `${event.tenantId}/${entityOf(event)}`);
    const deliveries: Delivery[] = [];
    for (const group of groups.values()) deliveries.push(...(await this.#deliveriesOfEntity(group)));
    return deliveries;
  }

  async #deliveriesOfEntity(events: readonly Outgoing[]): Promise<Delivery[]> {
    const [first] = events;
    if (first === undefined) return [];
    const { tenantId } = first;
    const entity = entityOf(first);
    const bySeq = new Map(events.map((event) => [event.wakes.slice(entity.length + 1), event]));
    if (entity === 'source' || isOwnEntity(entity)) return [...bySeq].map(([id, event]) => this.#ownOf(id, event));
    const model = await this.#modelOf(tenantId, entity);
    if (model === undefined) return [];
    const query = {
      tenantId,
      entity,
      table: tableName(entity),
      hasState: model.fields.has('state'),
      hasOwner: model.fields.has('owner'),
      ids: [...bySeq.keys()],
    };
    const places = await readPlaces(this.#options.db, query);
    return places.flatMap((place) => {
      const event = bySeq.get(place.id);
      if (event === undefined || !needsProcess(place)) return [];
      return [
        {
          input: this.#inputOf(place, { tenantId, entity }),
          isNew: place.processState === null,
          seq: event.seq,
          lane: event.lane,
          owner: place.owner,
        },
      ];
    });
  }

  #ownOf(recordId: string, event: Outgoing): Delivery {
    const { tenantId, seq, lane } = event;
    const place = { pipeline: '', revision: 0, stage: '', hasAttributes: this.#options.hasAttributes };
    return { input: { tenantId, entity: entityOf(event), recordId, ...place }, isNew: false, seq, lane, owner: null };
  }

  /** Another process may have made the tenant or published the entity a moment ago. */
  async #modelOf(tenantId: string, entity: string): Promise<EntityModel | undefined> {
    const { registry } = this.#options;
    const find = (): EntityModel | undefined =>
      registry.tenantIds.includes(tenantId) ? registry.snapshot(tenantId).models.get(entity) : undefined;
    const known = find();
    if (known !== undefined) return known;
    await registry.refresh();
    return find();
  }

  #inputOf(place: ProcessPlace, of: { readonly tenantId: string; readonly entity: string }): ProcessInput {
    return {
      ...of,
      recordId: place.id,
      pipeline: place.pipeline ?? '',
      revision: place.pipelineRevision ?? 0,
      stage: place.stage ?? '',
      hasAttributes: this.#options.hasAttributes,
    };
  }
}

interface Delivery {
  readonly input: ProcessInput;
  readonly isNew: boolean;
  readonly seq: number;
  readonly lane: Lane;
  readonly owner: string | null;
}

const entityOf = (event: Outgoing): string => event.wakes.slice(0, event.wakes.indexOf('/'));

/** A closed record without a running process needs none; a running one has to hear that it ends. Some are to have none at all. */
const needsProcess = (place: ProcessPlace): boolean =>
  place.pipeline !== null &&
  place.processState !== 'none' &&
  (!isClosed({ ...place }) || (place.processState !== null && place.processState !== 'done'));
