import type { Tx } from '../../store/database.ts';
import { readEffect, writeEffectState, type EffectError } from '../../store/effects.ts';
import {
  readProcess,
  writeProcess,
  type ProcessError,
  type ProcessKey,
  type ProcessRow,
} from '../../store/processes.ts';
import type { RecordData } from '../../store/record-table.ts';
import { lockRecord } from '../../store/records.ts';
import { modelOf, type Context } from '../context.ts';
import { addRecord } from '../record-write.ts';
import { addTimelineEntry, linksOf } from '../timeline.ts';
import { taskLinks } from './applyEffects.ts';
import { newRow } from './newRow.ts';
import { toStep, type ProcessStep } from './step.ts';

/** A step that failed for good. `effect` is the id of the mail or webhook; absent when the step itself could not be taken. */
export interface FailedStep {
  readonly code: string;
  readonly message: { readonly de: string; readonly en: string };
  readonly effect?: string | undefined;
  readonly attempts: number;
}

/**
 * Parks a process: the reason is on the row, the owner gets a task, and nothing goes on until someone repairs and continues,
 * or moves the record on by hand. Parking a parked process changes nothing.
 */
export async function parkProcess(ctx: Context, key: ProcessKey, failed: FailedStep): Promise<ProcessStep> {
  const model = modelOf(ctx, key.entity);
  return await ctx.db.write(async (tx) => {
    const record = await lockRecord(tx, model, { tenantId: key.tenantId, id: key.recordId, isDeletedToo: true });
    const stored = await readProcess(tx, key);
    const at = ctx.now().toISOString();
    const base = stored ?? newRow(key, record, at);
    const view = { definition: undefined, effects: [], owner: record?.['owner'], language: ctx.language };
    if (base.state === 'parked' || record === undefined) return toStep(base, view);
    const { step, code, message } = await noteFailure(tx, { key, failed, at });
    const activity = await addTask(ctx, tx, { record, note: message[ctx.language], entity: key.entity });
    const error: ProcessError = {
      code,
      message,
      step,
      at,
      attempts: failed.attempts,
      stage: String(record['stage'] ?? ''),
      activity,
    };
    const parked: ProcessRow = { ...base, state: 'parked', error, updatedAt: at };
    await writeProcess(tx, parked, stored === undefined);
    const links = linksOf(ctx, key.entity, record);
    await addTimelineEntry(ctx, tx, {
      kind: 'parked',
      text: message[ctx.language].slice(0, 2_000),
      facts: { code, step },
      links,
    });
    return toStep(parked, view);
  });
}

/** Why an effect failed is on its row already, in more words than Temporal carries. */
const noteFailure = async (
  tx: Tx,
  { key, failed, at }: { key: ProcessKey; failed: FailedStep; at: string },
): Promise<EffectError & { readonly step: string }> => {
  const { code, message } = failed;
  if (failed.effect === undefined) return { code, message, step: 'advance' };
  const { tenantId } = key;
  const row = await readEffect(tx, tenantId, failed.effect);
  const error = row?.error ?? { code, message };
  await writeEffectState(tx, { tenantId, id: failed.effect, state: 'failed', at, attempts: failed.attempts, error });
  return { ...error, step: row?.name ?? failed.effect };
};

/** The step becomes a to-do of whoever is responsible for the record. */
const addTask = async (
  ctx: Context,
  tx: Tx,
  task: { record: RecordData; note: string; entity: string },
): Promise<string> => {
  const { record, note, entity } = task;
  const model = modelOf(ctx, 'activity');
  const types = ctx.snapshot.config('activity-types');
  const at = ctx.now().toISOString();
  const written = await addRecord(ctx, tx, {
    model,
    input: {
      ...taskLinks(ctx, model, { model: modelOf(ctx, entity), record }),
      title:
        ctx.language === 'de' ? 'Prozess angehalten: beheben und fortsetzen' : 'Process parked: repair and continue',
      note: note.slice(0, 2_000),
      type: types.has('aufgabe') ? 'aufgabe' : (types.keys().next().value ?? null),
      state: 'open',
      startAt: at,
      dueAt: at,
      owner: record['owner'] ?? null,
      team: record['team'] ?? null,
    },
  });
  return String(written.record['id']);
};
