import {
  ScheduleNotFoundError,
  ScheduleOverlapPolicy,
  type Client,
  type ScheduleHandle,
  type ScheduleOptions,
} from '@temporalio/client';
import type { Source } from '../commands/source.ts';
import { isFetched } from '../connectors/registry.ts';
import type { WorkerStore } from './context.ts';
import type { SourceInput } from './contract.ts';

interface SchedulesOptions extends Pick<WorkerStore, 'registry'> {
  readonly client: Client;
  readonly taskQueue: string;
  readonly onError: (error: unknown) => void;
}

export interface Schedules {
  /** Asks a source's outside system as soon as a run that is under way has ended. */
  readonly fetchNow: (input: SourceInput) => Promise<void>;
  stop(): void;
}

/** One source that is asked, and how often; without minutes only when somebody says so. */
interface Wanted extends SourceInput {
  readonly everyMinutes: number | undefined;
}

const idOf = ({ tenantId, source }: SourceInput): string => `source/${tenantId}/${source}`;

const readWanted = ({ registry }: SchedulesOptions): Wanted[] =>
  registry.tenantIds.flatMap((tenantId) =>
    [...registry.snapshot(tenantId).config('sources').values()]
      .map((head) => head.value as Source)
      .filter(isFetched)
      .map(({ key, poll }) => ({ tenantId, source: key, everyMinutes: poll?.everyMinutes })),
  );

const lookMs = 1_000;
/** Temporal's file may have been replaced under us: then what is known of it is not. */
const forgetMs = 60_000;

/** The schedules as Temporal has them. */
const createBook = ({ client, taskQueue }: SchedulesOptions) => {
  const optionsOf = (wanted: Wanted): ScheduleOptions => ({
    scheduleId: idOf(wanted),
    spec: wanted.everyMinutes === undefined ? {} : { intervals: [{ every: `${wanted.everyMinutes} minutes` }] },
    action: {
      type: 'startWorkflow',
      workflowType: 'pollSource',
      workflowId: idOf(wanted),
      taskQueue,
      args: [{ tenantId: wanted.tenantId, source: wanted.source }],
      staticSummary: wanted.source,
    },
    policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: '1 minute' },
  });
  /** Answers false for a schedule that does not exist. */
  const onExisting = async (id: string, work: (handle: ScheduleHandle) => Promise<void>): Promise<boolean> => {
    try {
      await work(client.schedule.getHandle(id));
      return true;
    } catch (error) {
      if (error instanceof ScheduleNotFoundError) return false;
      throw error;
    }
  };
  return {
    list: async (): Promise<string[]> => {
      const ids: string[] = [];
      for await (const { scheduleId } of client.schedule.list())
        if (scheduleId.startsWith('source/')) ids.push(scheduleId);
      return ids;
    },
    put: async (wanted: Wanted): Promise<void> => {
      const schedule = optionsOf(wanted);
      const isThere = await onExisting(
        schedule.scheduleId,
        async (handle) => await handle.update((previous) => ({ ...schedule, state: previous.state })),
      );
      if (!isThere) await client.schedule.create(schedule);
    },
    remove: async (id: string): Promise<void> => void (await onExisting(id, async (handle) => await handle.delete())),
    trigger: async (id: string): Promise<boolean> =>
      await onExisting(id, async (handle) => await handle.trigger(ScheduleOverlapPolicy.BUFFER_ONE)),
  };
};

/**
 * Keeps one Temporal Schedule a source that is asked (`source/<tenant>/<key>`) as the configuration of the moment says.
 * A run never overlaps another of its source.
 */
export function createSchedules(options: SchedulesOptions): Schedules {
  const book = createBook(options);
  /** What each schedule was last made from. */
  const kept = new Map<string, string>();
  let forgetAt = 0;

  const look = async (): Promise<void> => {
    if (Date.now() > forgetAt) {
      kept.clear();
      for (const id of await book.list()) kept.set(id, '');
      forgetAt = Date.now() + forgetMs;
    }
    const wanted = readWanted(options);
    for (const one of wanted) {
      const text = JSON.stringify(one);
      if (kept.get(idOf(one)) === text) continue;
      await book.put(one);
      kept.set(idOf(one), text);
    }
    const ids = new Set(wanted.map(idOf));
    for (const id of kept.keys()) {
      if (ids.has(id)) continue;
      await book.remove(id);
      kept.delete(id);
    }
  };

  let looking: Promise<void> = Promise.resolve();
  const lookNext = async (): Promise<void> => {
    looking = looking.then(look, look);
    await looking;
  };
  const timer = setInterval(() => void lookNext().catch(options.onError), lookMs);
  return {
    fetchNow: async (input) => {
      const id = idOf(input);
      if (await book.trigger(id)) return;
      kept.delete(id);
      // Its source may have been published a moment ago, by another process.
      await options.registry.refresh();
      await lookNext();
      // A source that is not asked any more needs nothing.
      await book.trigger(id);
    },
    stop: () => clearInterval(timer),
  };
}
