import type { EntityModel } from '../core/entity.ts';
import type { RecordData } from '../store/record-table.ts';
import type { Context } from './context.ts';

interface PipelineHead {
  readonly entity: string;
  readonly stages: readonly { readonly key: string }[];
}

/** Pipeline, its current revision and first stage, for a new record of an entity that pipelines carry. The record keeps this revision. `wanted`: the pipeline that a source names. */
export function startingPlace(ctx: Pick<Context, 'snapshot' | 'now'>, model: EntityModel, wanted?: string): RecordData {
  if (!model.hasPipeline) return {};
  const pipelines = ctx.snapshot.config('pipelines');
  const candidates = wanted !== undefined && pipelines.has(wanted) ? [wanted] : [...pipelines.keys()];
  for (const key of candidates) {
    const head = pipelines.get(key);
    if (head === undefined) continue;
    const pipeline = head.value as PipelineHead;
    const first = pipeline.stages[0];
    if (pipeline.entity === model.name && first !== undefined) {
      return { pipeline: key, pipelineRevision: head.revision, stage: first.key, stageSince: ctx.now().toISOString() };
    }
  }
  return {};
}
