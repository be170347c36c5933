import type { EntityModel } from '../core/entity.ts';
import { LeitwerkError } from '../core/errors.ts';
import type { PipelineConfig } from '../core/pipeline/config.ts';
import { toDefinition, type PipelineDefinition } from '../core/pipeline/definition.ts';
import { readRevision } from '../store/config.ts';
import type { Queries } from '../store/database.ts';
import type { RecordData } from '../store/record-table.ts';

/** Compiled definitions by model (a schema's revision), then by tenant, key and revision: a published revision never changes. */
const compiled = new WeakMap<EntityModel, Map<string, PipelineDefinition>>();

/**
 * The pipeline revision that the record started with, ready to decide with.
 * @throws LeitwerkError `Misconfigured` when the record has no pipeline or its revision is gone.
 */
export async function pipelineOf(db: Queries, model: EntityModel, record: RecordData): Promise<PipelineDefinition> {
  const key = String(record['pipeline'] ?? '');
  const revision = Number(record['pipelineRevision'] ?? 0);
  const tenantId = String(record['tenantId']);
  const known = compiled.get(model) ?? new Map<string, PipelineDefinition>();
  compiled.set(model, known);
  const name = `${tenantId}/${key}/${revision}`;
  const definition = known.get(name);
  if (definition !== undefined) return definition;
  const stored = await readRevision(db, { tenantId, kind: 'pipelines', key }, revision);
  if (stored === undefined) {
    throw new LeitwerkError('Misconfigured', {
      text: {
        de: `Die Pipeline „${key}“ gibt es in Fassung ${revision} nicht.`,
        en: `The pipeline "${key}" does not exist in revision ${revision}.`,
      },
    });
  }
  const made = toDefinition(stored.value as PipelineConfig, model);
  known.set(name, made);
  return made;
}
