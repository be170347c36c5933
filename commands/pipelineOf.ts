import type { EntityModel } from '../core/entity.ts';
import { LeitwerkError } from '../core/errors.ts';
import type { PipelineConfig } from '../core/pipeline/config.ts';
import { toDefinition, type PipelineDefinition } from '../core/pipeline/definition.ts';
import { readRevision } from '../store/config.ts';
import type { Queries } from '../store/database.ts';
import type { RecordData } from '../store/record-table.ts';

/** Compiled definitions by model (a schema's revision), then by tenant, key and revision: a published revision never changes. */
const compiled = new WeakMap<EntityModel, Map<string, PipelineDefinition>>();

/** As `pipelineOf`; undefined where there is no such revision. */
export async function findPipeline(
  db: Queries,
  model: EntityModel,
  record: RecordData,
): Promise<PipelineDefinition | undefined> {
  const key = String(record['pipeline'] ?? '');
  const revision = Number(record['pipelineRevision'] ?? 0);
  const tenantId = String(record['tenantId']);
  const known = compiled.get(model) ?? new Map<string, PipelineDefinition>();
  compiled.set(model, known);
  const name = `${tenantId}/${key}/${revision}`;
  const definition = known.get(name);
  if (definition !== undefined) return definition;
  const stored = await readRevision(db, { tenantId, kind: 'pipelines', key }, revision);
  if (stored === undefined) return undefined;
  const made = toDefinition(stored.value as PipelineConfig, model);
  known.set(name, made);
  return made;
}

/**
 * The pipeline revision that the record started with, ready to decide with.
 * @throws LeitwerkError `Misconfigured` when the record has no pipeline or its revision is gone.
 */
export async function pipelineOf(db: Queries, model: EntityModel, record: RecordData): Promise<PipelineDefinition> {
  const definition = await findPipeline(db, model, record);
  if (definition !== undefined) return definition;
  const { pipeline, pipelineRevision } = record;
  throw new LeitwerkError('Misconfigured', {
    text: {
      de: `Die Pipeline „${String(pipeline)}“ gibt es in Fassung ${String(pipelineRevision)} nicht.`,
      en: `The pipeline "${String(pipeline)}" does not exist in revision ${String(pipelineRevision)}.`,
    },
  });
}
