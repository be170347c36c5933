import type { EntityModel } from '../core/entity.ts';
import { LeitwerkError } from '../core/errors.ts';
import { canEnter, toIssue } from '../core/pipeline/enter.ts';
import { isClosed } from '../core/pipeline/run.ts';
import { transact, type Context } from './context.ts';
import { pipelineOf } from './pipelineOf.ts';
import { changeRecord, loadRecord, type Written } from './record-write.ts';
import { addTimelineEntry, linksOf } from './timeline.ts';

/**
 * Moves a record to another stage of its pipeline; the process follows (enter actions, plan, deadlines).
 * @throws LeitwerkError `InvalidInput` naming every missing field and failed condition, `Locked` when the record is closed,
 * `NotFound`, `Forbidden`, `Conflict`.
 */
export async function moveStage(
  ctx: Context,
  model: EntityModel,
  move: { readonly id: string; readonly stage: string; readonly version?: number | undefined },
): Promise<Written> {
  return await transact(ctx, async (tx) => {
    const record = await loadRecord(ctx, tx, { model, id: move.id });
    if (isClosed(record)) throw new LeitwerkError('Locked', { facts: { state: record['state'] } });
    const definition = await pipelineOf(tx, model, record);
    if (!definition.stages.has(move.stage)) {
      const allowed = [...definition.stages.keys()].join(', ');
      const message =
        ctx.language === 'de'
          ? `Diese Stufe gibt es nicht. Erlaubt sind: ${allowed}.`
          : `There is no such stage. Allowed are: ${allowed}.`;
      throw new LeitwerkError('InvalidInput', { issues: [{ path: '/stage', code: 'choice', message }] });
    }
    const at = ctx.now().toISOString();
    const faults = canEnter(definition, move.stage, { record, now: at });
    if (faults.length > 0) {
      throw new LeitwerkError('InvalidInput', {
        issues: faults.map((fault) => toIssue(fault, ctx.language)),
      });
    }
    const written = await changeRecord(ctx, tx, {
      model,
      id: move.id,
      verb: 'move',
      act: 'move',
      version: move.version,
      change: () => (record['stage'] === move.stage ? {} : { stage: move.stage, stageSince: at }),
    });
    if (written.event > 0) {
      await addTimelineEntry(ctx, tx, {
        kind: 'moved',
        facts: { from: record['stage'], to: move.stage },
        links: linksOf(ctx, model.name, written.record),
      });
    }
    return written;
  });
}
