import { actorName } from '../../core/actor.ts';
import type { EntityModel } from '../../core/entity.ts';
import { LeitwerkError } from '../../core/errors.ts';
import { insertEvent } from '../../store/events.ts';
import { readProcess, writeProcess } from '../../store/processes.ts';
import { transact, type Context } from '../context.ts';
import { assertMayAct, loadRecord, type Written } from '../record-write.ts';
import { addTimelineEntry, linksOf } from '../timeline.ts';
import { release, type ProcessRequest } from './release.ts';

/**
 * A person's wish for a record's process: do the failed step again, leave it, or stop waiting and do now what is waited for.
 * Holds in the rows at once; the workflow follows when it is told.
 * @throws LeitwerkError `Locked` when there is nothing to retry or to skip, `NotFound`, `Forbidden`.
 */
export async function askProcess(
  ctx: Context,
  model: EntityModel,
  wish: { readonly id: string; readonly request: ProcessRequest },
): Promise<Written> {
  const { id, request } = wish;
  return await transact(ctx, async (tx) => {
    const record = await loadRecord(ctx, tx, { model, id });
    assertMayAct(ctx, model, { verb: 'move', record });
    const key = { tenantId: ctx.actor.tenantId, entity: model.name, recordId: id };
    const process = await readProcess(tx, key);
    const isPossible =
      process?.state === 'parked' || (request === 'skip' && process?.state === 'running' && process.next !== undefined);
    if (process === undefined || !isPossible) {
      throw new LeitwerkError('Locked', {
        text: {
          de: 'Der Prozess wartet auf nichts dergleichen.',
          en: 'The process does not wait for anything like that.',
        },
      });
    }
    const at = ctx.now().toISOString();
    await writeProcess(tx, { ...(await release(ctx, tx, { process, request })), updatedAt: at }, false);
    await addTimelineEntry(ctx, tx, {
      kind: `process-${request}`,
      facts: { step: process.error?.step ?? process.next?.text ?? null },
      links: linksOf(ctx, model.name, record),
    });
    const event = await insertEvent(tx, {
      tenantId: key.tenantId,
      at,
      actor: actorName(ctx.actor),
      act: `${model.name}.process-${request}`,
      entity: model.name,
      recordId: id,
      version: Number(record['version']),
      requestId: ctx.requestId,
      wakes: { process: `${model.name}/${id}`, lane: 'interactive' },
    });
    return { record, event };
  });
}
