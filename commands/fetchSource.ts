import { actorName } from '../core/actor.ts';
import { LeitwerkError } from '../core/errors.ts';
import { insertEvent } from '../store/events.ts';
import { transact, type Context } from './context.ts';
import { sourceOf, type Source } from './source.ts';

/** To senders a source that is switched off is not there; whoever configures it is told how it stands. */
const assertOn = ({ snapshot }: Context, key: string): void => {
  const source = snapshot.config('sources').get(key)?.value as Source | undefined;
  if (source?.isActive !== false) return;
  throw new LeitwerkError('Locked', {
    text: {
      de: 'Diese Quelle ist abgeschaltet: erst einschalten (isActive), dann abrufen.',
      en: 'This source is switched off: switch it on (isActive) before fetching.',
    },
  });
};

/**
 * Asks for a source to be fetched from outside now. The caller has judged the right to configure.
 * @throws LeitwerkError `NotFound` for an unknown source, `Locked` for one that is switched off or cannot be asked.
 */
export async function fetchSource(
  ctx: Context,
  { key, isFetched }: { readonly key: string; readonly isFetched: (source: Source) => boolean },
): Promise<void> {
  assertOn(ctx, key);
  if (!isFetched(sourceOf(ctx.snapshot, key)))
    throw new LeitwerkError('Locked', {
      text: {
        de: 'Diese Quelle wird nicht abgefragt: ihr fehlt eine Vorlage oder eine Verbindung.',
        en: 'This source is not asked: it has no preset or no connection.',
      },
    });
  await transact(ctx, async (tx) => {
    await insertEvent(tx, {
      tenantId: ctx.actor.tenantId,
      at: ctx.now().toISOString(),
      actor: actorName(ctx.actor),
      act: 'source.fetch',
      entity: 'source',
      recordId: key,
      version: 0,
      requestId: ctx.requestId,
      wakes: { process: `source/${key}`, lane: 'interactive' },
    });
  });
}
