import { defineSearchAttributeKey, TypedSearchAttributes } from '@temporalio/common';
import { WorkflowExecutionAlreadyStartedError, type Client, type WorkflowStartOptions } from '@temporalio/client';
import type { Lane } from '../store/events.ts';
import { workflowIdOf } from '../store/processes.ts';
import type { ProcessInput } from './contract.ts';

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

const attributesOf = (input: ProcessInput): TypedSearchAttributes =>
  new TypedSearchAttributes(
    Object.entries({
      LwTenant: input.tenantId,
      LwEntity: input.entity,
      LwRecord: input.recordId,
      LwProcess: input.pipeline,
      LwRevision: `${input.pipeline}/${input.revision}`,
      LwStage: input.stage,
      LwHealth: 'ok',
    }).map(([name, value]) => ({ key: defineSearchAttributeKey(name, 'KEYWORD'), value })),
  );

/** People first, imports last, where the server knows priorities. */
const priorities: Readonly<Record<Lane, number>> = { interactive: 1, incoming: 3, background: 5 };

/** Starts processes and wakes them. Safe to repeat: the workflow id is the record's, and a wake-up only makes it look. */
export interface Starter {
  start(input: ProcessInput, wake: { readonly seq: number; readonly lane: Lane }): Promise<void>;
  /** Wakes a process; starts it where Temporal has lost it. */
  wake(input: ProcessInput, wake: { readonly seq: number; readonly lane: Lane }): Promise<void>;
}

export function createStarter(client: Client, taskQueue: string): Starter {
  const options = (input: ProcessInput, lane: Lane): WorkflowStartOptions<RunPipeline> => ({
    workflowId: workflowIdOf(input),
    taskQueue,
    args: [input],
    staticSummary: `${input.entity} · ${input.pipeline} · r${input.revision}`,
    priority: { priorityKey: priorities[lane] },
    ...(input.hasAttributes ? { typedSearchAttributes: attributesOf(input) } : {}),
  });
  const wake: Starter['wake'] = async (input, { seq, lane }) => {
    await client.workflow.signalWithStart<RunPipeline, [{ seq: number }]>('runPipeline', {
      ...options(input, lane),
      signal: 'recordChanged',
      signalArgs: [{ seq }],
    });
  };
  return {
    wake,
    start: async (input, event) => {
      try {
        await client.workflow.start<RunPipeline>('runPipeline', {
          ...options(input, event.lane),
          requestEagerStart: true,
        });
      } catch (error) {
        if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
        await wake(input, event);
      }
    },
  };
}
