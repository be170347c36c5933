import type { ParsedMail } from './parsed-mail.ts';

/**
 * Numbers of records in a subject, each once: those in brackets, as our own mails carry them (`[OPP-1042] …`, also behind `Re: AW:`).
 * A number without brackets may be somebody else's.
 */
export function recordNumbersIn(subject: string): readonly string[] {
  const found = subject.slice(0, 2_000).matchAll(/\[\s?([A-ZÄÖÜ]{1,10}(?:-\d{1,12}){1,3})\s?\]/gi);
  return [...new Set(Array.from(found, ([, number = '']) => number.toUpperCase()))];
}

/** Ids of the mails that this one answers, the newest first. */
export function threadIdsOf(mail: ParsedMail): readonly string[] {
  const newest = mail.inReplyTo === null ? [] : [mail.inReplyTo];
  return [...new Set([...newest, ...mail.references.toReversed()])];
}
