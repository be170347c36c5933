import { classifyMail, isReceipt } from './classify.ts';
import type { ParsedMail } from './parsed-mail.ts';

/**
 * Numbers of records in a subject, each once: those in brackets, as our own mails carry them (`[OPP-1042] …`, also behind `Re: AW:`).
 * A number without brackets may be somebody else's.
 */
export function recordNumbersIn(subject: string): readonly string[] {
  const found = subject.slice(0, 2_000).matchAll(/\[\s?([A-ZÄÖÜ]{1,10}(?:-\d{1,12}){1,3})\s?\]/gi);
  return [...new Set(Array.from(found, ([, number = '']) => number.toUpperCase()))];
}

const messageIdLine = /^message-id:\s*<([^<>\s]{1,500})>/im;
const longestHead = 65_536;

/** Ids of our mail that a bounce brings back: as a mail or its headers attached, or in the text (Exim). */
const returnedIds = (mail: ParsedMail): string[] => {
  const returned = mail.attachments.filter(({ contentType }) =>
    /^(?:message\/rfc822|text\/rfc822-headers)$/.test(contentType),
  );
  const heads = returned.map(({ content }) => new TextDecoder('latin1').decode(content.subarray(0, longestHead)));
  return [...heads, mail.text.slice(0, longestHead)].flatMap((head) => messageIdLine.exec(head)?.[1] ?? []);
};

const originalIdLine = /^original-message-id:\s*<([^<>\s]{1,500})>/im;

/** The id of our mail that a receipt tells of. */
const receiptIds = (mail: ParsedMail): string[] => {
  const told = mail.attachments.filter(({ contentType }) => contentType === 'message/disposition-notification');
  return told.flatMap(({ content }) => {
    const text = new TextDecoder('latin1').decode(content.subarray(0, longestHead));
    return originalIdLine.exec(text)?.[1] ?? [];
  });
};

const toldOf = (mail: ParsedMail): string[] => {
  if (isReceipt(mail)) return receiptIds(mail);
  return classifyMail(mail) === 'bounce' ? returnedIds(mail) : [];
};

/** Ids of the mails that this one answers, the newest first; of a bounce also the one that came back, of a receipt the one that was read. */
export function threadIdsOf(mail: ParsedMail): readonly string[] {
  const returned = toldOf(mail);
  const newest = mail.inReplyTo === null ? [] : [mail.inReplyTo];
  return [...new Set([...returned, ...newest, ...mail.references.toReversed()])];
}
