import { LeitwerkError } from '../../core/errors.ts';
import type { RecordData } from '../../store/record-table.ts';
import { findRecord } from '../../store/records.ts';
import { modelOf, type Context } from '../context.ts';
import { findReadable, readRecord } from '../readRecord.ts';
import type { Links } from './mail-places.ts';

const linksOf = (message: RecordData): readonly (readonly [string, unknown])[] => {
  const { links, further = [] } = (message['mail'] ?? {}) as { links?: Links; further?: readonly Links[] };
  return [links ?? {}, ...further].flatMap((place) => Object.entries(place));
};

/** What a mail says is for those who may see every record that it is filed on. */
const assertLinked = async (ctx: Context, message: RecordData): Promise<void> => {
  if (message['channel'] !== 'mail') return;
  for (const [entity, id] of linksOf(message)) {
    const model = ctx.snapshot.models.get(entity);
    if (model !== undefined && (await findReadable(ctx, model, String(id))) === undefined)
      throw new LeitwerkError('NotFound');
  }
};

/** A received message, to be worked again. @throws LeitwerkError `NotFound`. */
export async function readMessage(ctx: Context, id: string): Promise<RecordData> {
  const message = await readRecord(ctx, modelOf(ctx, 'intake-message'), id);
  await assertLinked(ctx, message);
  return message;
}

/** A received message with what it says: body, files and what is made of them. @throws LeitwerkError `Forbidden` where the body is closed to the actor, `NotFound`. */
export async function readContent(ctx: Context, id: string): Promise<RecordData> {
  if (!ctx.ability.isReadable('intake-message', 'body')) throw new LeitwerkError('Forbidden');
  return await readMessage(ctx, id);
}

/** The mail behind an entry of the timeline, for whoever may see the entry and its records. @throws LeitwerkError `NotFound`. */
export async function readMailOfEntry(ctx: Context, entry: string): Promise<RecordData> {
  const found = await readRecord(ctx, modelOf(ctx, 'timeline-entry'), entry);
  const id = (found['facts'] as RecordData | null)?.['message'];
  if (found['kind'] !== 'mail' || typeof id !== 'string') throw new LeitwerkError('NotFound');
  const model = modelOf(ctx, 'intake-message');
  const message = await findRecord(ctx.db, model, { tenantId: ctx.actor.tenantId, id });
  if (message === undefined) throw new LeitwerkError('NotFound');
  await assertLinked(ctx, message);
  return message;
}
