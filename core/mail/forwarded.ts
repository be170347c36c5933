import { readQuotedDate } from './dates.ts';
import { bareLine, isQuoted, linesOf, readMailbox } from './lines.ts';
import type { MailAddress, ParsedMail } from './parsed-mail.ts';
import { findQuotedHead, type QuotedHead } from './quoted-head.ts';
import { historyStart } from './quotes.ts';

/** The mail inside a forwarded one. */
export interface ForwardedMail {
  readonly from: MailAddress;
  readonly subject: string;
  /** ISO 8601 UTC. */
  readonly date: string | null;
  readonly text: string;
}

/** How deep forwards of forwards are followed. */
const deepest = 5;

const forwardPrefix = /^\s*(?:wg|fwd?|tr|weitergeleitet|forwarded)\s?:/i;
const replyPrefix = /^\s*(?:aw|re|antw(?:ort)?)\s?:/i;

/** Lines that announce a forwarded mail whatever the subject says. */
const announcement =
  /^(?:-{2,}\s?(?:forwarded message|weitergeleitete nachricht|weitergeleitete (?:e-)?mail)\s?-{2,}|begin forwarded message\s?:|anfang der weitergeleiteten (?:nachricht|e-mail|mail)\s?:)$/i;

const isAnnouncement = (line: string): boolean => announcement.test(bareLine(line));

/** Where the head of the forwarded mail is to be looked for; undefined when nothing says that this mail forwards one. */
const searchStart = (lines: readonly string[], subject: string): number | undefined => {
  const announced = lines.findIndex((line) => isAnnouncement(line));
  const isNewest = announced >= 0 && announced <= historyStart(lines);
  if (isNewest) return announced + 1;
  return forwardPrefix.test(subject) ? 0 : undefined;
};

/** Apple Mail quotes what it forwards: the marks go when every line has one. */
const unquote = (lines: readonly string[]): string => {
  const written = lines.filter((line) => line.trim() !== '');
  const isAllQuoted = written.length > 0 && written.every((line) => isQuoted(line));
  return (isAllQuoted ? lines.map((line) => line.replace(/^\s{0,3}> ?/, '')) : lines).join('\n').trim();
};

/** Exchange leaves the address out for colleagues: then the first address in the text is the best there is. */
const senderOf = (head: QuotedHead, text: string): MailAddress | null => {
  const written = head.values.from ?? '';
  const sender = readMailbox(written);
  if (sender !== null) return sender;
  const inText = readMailbox(
    text
      .slice(0, 5_000)
      .split('\n')
      .find((line) => line.includes('@')) ?? '',
  );
  return inText === null ? null : { address: inText.address, name: written.replace(/["*]/g, '').trim().slice(0, 200) };
};

const unwrapOnce = (text: string, subject: string): ForwardedMail | null => {
  const lines = linesOf(text);
  const start = searchStart(lines, subject);
  const head = start === undefined ? undefined : findQuotedHead(lines, start);
  if (head === undefined) return null;
  const inner = unquote(lines.slice(head.end));
  const from = senderOf(head, inner);
  if (from === null) return null;
  return {
    from,
    subject: (head.values.subject ?? subject.replace(forwardPrefix, '')).trim(),
    date: readQuotedDate(head.values.date ?? ''),
    text: inner,
  };
};

/**
 * The mail that was forwarded with this one, by the German and English forms of Outlook, Gmail, Apple Mail, Thunderbird, GMX and Web.de,
 * or as an attachment. A forward of a forward answers the innermost. Null when this mail forwards none.
 */
export function unwrapForwarded(mail: ParsedMail): ForwardedMail | null {
  let found: ForwardedMail | null = null;
  let next = replyPrefix.test(mail.subject) ? unwrapOnce(mail.text, '') : unwrapOnce(mail.text, mail.subject);
  for (let depth = 0; next !== null && depth < deepest; depth += 1) {
    found = next;
    next = unwrapOnce(next.text, next.subject);
  }
  return found;
}

const toMailbox = ({ name, address }: MailAddress): string => (name === '' ? address : `${name} <${address}>`);

/** A mail that came as an attachment, in the form in which clients put forwarded mails into the text. */
export function forwardedBlock(mail: ParsedMail): string {
  const head = [
    ['From', mail.from === null ? '' : toMailbox(mail.from)],
    ['Date', mail.date ?? ''],
    ['Subject', mail.subject],
    [
      'To',
      mail.to
        .slice(0, 20)
        .map((to) => toMailbox(to))
        .join(', '),
    ],
  ].flatMap(([label, value = '']) => (value === '' ? [] : [`${label}: ${value}`]));
  return ['---------- Forwarded message ----------', ...head, '', mail.text].join('\n').trimEnd();
}
