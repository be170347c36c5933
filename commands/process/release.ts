import type { Tx } from '../../store/database.ts';
import { readEffects, writeEffectState } from '../../store/effects.ts';
import type { ProcessRow } from '../../store/processes.ts';
import { findRecord } from '../../store/records.ts';
import { modelOf, type Context } from '../context.ts';
import { changeRecord } from '../record-write.ts';

/** `retry`: do the failed step again. `skip`: leave the failed step, or stop waiting and do now what is waited for. */
export type ProcessRequest = 'retry' | 'skip';

/** The process as it goes on after a person's wish, in the caller's transaction; the row itself is written by the caller. */
export async function release(
  ctx: Context,
  tx: Tx,
  wish: { readonly process: ProcessRow; readonly request: ProcessRequest },
): Promise<ProcessRow> {
  const { process, request } = wish;
  const at = ctx.now().toISOString();
  if (process.state === 'parked') {
    const state = request === 'retry' ? 'pending' : 'skipped';
    for (const effect of await readEffects(tx, process, 'failed')) {
      await writeEffectState(tx, { tenantId: process.tenantId, id: effect.id, state, at, attempts: 0 });
    }
    await closeTask(ctx, tx, process);
    return { ...process, state: 'running', error: undefined };
  }
  const timer = process.next === undefined ? undefined : process.position.timers[process.next.timer];
  if (request === 'retry' || process.next === undefined || timer === undefined) return process;
  const timers = { ...process.position.timers, [process.next.timer]: { ...timer, dueAt: at } };
  return { ...process, position: { ...process.position, timers } };
}

/** The task that parking made is done with the wish. */
const closeTask = async (ctx: Context, tx: Tx, process: ProcessRow): Promise<void> => {
  const id = process.error?.activity;
  if (id === undefined) return;
  const model = modelOf(ctx, 'activity');
  const task = await findRecord(tx, model, { tenantId: process.tenantId, id });
  if (task?.['state'] !== 'open') return;
  const done = { state: 'done', doneAt: ctx.now().toISOString() };
  await changeRecord(ctx, tx, { model, id, verb: 'complete', act: 'complete', change: () => done });
};
