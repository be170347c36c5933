import type { ParsedMail, MailAddress } from './parsed-mail.ts';

/** Stands in until `mailparse` is merged, whose file of this name replaces it. */

export function classifyMail(mail: ParsedMail): 'person' | 'bounce' | 'auto-reply' | 'list' {
  const { headers } = mail;
  if (/multipart\/report|delivery-status/i.test(headers['content-type'] ?? '')) return 'bounce';
  if (/^(mailer-daemon|postmaster)@/.test(mail.from?.address ?? '')) return 'bounce';
  if (/^auto-/i.test(headers['auto-submitted'] ?? '')) return 'auto-reply';
  return headers['list-id'] === undefined ? 'person' : 'list';
}

export interface Forwarded {
  readonly from: MailAddress;
  readonly subject: string;
  readonly date: string | null;
  readonly text: string;
}

export function unwrapForwarded(mail: ParsedMail): Forwarded | null {
  const head = /^(?:From|Von): (?:"?([^"<\n]*?)"? ?<)?([^\s<>]+@[^\s<>]+)>?$/m.exec(mail.text);
  if (head === null || !/^(?:fwd?|wg):/i.test(mail.subject)) return null;
  const from = { address: (head[2] ?? '').toLowerCase(), name: (head[1] ?? '').trim() };
  const text = mail.text.slice(head.index).replace(/^[\s\S]*?\n\s*\n/, '');
  return { from, subject: mail.subject.replace(/^(?:fwd?|wg):\s*/i, ''), date: null, text };
}

export const recordNumbersIn = (subject: string): readonly string[] =>
  [...subject.matchAll(/\[([\p{L}\d]+(?:-\d+)+)\]/gu)].flatMap(([, number]) => number ?? []);

export const threadIdsOf = (mail: ParsedMail): readonly string[] => [
  ...new Set([...(mail.inReplyTo === null ? [] : [mail.inReplyTo]), ...mail.references.toReversed()]),
];

export const ownText = (mail: ParsedMail): string =>
  mail.text.split(/^(?:>|On .* wrote:|Am .* schrieb)/m)[0]?.trim() ?? '';

export function formFieldsOf(mail: ParsedMail): Readonly<Record<string, string>> | null {
  const rows = [...mail.text.matchAll(/^([\p{L}][\p{L} .-]{1,30}): +(\S.*)$/gmu)];
  return rows.length < 3 ? null : Object.fromEntries(rows.map(([, name, value]) => [name ?? '', (value ?? '').trim()]));
}

export interface Contact {
  readonly firstName?: string;
  readonly lastName?: string;
  readonly email?: string;
  readonly phone?: string;
  readonly company?: string;
  readonly jobTitle?: string;
  readonly street?: string;
  readonly postalCode?: string;
  readonly city?: string;
}

export function contactOf(mail: ParsedMail): Contact {
  const sender = mail.replyTo[0] ?? mail.from;
  if (sender === null) return {};
  const words = sender.name.split(' ').filter(Boolean);
  const lastName = words.at(-1);
  const firstName = words.slice(0, -1).join(' ');
  return {
    email: sender.address,
    ...(lastName === undefined ? {} : { lastName }),
    ...(firstName === '' ? {} : { firstName }),
  };
}
