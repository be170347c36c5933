import { LeitwerkError } from '../../core/errors.ts';
import { transact, type Context } from '../context.ts';
import { changeRecord, type Written } from '../record-write.ts';
import { importModel, type ImportState } from './import-record.ts';

export type Steering = 'pause' | 'resume' | 'cancel';

const ways: Readonly<Record<Steering, { readonly from: readonly ImportState[]; readonly to: ImportState }>> = {
  pause: { from: ['queued', 'running'], to: 'paused' },
  // The workflow makes it `running`: with Temporal away it waits as a new one does.
  resume: { from: ['paused', 'failed'], to: 'queued' },
  cancel: { from: ['draft', 'queued', 'running', 'paused', 'failed'], to: 'cancelled' },
};

/**
 * Pauses, resumes or cancels an import. It stops behind the rows that are being taken in, and goes on where it stopped.
 * @throws LeitwerkError `Locked` naming the state in which there is nothing to do, `NotFound`, `Forbidden`.
 */
export async function steerImport(
  ctx: Context,
  { id, steering }: { readonly id: string; readonly steering: Steering },
): Promise<Written> {
  const { from, to } = ways[steering];
  const model = importModel(ctx);
  return await transact(
    ctx,
    async (tx) =>
      await changeRecord(ctx, tx, {
        model,
        id,
        verb: steering,
        act: steering,
        change: ({ state }) => {
          if (!from.some((one) => one === state)) {
            const label = model.fields.get('state')?.valueLabels?.[String(state)];
            throw new LeitwerkError('Locked', {
              text: {
                de: `Der Import ist im Zustand „${label?.de ?? String(state)}“: das geht jetzt nicht.`,
                en: `The import is in the state "${label?.en ?? String(state)}": this is not possible now.`,
              },
              facts: { state },
            });
          }
          return to === 'cancelled' ? { state: to, finishedAt: ctx.now().toISOString() } : { state: to };
        },
      }),
  );
}
