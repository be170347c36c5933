import { LeitwerkError } from '../../core/errors.ts';
import type { Tx } from '../../store/database.ts';
import type { EventRow } from '../../store/events.ts';
import type { RecordData } from '../../store/record-table.ts';
import { assertCan, modelOf, transact, type Context } from '../context.ts';
import { createWithin } from '../createRecord.ts';
import { refuseDoubles } from '../createContact.ts';
import { loadRecord, writeIssues, type Written } from '../record-write.ts';
import { sourceOf } from '../source.ts';
import { linksOf } from '../timeline.ts';
import { workMessage } from '../workMessage.ts';
import { leadPurpose, noteCopy, purposeOf } from './mail-copies.ts';
import { addMailEntry } from './mail-entry.ts';
import { fieldsOfMail } from './mail-fields.ts';
import { partiesOfMessage } from './mail-parties.ts';
import type { Links } from './mail-places.ts';
import { settleMessage } from './settleMessage.ts';
import { saidHash, storedMail } from './stored-mail.ts';

/** A received mail after somebody sorted it. */
export interface Sorted {
  readonly message: RecordData;
  readonly event: number;
}

const sortable = new Set(['triage', 'filed', 'dismissed', 'quarantined', 'duplicate']);

/** @throws LeitwerkError `Locked` for a message that is no mail to be sorted, `NotFound`, `Forbidden`. */
const loadMail = async (ctx: Context, tx: Tx, id: string): Promise<RecordData> => {
  const message = await loadRecord(ctx, tx, { model: modelOf(ctx, 'intake-message'), id });
  if (!ctx.ability.canOn('file', 'intake-message', message)) throw new LeitwerkError('Forbidden');
  if (message['channel'] !== 'mail' || !sortable.has(String(message['state']))) {
    throw new LeitwerkError('Locked', {
      text: { de: 'Diese Nachricht ist nicht mehr zuzuordnen.', en: 'This message is not to be sorted any more.' },
      facts: { state: message['state'] },
    });
  }
  return message;
};

interface Sorting {
  readonly message: RecordData;
  readonly state: string;
  readonly links: Links;
  readonly entry?: string;
  /** Addresses in it that nobody knows yet. */
  readonly unknown?: readonly string[];
  /** A mail that is filed keeps its place, and has one more. */
  readonly isFurther?: boolean;
}

const settle = async (ctx: Context, tx: Tx, sorting: Sorting): Promise<Sorted> => {
  const { message, state, links, entry, isFurther } = sorting;
  const about = (message['mail'] ?? {}) as RecordData &
    Pick<Sorting, 'unknown'> & { links?: Links; further?: readonly Links[] };
  const { unknown = about.unknown ?? [] } = sorting;
  const change = {
    state,
    errors: null,
    ...(isFurther === true
      ? { mail: { ...about, further: [...(about.further ?? []), links], unknown } }
      : { lead: links['lead'] ?? null, mail: { ...about, links, entry: entry ?? null, reason: null, unknown } }),
  };
  const event = await settleMessage(ctx, tx, { message, change });
  if (Object.keys(links).length > 0) {
    const { mail, attachments, recipients } = storedMail(message);
    const copy = {
      message: String(message['id']),
      messageId: mail.messageId,
      contentHash: saidHash(mail, attachments),
    };
    const made = state === 'accepted' ? [leadPurpose] : [];
    const place = isFurther === true ? { ...links, ...about.links } : links;
    await noteCopy(ctx, tx, { copy, links: place, met: [...recipients.map((one) => purposeOf(one)), ...made] });
  }
  return { message: { ...message, ...change, version: Number(message['version']) + 1 }, event };
};

const fileWithin = async (
  ctx: Context,
  tx: Tx,
  filed: { message: RecordData; entity: string; id: string; isFurther?: boolean },
): Promise<Sorted> => {
  const { message, entity, id, isFurther = false } = filed;
  const record = await loadRecord(ctx, tx, { model: modelOf(ctx, entity), id });
  const stored = storedMail(message);
  const parties = await partiesOfMessage(ctx, tx, message);
  const links = linksOf(ctx, entity, record);
  const entry = await addMailEntry(ctx, tx, { ...stored, message, links, parties });
  return await settle(ctx, tx, { message, state: 'filed', links, entry, isFurther, unknown: parties.unknown });
};

