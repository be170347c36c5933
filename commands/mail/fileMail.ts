import { classifyMail, recordNumbersIn, threadIdsOf } from '../../core/mail/index.ts';
import type { Issue, Text } from '../../core/errors.ts';
import type { ParsedMail } from '../../core/mail/parsed-mail.ts';
import type { Tx } from '../../store/database.ts';
import { endMailJob, type MailJob, type MailRecipient } from '../../store/mail-jobs.ts';
import { findMailThreads, writeMailThread } from '../../store/mail-threads.ts';
import type { RecordData } from '../../store/record-table.ts';
import { lockRecord } from '../../store/records.ts';
import { modelOf, type Context } from '../context.ts';
import { sourceOf } from '../source.ts';
import { workMessage } from '../workMessage.ts';
import { asSource, asUser } from './mail-context.ts';
import { bareFieldsOfMail, fieldsOfMail } from './mail-fields.ts';
import { knownAddress, placeByThread, placesByNumber, type Links } from './mail-places.ts';
import { addMailEntry } from './mail-entry.ts';
import { partiesOf, type Parties } from './mail-parties.ts';
import { settleMessage } from './settleMessage.ts';
import { longestText, saidHash } from './stored-mail.ts';

/** How far the sender can be trusted (`connectors/mail`). */
export interface Trust {
  readonly level: string;
  readonly spf: string;
  readonly dkim: string;
  readonly dmarc: string;
  readonly reason: Text;
}

/** A mail that was understood, its files being stored. */
export interface UnderstoodMail {
  readonly job: MailJob;
  readonly mail: ParsedMail;
  readonly trust: Trust;
  /** Of the sender's files: `{name, contentType, size, blob, isInline, contentId}`. */
  readonly attachments: readonly RecordData[];
}

/** Why a person has to look at a mail. */
export type TriageReason = 'unknownPerson' | 'unverifiedNumber' | 'sameMessageId' | 'list' | 'rejected' | 'tooLarge';

interface Outcome {
  readonly state: 'accepted' | 'attached' | 'updated' | 'filed' | 'triage' | 'duplicate';
  readonly lead?: string | null;
  readonly links?: Links;
  readonly entry?: string;
  readonly reason?: TriageReason;
  readonly issues?: readonly Issue[];
  /** Addresses of the mail that nobody here is known under. */
  readonly unknown?: readonly string[];
}

type Kind = ReturnType<typeof classifyMail>;

/** One mail in the course of being filed. */
interface Filing extends UnderstoodMail {
  readonly kind: Kind;
  readonly message: RecordData;
  readonly recipients: readonly MailRecipient[];
  /** Of records, as the subject names them. */
  readonly numbers: readonly string[];
}

const withEntry = async (
  ctx: Context,
  tx: Tx,
  filed: { filing: Filing; links: Links; parties: Parties },
): Promise<Outcome> => {
  const { filing, links, parties } = filed;
  const entry = await addMailEntry(ctx, tx, { ...filing, links, parties });
  return { state: 'filed', links, entry, lead: links['lead'] ?? null, unknown: parties.unknown };
};

/** A lead as from any other source: mapping, defaults, title. What does not fit its field costs the field, never the lead. */
const toLead = async (ctx: Context, tx: Tx, filing: Filing): Promise<Outcome> => {
  const { mail, message } = filing;
  const source = sourceOf(ctx.snapshot, String(message['source']));
  const kept = { id: String(message['id']), source, headers: mail.headers };
  const first = await workMessage(ctx, tx, { ...kept, body: fieldsOfMail(mail) });
  const worked =
    first.state === 'rejected' ? await workMessage(ctx, tx, { ...kept, body: bareFieldsOfMail(mail) }) : first;
  if (worked.state === 'rejected' || worked.state === 'unreadable')
    return { state: 'triage', reason: 'rejected', issues: worked.issues };
  return {
    state: worked.state,
    lead: worked.lead,
    links: worked.lead === null ? {} : { lead: worked.lead },
    issues: first.issues,
  };
};

const isAmong = (links: Links, known: Awaited<ReturnType<typeof knownAddress>>): boolean =>
  links['person'] === known.person?.['id'] || (links['lead'] !== undefined && links['lead'] === known.lead?.['id']);

/** Mail of strangers to `leads@`: a known conversation goes on, everything else of a person is a new lead. */
const forSource = async (outer: Context, tx: Tx, filing: Filing): Promise<Outcome> => {
  const ctx = asSource(outer, String(filing.message['source']));
  const { mail, kind } = filing;
  const parties = await partiesOf(ctx, tx, { ...filing, user: undefined });
  const place = await placeByThread(ctx, tx, threadIdsOf(mail));
  if (place !== undefined) return await withEntry(ctx, tx, { filing, links: place, parties });
  // A bounce or "out of office" of a conversation that nobody knows is nobody's lead.
  if (kind === 'bounce' || kind === 'auto-reply') return { state: 'filed', links: {} };
  const [numbered] = await placesByNumber(ctx, tx, filing.numbers);
  if (numbered !== undefined) {
    // Numbers can be guessed: a stranger does not write into a record by naming it.
    const known = mail.from === null ? undefined : await knownAddress(ctx, tx, mail.from.address);
    if (known === undefined || !isAmong(numbered, known)) return { state: 'triage', reason: 'unverifiedNumber' };
    return await withEntry(ctx, tx, { filing, links: numbered, parties });
  }
  if (kind === 'list' && !('name' in fieldsOfMail(mail)) && mail.replyTo.length === 0)
    return { state: 'triage', reason: 'list' };
  return await toLead(ctx, tx, filing);
};

