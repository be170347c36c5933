import type { ParsedMail } from './parsed-mail.ts';

export type MailClass = 'person' | 'bounce' | 'auto-reply' | 'list';

const header = (mail: ParsedMail, name: string): string => (mail.headers[name] ?? '').trim().toLowerCase();

const systemSender = /^(?:mailer-daemon|postmaster|mail-daemon|mailerdaemon|mdaemon|double-bounce)(?:[+@.-]|$)/;

const bounceSubject =
  /^\s*(?:undeliver(?:ed|able)|delivery (?:status notification|failure|has failed|report)|mail delivery (?:failed|subsystem|failure|system)|failure notice|returned mail|message not delivered|nachricht konnte nicht|unzustellbar|nicht zustellbar|zustellung fehlgeschlagen|zustellstatus|mail delivery|undelivered mail returned|fehler bei der (?:nachrichten)?zustellung|rejected:)/i;

/** The envelope named nobody to answer to (RFC 5321 4.5.5): what wrote the mail is a program, and it tells of another mail. */
const hasEmptyPath = (mail: ParsedMail): boolean => header(mail, 'return-path') === '<>';

/** RFC 3464, and the bounces of servers that do not write it (Exim's `X-Failed-Recipients`, qmail, Exchange on premises). */
const isBounce = (mail: ParsedMail): boolean => {
  const type = header(mail, 'content-type');
  const report = /report-type\s*=\s*"?([\w-]+)/.exec(type)?.[1] ?? 'delivery-status';
  if (type.startsWith('multipart/report')) return report === 'delivery-status';
  if (mail.headers['x-failed-recipients'] !== undefined) return true;
  const isFromSystem = systemSender.test(mail.from?.address ?? '');
  return bounceSubject.test(mail.subject) ? isFromSystem || hasEmptyPath(mail) : isFromSystem && hasEmptyPath(mail);
};

const awaySubject =
  /^\s*(?:(?:aw|re)\s?:\s*)?(?:automati(?:sche antwort|c reply|sch erstellte|sierte antwort|c response)|auto(?:matic)?[ -]?reply|auto[ -]?antwort|auto\s?:|out of (?:the )?office|abwesenheit|abwesend|nicht im büro|ich bin (?:derzeit|zurzeit|momentan|aktuell|bis|im urlaub|nicht)|urlaubsnotiz|urlaubsbenachrichtigung|vacation)/i;

/** A read receipt (RFC 8098). */
export const isReceipt = (mail: ParsedMail): boolean =>
  /report-type\s*=\s*"?disposition-notification/.test(header(mail, 'content-type'));

/**
 * RFC 3834, read receipts, and what vacation programs write instead. A mail that a program made of its own accord (`auto-generated`) is an
 * answer only where it answers something: contact forms send such mails, and they are leads.
 */
const isAutoReply = (mail: ParsedMail): boolean => {
  const submitted = header(mail, 'auto-submitted');
  const isAnswer = mail.inReplyTo !== null || mail.references.length > 0 || /^\s*(?:re|aw)\s?:/i.test(mail.subject);
  if (submitted.startsWith('auto-replied') || submitted.startsWith('auto-notified')) return true;
  if (submitted.startsWith('auto-generated') && isAnswer) return true;
  if (isReceipt(mail) || hasEmptyPath(mail)) return true;
  if (/^(?:auto_?-?reply)/.test(header(mail, 'precedence'))) return true;
  const marks = ['x-autoreply', 'x-autorespond', 'x-auto-reply', 'x-autoreply-from', 'x-ms-exchange-inbox-rules-loop'];
  return marks.some((name) => !['', 'no'].includes(header(mail, name))) || awaySubject.test(mail.subject);
};

/** RFC 2919 and RFC 2369. An unsubscribe link alone is no list: form services add one to what they deliver. */
const isList = (mail: ParsedMail): boolean =>
  mail.headers['list-id'] !== undefined ||
  mail.headers['list-post'] !== undefined ||
  ['list', 'bulk', 'junk'].includes(header(mail, 'precedence'));

/** What kind of sender a mail has: only a person's mail asks for a person's work. */
export function classifyMail(mail: ParsedMail): MailClass {
  if (isBounce(mail)) return 'bounce';
  if (isAutoReply(mail)) return 'auto-reply';
  return isList(mail) ? 'list' : 'person';
}