/** Files a mail on a record, and so on everything that the record belongs to. @throws LeitwerkError `Locked`, `NotFound`, `Forbidden`. */
export async function fileMailOn(
  ctx: Context,
  input: { readonly id: string; readonly entity: string; readonly record: string },
): Promise<Sorted> {
  return await transact(ctx, async (tx) => {
    const message = await loadMail(ctx, tx, input.id);
    return await fileWithin(ctx, tx, { message, entity: input.entity, id: input.record });
  });
}

/**
 * Makes the person that a mail is with, and files the mail there too.
 * @throws LeitwerkError `Conflict` with `facts.matches` for a likely double, unless `force` is set (B24); `InvalidInput`, `Locked`, `NotFound`, `Forbidden`.
 */
export async function createPersonOfMail(
  ctx: Context,
  input: { readonly id: string; readonly fields: RecordData; readonly force: boolean },
): Promise<Sorted> {
  const model = modelOf(ctx, 'person');
  assertCan(ctx, 'create', model);
  return await transact(ctx, async (tx) => {
    const message = await loadMail(ctx, tx, input.id);
    const issues = writeIssues(ctx, model, input.fields);
    if (issues.length > 0) throw new LeitwerkError('InvalidInput', { issues });
    if (!input.force) await refuseDoubles(ctx, tx, { kind: 'person', fields: input.fields });
    const { record } = await createWithin(ctx, tx, { model, input: input.fields });
    const isFurther = message['state'] === 'filed';
    return await fileWithin(ctx, tx, { message, entity: 'person', id: String(record['id']), isFurther });
  });
}

/** Makes a lead of the outsider in a mail. @throws LeitwerkError `InvalidInput` when nothing of it could be answered, `Locked`, `NotFound`, `Forbidden`. */
export async function makeLeadOfMail(ctx: Context, input: { readonly id: string }): Promise<Sorted> {
  assertCan(ctx, 'create', modelOf(ctx, 'lead'));
  return await transact(ctx, async (tx) => {
    const message = await loadMail(ctx, tx, input.id);
    const { mail } = storedMail(message);
    const source = sourceOf(ctx.snapshot, String(message['source']));
    const body = fieldsOfMail(mail, await partiesOfMessage(ctx, tx, message));
    const worked = await workMessage(ctx, tx, { id: input.id, source, isLenient: true, body });
    if (worked.lead === null) throw new LeitwerkError('InvalidInput', { issues: worked.issues });
    return await settle(ctx, tx, { message, state: 'accepted', links: { lead: worked.lead } });
  });
}

const setState = async (
  ctx: Context,
  tx: Tx,
  { message, state, act }: { message: RecordData; state: unknown; act: 'dismiss' | 'undo' },
): Promise<Sorted> => {
  const event = await settleMessage(ctx, tx, { message, change: { state }, act });
  return { message: { ...message, state, version: Number(message['version']) + 1 }, event };
};

/** Puts a mail away that concerns nobody; all else stays as it is. It can be sorted again. @throws LeitwerkError `Locked`, `NotFound`, `Forbidden`. */
export async function dismissMail(ctx: Context, input: { readonly id: string }): Promise<Sorted> {
  return await transact(ctx, async (tx) => {
    const message = await loadMail(ctx, tx, input.id);
    return await setState(ctx, tx, { message, state: 'dismissed', act: 'dismiss' });
  });
}

/** Takes back that a mail was put away. @throws LeitwerkError `Conflict` when it was sorted since, `Locked`, `NotFound`, `Forbidden`. */
export const undoDismissal = async (ctx: Context, tx: Tx, event: EventRow): Promise<Written> => {
  const message = await loadMail(ctx, tx, event.recordId);
  if (message['version'] !== event.version) throw new LeitwerkError('Conflict');
  const undone = await setState(ctx, tx, { message, state: event.changes?.['state']?.[0], act: 'undo' });
  return { record: undone.message, event: undone.event };
};
