import { actorName } from '../../core/actor.ts';
import type { ParsedMail } from '../../core/mail/parsed-mail.ts';
import type { Tx } from '../../store/database.ts';
import { insertEvent } from '../../store/events.ts';
import { insertNotice } from '../../store/notices.ts';
import type { RecordData } from '../../store/record-table.ts';
import { findRecord } from '../../store/records.ts';
import { modelOf, type Context } from '../context.ts';
import { byPlace, type Links } from './mail-places.ts';

interface Owned {
  readonly entity: string;
  readonly record: RecordData;
}

const findOwned = async (ctx: Context, tx: Tx, links: Links): Promise<Owned | undefined> => {
  for (const [entity, id] of Object.entries(links).toSorted(byPlace)) {
    const record = await findRecord(tx, modelOf(ctx, entity), { tenantId: ctx.actor.tenantId, id });
    if (typeof record?.['owner'] === 'string') return { entity, record };
  }
  return undefined;
};

/** Tells the owner of what a mail was filed on that it came, whether that is open or closed. */
export async function tellOwner(
  ctx: Context,
  tx: Tx,
  { links, mail }: { readonly links: Links; readonly mail: ParsedMail },
): Promise<void> {
  const owned = await findOwned(ctx, tx, links);
  const owner = ctx.snapshot.users.get(String(owned?.record['owner']));
  if (owned === undefined || owner === undefined || owner.isDisabled) return;
  const { entity, record } = owned;
  const { tenantId } = ctx.actor;
  const told = { tenantId, at: ctx.now().toISOString(), entity, recordId: String(record['id']) };
  const from = mail.from?.name || mail.from?.address || '–';
  const text = { de: `Antwort von ${from}: ${mail.subject}`, en: `Reply from ${from}: ${mail.subject}` };
  await insertNotice(tx, { ...told, id: ctx.newId(), userId: owner.id, text });
  const version = Number(record['version']);
  await insertEvent(tx, { ...told, actor: actorName(ctx.actor), act: `${entity}.notify`, version });
}
