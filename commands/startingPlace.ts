import type { EntityModel } from '../core/entity.ts';
import type { RecordData } from '../store/record-table.ts';
import type { Context } from './context.ts';

interface PipelineHead {
  readonly entity: string;
  readonly stages: readonly { readonly key: string }[];
}

/** Pipeline, its current revision and first stage, for a new record of an entity that pipelines carry. The record keeps this revision. */
export function startingPlace(ctx: Pick<Context, 'snapshot' | 'now'>, model: EntityModel): RecordData {
  if (!model.hasPipeline) return {};
  for (const [key, head] of ctx.snapshot.config('pipelines')) {
    const pipeline = head.value as PipelineHead;
    const first = pipeline.stages[0];
    if (pipeline.entity === model.name && first !== undefined) {
      return { pipeline: key, pipelineRevision: head.revision, stage: first.key, stageSince: ctx.now().toISOString() };
    }
  }
  return {};
}
