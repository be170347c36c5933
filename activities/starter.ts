import { defineSearchAttributeKey, TypedSearchAttributes } from '@temporalio/common';
import { WorkflowExecutionAlreadyStartedError, type Client, type WorkflowStartOptions } from '@temporalio/client';
import type { Lane } from '../store/events.ts';
import { workflowIdOf } from '../store/processes.ts';
import type { ImportInput, ProcessInput } from './contract.ts';

type RunOwn = (input: ImportInput) => Promise<void>;
type RunPipeline = (input: ProcessInput) => Promise<void>;

/** Keyword search attributes that processes carry; never names, addresses or texts. */
export const keywordAttributes = [
  'LwTenant',
  'LwEntity',
  'LwRecord',
  'LwProcess',
  'LwRevision',
  'LwStage',
  'LwOwner',
  'LwHealth',
] as const;

/** Instants: set with the stage. */
export const instantAttributes = ['LwNextActionAt', 'LwDueAt'] as const;

const attributesOf = (input: ProcessInput, owner: string | null): TypedSearchAttributes =>
  new TypedSearchAttributes(
    Object.entries({
      LwTenant: input.tenantId,
      LwEntity: input.entity,
      LwRecord: input.recordId,
      LwProcess: input.pipeline,
      LwRevision: `${input.pipeline}/${input.revision}`,
      LwStage: input.stage,
      LwHealth: 'ok',
      ...(owner === null ? {} : { LwOwner: owner }),
    }).map(([name, value]) => ({ key: defineSearchAttributeKey(name, 'KEYWORD'), value })),
  );

/** People first, imports last, where the server knows priorities. */
const priorities: Readonly<Record<Lane, number>> = { interactive: 1, incoming: 3, background: 5 };

/** What is carried without a pipeline: its workflow asks its row what there is to do. */
const ownWorkflows = { import: 'runImport', 'intake-message': 'collectMessage' } as const;
export type OwnEntity = keyof typeof ownWorkflows;
export const isOwnEntity = (entity: string): entity is OwnEntity => Object.hasOwn(ownWorkflows, entity);

interface Wake {
  readonly seq: number;
  readonly lane: Lane;
  /** Who is responsible for the record now. */
  readonly owner: string | null;
}

/** Starts processes and wakes them. Safe to repeat: the workflow id is the record's, and a wake-up only makes it look. */
export interface Starter {
  start(input: ProcessInput, wake: Wake): Promise<void>;
  /** Wakes a process; starts it where Temporal has lost it. */
  wake(input: ProcessInput, wake: Wake): Promise<void>;
  /** Starts the workflow of a row that has one of its own (`ownWorkflows`), or makes it look at its row. */
  wakeOwn(entity: OwnEntity, input: ImportInput, wake: Pick<Wake, 'seq' | 'lane'>): Promise<void>;
}

export function createStarter(client: Client, taskQueue: string): Starter {
  const options = (input: ProcessInput, { lane, owner }: Wake): WorkflowStartOptions<RunPipeline> => ({
    workflowId: workflowIdOf(input),
    taskQueue,
    args: [input],
    staticSummary: `${input.entity} · ${input.pipeline} · r${input.revision}`,
    priority: { priorityKey: priorities[lane] },
    ...(input.hasAttributes ? { typedSearchAttributes: attributesOf(input, owner) } : {}),
  });
  const wake: Starter['wake'] = async (input, event) => {
    await client.workflow.signalWithStart<RunPipeline, [{ seq: number }]>('runPipeline', {
      ...options(input, event),
      signal: 'recordChanged',
      signalArgs: [{ seq: event.seq }],
    });
  };
  return {
    wake,
    wakeOwn: async (entity, input, { seq, lane }) => {
      await client.workflow.signalWithStart<RunOwn, [{ seq: number }]>(ownWorkflows[entity], {
        workflowId: workflowIdOf({ tenantId: input.tenantId, entity, recordId: input.id }),
        taskQueue,
        args: [input],
        staticSummary: entity,
        priority: { priorityKey: priorities[lane] },
        signal: 'recordChanged',
        signalArgs: [{ seq }],
      });
    },
    start: async (input, event) => {
      try {
        await client.workflow.start<RunPipeline>('runPipeline', {
          ...options(input, event),
          requestEagerStart: true,
        });
      } catch (error) {
        if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
        await wake(input, event);
      }
    },
  };
}
