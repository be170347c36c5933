import type { EntityModel } from '../core/entity.ts';
import { LeitwerkError } from '../core/errors.ts';
import { actorName } from '../core/actor.ts';
import { modelOf, transact, type Context } from './context.ts';
import { addRecord, loadRecord, type Written } from './record-write.ts';
import { linksOf } from './timeline.ts';

/**
 * Adds a note with a type to a record; it shows on every record that this one belongs to (C4).
 * @throws LeitwerkError `InvalidInput` for an empty text, `NotFound`, `Forbidden`.
 */
export async function addNote(
  ctx: Context,
  model: EntityModel,
  input: { readonly id: string; readonly text: string; readonly noteType?: string | undefined },
): Promise<Written> {
  if (input.text.trim() === '') {
    const message = ctx.language === 'de' ? 'Die Notiz ist leer.' : 'The note is empty.';
    throw new LeitwerkError('InvalidInput', { issues: [{ path: '/text', code: 'required', message }] });
  }
  return await transact(ctx, async (tx) => {
    const record = await loadRecord(ctx, tx, { model, id: input.id });
    const entry = {
      kind: 'note',
      text: input.text.trim(),
      noteType: input.noteType ?? null,
      at: ctx.now().toISOString(),
      actor: actorName(ctx.actor),
      ...linksOf(ctx, model.name, record),
    };
    return await addRecord(ctx, tx, { model: modelOf(ctx, 'timeline-entry'), input: entry });
  });
}
