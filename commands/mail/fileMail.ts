import { classifyMail, jsonFormOf, recordNumbersIn, threadIdsOf } from '../../core/mail/index.ts';
import { issueOf, LeitwerkError, type Issue, type Text } from '../../core/errors.ts';
import type { ParsedMail } from '../../core/mail/parsed-mail.ts';
import type { Tx } from '../../store/database.ts';
import { endMailJob, type MailEnvelope, type MailJob, type MailRecipient } from '../../store/mail-jobs.ts';
import type { MailThread } from '../../store/mail-threads.ts';
import type { RecordData } from '../../store/record-table.ts';
import { lockRecord } from '../../store/records.ts';
import { modelOf, type Context } from '../context.ts';
import { standingId } from '../duplicates/standing.ts';
import { sourceOf } from '../source.ts';
import { workMessage } from '../workMessage.ts';
import { asSource, asUser } from './mail-context.ts';
import { fieldsOfMail } from './mail-fields.ts';
import {
  knownAddress,
  linksOfEntries,
  placeByThread,
  placesByNumber,
  type KnownAddress,
  type Links,
} from './mail-places.ts';
import { withoutFilingAddresses } from './filing-addresses.ts';
import { CopyMet, noteCopy, purposeOf, readCopies, type Copy } from './mail-copies.ts';
import { addMailEntry } from './mail-entry.ts';
import { partiesOf, type Parties } from './mail-parties.ts';
import { settleMessage } from './settleMessage.ts';
import { longestText, saidHash } from './stored-mail.ts';
import { tellOwner } from './tellOwner.ts';

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
export type TriageReason =
  | 'unknownPerson'
  | 'mayNotFile'
  | 'unverifiedNumber'
  | 'unsignedNumber'
  | 'sameMessageId'
  | 'list'
  | 'rejected'
  | 'tooLarge';

