import { LeitwerkError } from '../core/errors.ts';
import type { Tx } from '../store/database.ts';
import type { RecordData } from '../store/record-table.ts';
import { modelOf, transact, type Context } from './context.ts';
import { changeRecord, type Written } from './record-write.ts';
import { addTimelineEntry, linksOf } from './timeline.ts';

type Act = 'complete' | 'reopen' | 'cancel';

const changeState = async (ctx: Context, tx: Tx, step: { id: string; act: Act; set: RecordData }): Promise<Written> => {
  const written = await changeRecord(ctx, tx, {
    model: modelOf(ctx, 'activity'),
    id: step.id,
    verb: step.act,
    act: step.act,
    change: (activity) => {
      const isAllowed = step.act === 'reopen' ? activity['state'] !== 'open' : activity['state'] === 'open';
      if (!isAllowed) throw new LeitwerkError('Locked', { facts: { state: activity['state'] } });
      return step.set;
    },
  });
  const facts = {
    title: written.record['title'],
    type: written.record['type'],
    result: written.record['result'] ?? null,
  };
  await addTimelineEntry(ctx, tx, {
    kind: `activity-${step.act}`,
    facts,
    links: linksOf(ctx, 'activity', written.record),
  });
  return written;
};

/** Marks an activity done, with its result. @throws LeitwerkError `Locked` when it is not open, `NotFound`, `Forbidden`. */
export async function completeActivity(
  ctx: Context,
  input: { readonly id: string; readonly result?: string | undefined },
): Promise<Written> {
  const result = input.result === undefined ? {} : { result: input.result };
  const set = { state: 'done', doneAt: ctx.now().toISOString(), ...result };
  return await transact(ctx, (tx) => changeState(ctx, tx, { id: input.id, act: 'complete', set }));
}

/** Opens a done or cancelled activity again. */
export async function reopenActivity(ctx: Context, input: { readonly id: string }): Promise<Written> {
  return await transact(ctx, (tx) =>
    changeState(ctx, tx, { id: input.id, act: 'reopen', set: { state: 'open', doneAt: null } }),
  );
}

/** Calls an open activity off. */
export async function cancelActivity(ctx: Context, input: { readonly id: string }): Promise<Written> {
  return await transact(ctx, (tx) =>
    changeState(ctx, tx, { id: input.id, act: 'cancel', set: { state: 'cancelled' } }),
  );
}