/** Mail that a user files: on the record that it names, and on everybody who is known. */
const forUser = async (
  outer: Context,
  tx: Tx,
  { filing, recipient }: { filing: Filing; recipient: Extract<MailRecipient, { kind: 'user' }> },
): Promise<Outcome> => {
  const user = outer.snapshot.users.get(recipient.user);
  if (user === undefined || user.isDisabled) return { state: 'triage', reason: 'unknownPerson' };
  const ctx = asUser(outer, user);
  const parties = await partiesOf(ctx, tx, { ...filing, user });
  const numbers = recipient.number === null ? filing.numbers : [recipient.number, ...filing.numbers];
  const [numbered] = await placesByNumber(ctx, tx, numbers);
  const place = numbered ?? (await placeByThread(ctx, tx, threadIdsOf(filing.mail)));
  const links = { ...place, ...parties.links };
  if (Object.keys(links).length === 0) return { state: 'triage', reason: 'unknownPerson', unknown: parties.unknown };
  return await withEntry(ctx, tx, { filing, links, parties });
};

const sameAgain = async (ctx: Context, tx: Tx, filing: Filing): Promise<Outcome | undefined> => {
  const { messageId } = filing.mail;
  if (messageId === null) return undefined;
  const [known] = await findMailThreads(tx, ctx.actor.tenantId, [messageId]);
  if (known === undefined || known.message === filing.job.id) return undefined;
  // Another mail that calls itself the same: nothing is doubled, nothing is lost, a person looks.
  if (known.contentHash !== saidHash(filing.mail, filing.attachments))
    return { state: 'triage', reason: 'sameMessageId', links: known.links };
  return { state: 'duplicate', lead: known.links['lead'] ?? null, links: known.links };
};

const decide = async (ctx: Context, tx: Tx, filing: Filing): Promise<Outcome> => {
  const same = await sameAgain(ctx, tx, filing);
  if (same !== undefined) return same;
  const { recipients } = filing;
  const users = recipients.filter((recipient) => recipient.kind === 'user');
  const lead = users.length < recipients.length ? await forSource(ctx, tx, filing) : undefined;
  let outcome = lead;
  for (const recipient of users) {
    const filed = await forUser(ctx, tx, { filing, recipient });
    if (outcome === undefined || (outcome.state === 'triage' && filed.state === 'filed')) outcome = filed;
  }
  return outcome ?? { state: 'triage', reason: 'unknownPerson' };
};

/**
 * Files a mail: a lead, an entry on the records that it belongs to, or a place among those that a person has to sort. All of it and
 * the end of the job are one transaction; a job that somebody else has done changes nothing.
 */
export async function fileMail(ctx: Context, understood: UnderstoodMail): Promise<void> {
  const { job, mail } = understood;
  const model = modelOf(ctx, 'intake-message');
  await ctx.db.write(async (tx) => {
    if (!(await endMailJob(tx, job.id))) return;
    const message = await lockRecord(tx, model, { tenantId: job.tenantId, id: job.id });
    if (message === undefined) return;
    const { recipients } = job.envelope;
    const filing = {
      ...understood,
      message,
      recipients,
      kind: classifyMail(mail),
      numbers: recordNumbersIn(mail.subject),
    };
    const outcome = await decide(ctx, tx, filing);
    await settleMessage(ctx, tx, { message, change: toChange(filing, outcome) });
    const isPlaced = outcome.state === 'accepted' || outcome.state === 'filed';
    if (mail.messageId === null || !isPlaced) return;
    await writeMailThread(tx, {
      tenantId: job.tenantId,
      messageId: mail.messageId,
      message: job.id,
      contentHash: saidHash(filing.mail, filing.attachments),
      links: outcome.links ?? {},
      at: ctx.now().toISOString(),
    });
  });
}

const toChange = (filing: Filing, outcome: Outcome): RecordData => {
  const { mail, trust, attachments, job, recipients, kind } = filing;
  const { messageId, from, replyTo, to, cc, date, doubts, text, html } = mail;
  const { links = {}, entry, reason, unknown = [] } = outcome;
  const { mailFrom, helo } = job.envelope;
  const envelope = { recipients, mailFrom, helo };
  const about = { messageId, thread: threadIdsOf(mail), from, replyTo, to, cc, date, kind, trust, doubts };
  const issues = outcome.issues ?? [];
  return {
    state: outcome.state,
    lead: outcome.lead ?? null,
    sender: (from?.address ?? job.envelope.mailFrom).slice(0, 320),
    subject: mail.subject.slice(0, 500),
    mail: { ...envelope, ...about, links, entry, reason, unknown },
    mailBody: { text: text.slice(0, longestText), html },
    attachments: attachments.length === 0 ? null : attachments,
    errors: issues.length === 0 ? null : issues,
    attempts: job.attempts,
  };
};