interface Outcome {
  readonly state: 'accepted' | 'attached' | 'updated' | 'filed' | 'triage' | 'duplicate';
  readonly lead?: string | null;
  readonly links?: Links;
  /** Other places of the mail, an entry each: one entry links one person, one opportunity. */
  readonly further?: readonly Links[];
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

/** The first place leads: the conversation goes on there. */
const withEntries = async (
  ctx: Context,
  tx: Tx,
  filed: { filing: Filing; places: readonly Links[]; parties: Parties },
): Promise<Outcome> => {
  const { filing, places, parties } = filed;
  const [links = {}, ...further] = linksOfEntries(places);
  const entry = await addMailEntry(ctx, tx, { ...filing, links, parties });
  for (const other of further) await addMailEntry(ctx, tx, { ...filing, links: other, parties });
  return { state: 'filed', links, further, entry, lead: links['lead'] ?? null, unknown: parties.unknown };
};

/** Says of numbers in a mail that no record has them. */
const withMissing = (ctx: Context, outcome: Outcome, missing: readonly string[]): Outcome => {
  const issues = missing.map((number) =>
    issueOf(
      { path: '', code: 'unknownNumber' },
      {
        de: `Einen Datensatz ${number} gibt es nicht, oder er ist hier nicht sichtbar.`,
        en: `There is no record ${number}, or it is not visible here.`,
      },
      ctx.language,
    ),
  );
  return issues.length === 0 ? outcome : { ...outcome, issues: [...(outcome.issues ?? []), ...issues] };
};

/** A lead as from any other source: mapping, defaults, title. */
const toLead = async (
  ctx: Context,
  tx: Tx,
  { filing: { mail, message }, parties }: { filing: Filing; parties: Parties },
): Promise<Outcome> => {
  const source = sourceOf(ctx.snapshot, String(message['source']));
  const kept = { id: String(message['id']), source, headers: mail.headers, isLenient: true };
  const { state, lead, issues } = await workMessage(ctx, tx, { ...kept, body: fieldsOfMail(mail, parties) });
  if (state === 'rejected' || state === 'unreadable') return { state: 'triage', reason: 'rejected', issues };
  return { state, lead, links: lead === null ? {} : { lead }, issues };
};

/** An answer of whoever is outside; who owns what it is about hears of it, but not that somebody is away. */
const withReply = async (
  ctx: Context,
  tx: Tx,
  filed: { filing: Filing; places: readonly Links[]; parties: Parties },
): Promise<Outcome> => {
  const { filing, places } = filed;
  if (filing.kind !== 'auto-reply') for (const links of places) await tellOwner(ctx, tx, { links, mail: filing.mail });
  return await withEntries(ctx, tx, filed);
};

const isAmong = (links: Links, { person, lead }: KnownAddress): boolean =>
  (person !== undefined && links['person'] === person['id']) || (lead !== undefined && links['lead'] === lead['id']);

/** Mail of strangers to `leads@`: a known conversation goes on, everything else of a person is a new lead. */
const forSource = async (outer: Context, tx: Tx, filing: Filing): Promise<Outcome> => {
  const ctx = asSource(outer, String(filing.message['source']));
  const { places, missing } = await placesByNumber(ctx, tx, filing.numbers);
  return withMissing(ctx, await placeForSource(ctx, tx, { filing, numbered: places }), missing);
};

const placeForSource = async (
  ctx: Context,
  tx: Tx,
  { filing, numbered }: { filing: Filing; numbered: readonly Links[] },
): Promise<Outcome> => {
  const { mail, kind } = filing;
  const parties = await partiesOf(ctx, tx, { ...filing, user: undefined });
  const place = await placeByThread(ctx, tx, threadIdsOf(mail));
  if (place !== undefined) return await withReply(ctx, tx, { filing, places: [place], parties });
  // A bounce or "out of office" of a conversation that nobody knows is nobody's lead.
  if (kind === 'bounce' || kind === 'auto-reply') return { state: 'filed', links: {} };
  if (numbered.length > 0) {
    // Numbers can be guessed: a stranger does not write into a record by naming it.
    const known = mail.from === null ? undefined : await knownAddress(ctx, tx, mail.from.address);
    if (known === undefined || !numbered.every((links) => isAmong(links, known)))
      return { state: 'triage', reason: 'unverifiedNumber' };
    // And a sender that its domain has not signed is only a claim (S47).
    if (filing.trust.level !== 'aligned') return { state: 'triage', reason: 'unsignedNumber' };
    return await withReply(ctx, tx, { filing, places: numbered, parties });
  }
  if (kind === 'list' && !('name' in fieldsOfMail(mail, parties)) && mail.replyTo.length === 0)
    return { state: 'triage', reason: 'list' };
  return await toLead(ctx, tx, { filing, parties });
};

/** Mail that a user files: on the records that it names, and on everybody who is known. */
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
  const { places: numbered, missing } = await placesByNumber(ctx, tx, numbers);
  const place = numbered[0] ?? (await placeByThread(ctx, tx, threadIdsOf(filing.mail)));
  const first = { ...place, ...parties.places[0] };
  const places = [first, ...numbered.slice(1), ...parties.places.slice(1)];
  const waiting = { state: 'triage', unknown: parties.unknown } as const;
  const outcome: Outcome =
    Object.keys(first).length === 0
      ? { ...waiting, reason: 'unknownPerson' }
      : await withEntries(ctx, tx, { filing, places, parties }).catch((error: unknown): Outcome => {
          // Refused before anything is written: others may file it there.
          if (!(error instanceof LeitwerkError) || error.code !== 'Forbidden') throw error;
          return { ...waiting, reason: 'mayNotFile' };
        });
  return withMissing(ctx, outcome, missing);
};

/** What becomes of a mail, and which of its recipients' purposes that meets. */
interface Decision {
  readonly outcome: Outcome;
  readonly met: readonly string[];
  /** Where the mail belongs with all its copies. */
  readonly place: Links;
  /** What had become of the others. */
  readonly seen: MailThread | undefined;
}

const undecided: Outcome = { state: 'triage', reason: 'unknownPerson' };

/** A lead counts before entries, and a place before none. */
const decideOpen = async (
  ctx: Context,
  tx: Tx,
  { filing, open }: { filing: Filing; open: readonly MailRecipient[] },
): Promise<Omit<Decision, 'place' | 'seen'>> => {
  const met: string[] = [];
  let outcome: Outcome | undefined;
  const take = (next: Outcome, recipients: readonly MailRecipient[]): void => {
    if (next.state !== 'triage') met.push(...recipients.map((recipient) => purposeOf(recipient)));
    if (outcome === undefined || (outcome.state === 'triage' && next.state === 'filed')) outcome = next;
  };
  const sources = open.filter(({ kind }) => kind === 'source');
  if (sources.length > 0) take(await forSource(ctx, tx, filing), sources);
  for (const recipient of open)
    if (recipient.kind === 'user') take(await forUser(ctx, tx, { filing, recipient }), [recipient]);
  return { outcome: outcome ?? undecided, met };
};

const standingLead = async (ctx: Context, tx: Tx, { lead }: Links): Promise<string | null> =>
  lead === undefined ? null : await standingId(tx, modelOf(ctx, 'lead'), { tenantId: ctx.actor.tenantId, id: lead });

const decide = async (ctx: Context, tx: Tx, { filing, copy }: { filing: Filing; copy: Copy }): Promise<Decision> => {
  const { recipients } = filing;
  const { thread, isAnother, open } = await readCopies(ctx, tx, { copy, recipients });
  const links = thread?.links ?? {};
  const known = { place: links, seen: thread };
  // Another mail that calls itself the same: nothing is doubled, nothing is lost, a person looks.
  if (isAnother) return { outcome: { state: 'triage', reason: 'sameMessageId', links }, met: [], ...known };
  if (thread !== undefined && open.length === 0)
    return { outcome: { state: 'duplicate', lead: await standingLead(ctx, tx, links), links }, met: [], ...known };
  const decided = await decideOpen(ctx, tx, { filing, open });
  return { ...decided, seen: thread, place: { ...links, ...decided.outcome.links } };
};

/**
 * Files a mail: a lead, an entry on the records that it belongs to, or a place among those that a person has to sort. All of it and
 * the end of the job are one transaction; a job that somebody else has done changes nothing.
 */
export async function fileMail(ctx: Context, understood: UnderstoodMail): Promise<void> {
  try {
    await fileOnce(ctx, understood);
  } catch (error) {
    if (!(error instanceof CopyMet)) throw error;
    await fileMail(ctx, understood);
  }
}

/** What the last server writes into a mail (RFC 5321 4.4). A mailbox has it written already. */
const withReturnPath = (mail: ParsedMail, { remoteAddress, mailFrom }: MailEnvelope): ParsedMail =>
  remoteAddress === '' ? mail : { ...mail, headers: { ...mail.headers, 'return-path': `<${mailFrom}>` } };

const fileOnce = async (ctx: Context, understood: UnderstoodMail): Promise<void> => {
  const { job } = understood;
  const model = modelOf(ctx, 'intake-message');
  await ctx.db.write(async (tx) => {
    if (!(await endMailJob(tx, job.id))) return;
    const message = await lockRecord(tx, model, { tenantId: job.tenantId, id: job.id });
    if (message === undefined) return;
    const { recipients } = job.envelope;
    const mail = await withoutFilingAddresses(ctx, tx, withReturnPath(understood.mail, job.envelope));
    const filing = {
      ...understood,
      mail,
      message,
      recipients,
      kind: classifyMail(mail),
      numbers: recordNumbersIn(mail.subject),
    };
    const copy = { message: job.id, messageId: mail.messageId, contentHash: saidHash(mail, filing.attachments) };
    const { outcome, met, place, seen } = await decide(ctx, tx, { filing, copy });
    await settleMessage(ctx, tx, { message, change: toChange(filing, outcome) });
    const isWaiting = outcome.reason === 'unknownPerson';
    if (met.length > 0 || isWaiting) await noteCopy(ctx, tx, { copy, seen, links: place, met });
  });
};

const toChange = (filing: Filing, outcome: Outcome): RecordData => {
  const { mail, trust, attachments, job, recipients, kind } = filing;
  const { messageId, from, replyTo, to, cc, date, doubts, text, html } = mail;
  const { links = {}, further = [], entry, reason, unknown = [] } = outcome;
  const { mailFrom, helo } = job.envelope;
  const envelope = { recipients, mailFrom, helo };
  const about = { messageId, thread: threadIdsOf(mail), from, replyTo, to, cc, date, kind, trust, doubts };
  const issues = outcome.issues ?? [];
  return {
    state: outcome.state,
    lead: outcome.lead ?? null,
    sender: (from?.address ?? job.envelope.mailFrom).slice(0, 320),
    subject: mail.subject.slice(0, 500),
    mail: { ...envelope, ...about, links, further, entry, reason, unknown },
    mailBody: { text: text.slice(0, longestText), html, form: jsonFormOf(mail) },
    attachments: attachments.length === 0 ? null : attachments,
    errors: issues.length === 0 ? null : issues,
    attempts: job.attempts,
  };
};
