import libmime from 'libmime';
import { isInlinePicture, pictureCounts } from '../../core/mail/inline-pictures.ts';
import type { MailAttachment, ParsedMail } from '../../core/mail/parsed-mail.ts';
import { guessText } from '../../core/charset.ts';
import { doubt, Doubts } from './doubts.ts';
import {
  addressesOf,
  dateOf,
  decodeHeader,
  idsOf,
  readHeader,
  senderOf,
  toHeaders,
  type HeaderLine,
} from './headers.ts';
import { sanitizeMailHtml, textOfHtml } from './html.ts';
import { withAttachedMails } from './attached-mails.ts';
import { readParts, type ReadFile, type ReadParts } from './parts.ts';

/** Characters. What understands a mail runs where people wait for answers. */
const longestText = 300_000;

/** Control characters and those that turn the direction of a name around (`exe.fdp` for `pdf.exe`). */
const unwanted = /[\u0000-\u001f\u007f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufffd]/g;

const toFileName = ({ fileName, contentType }: ReadFile, index: number): string => {
  const last = (fileName ?? '').split(/[/\\]/).at(-1) ?? '';
  const clean = last.replace(unwanted, '').replace(/^[.\s]+|[.\s]+$/g, '');
  if (clean === '') return `anhang-${index + 1}.${libmime.detectExtension(contentType)}`;
  if (clean.length <= 150) return clean;
  const ending = /\.[^.]{1,10}$/.exec(clean)?.[0] ?? '';
  return `${clean.slice(0, 150 - ending.length)}${ending}`;
};

const toAttachment = (file: ReadFile, index: number): MailAttachment => ({
  fileName: toFileName(file, index),
  contentType: /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+$/.test(file.contentType) ? file.contentType : 'application/octet-stream',
  size: file.content.byteLength,
  content: file.content,
  isInline: false,
  contentId: file.contentId,
});

const toText = (text: string, doubts: Doubts): string => {
  if (/[\u0000-\u0008\u000e-\u001a\u001c-\u001f]/.test(text)) doubts.add(doubt.controlCharacters);
  const clean = text
    .replace(/\r\n?/g, '\n')
    .replace(/[\u0000-\u0008\u000b-\u001f\u007f\ufeff]/g, '')
    .replace(/^\s*\n/, '')
    .trimEnd();
  if (/^-----BEGIN PGP MESSAGE-----$/m.test(clean.slice(0, 20_000))) doubts.add(doubt.pgpEncrypted);
  if (clean.length <= longestText) return clean;
  doubts.add(doubt.tooLongText);
  return clean.slice(0, longestText);
};

interface Body {
  readonly text: string;
  readonly html: string | null;
  readonly attachments: readonly MailAttachment[];
}

/** Marks the pictures that the HTML shows. */
const withInline = (attachments: readonly MailAttachment[], html: string): MailAttachment[] => {
  const counts = pictureCounts(html);
  return attachments.map((file) => ({ ...file, isInline: isInlinePicture(file) && counts.has(file.contentId ?? '') }));
};

const toBody = ({ text, html = '', files }: ReadParts, doubts: Doubts): Body => {
  const attachments = files.map(toAttachment);
  const pictures = new Set(attachments.flatMap((file) => (isInlinePicture(file) ? (file.contentId ?? []) : [])));
  const safe = html === '' ? null : sanitizeMailHtml(html, pictures);
  const plain = text === undefined || text.trim() === '' ? textOfHtml(safe ?? '') : text;
  if (safe !== undefined)
    return { text: toText(plain, doubts), html: safe, attachments: withInline(attachments, safe ?? '') };
  doubts.add(doubt.unusableHtml);
  const content = new TextEncoder().encode(html);
  const file = { fileName: 'mail.html', contentType: 'text/html', contentId: null, content };
  return { text: toText(text ?? '', doubts), html: null, attachments: [...attachments, toAttachment(file, 0)] };
};

/** Nothing was found in a mail that has something: its boundaries are wrong. */
const isLost = ({ text = '', html = '', files }: ReadParts, body: Uint8Array): boolean =>
  files.length === 0 && text.trim() === '' && html === '' && body.some((byte) => byte > 0x20);

const asItArrived = (body: Uint8Array, doubts: Doubts): ReadParts => {
  doubts.add(doubt.noStructure);
  return { text: guessText(body), html: undefined, files: [] };
};

const toMail = (lines: readonly HeaderLine[], body: Body, doubts: Doubts): ParsedMail => {
  const mail = {
    messageId: idsOf(lines, 'message-id')[0] ?? null,
    inReplyTo: idsOf(lines, 'in-reply-to')[0] ?? null,
    references: idsOf(lines, 'references'),
    from: senderOf(lines, doubts),
    replyTo: addressesOf(lines, 'reply-to'),
    to: addressesOf(lines, 'to'),
    cc: addressesOf(lines, 'cc'),
    subject: decodeHeader(lines, 'subject', doubts),
    date: dateOf(lines),
    ...body,
    headers: toHeaders(lines),
  };
  const isEmpty = mail.text === '' && mail.html === null && mail.attachments.length === 0 && mail.subject === '';
  if (isEmpty) doubts.add(doubt.empty);
  return { ...mail, doubts: doubts.all };
};

/**
 * Understands a mail as far as it can be: whatever is in it, the answer is a mail, and `doubts` say what a person must look at.
 * Works on the thread it is called on: use `createMailParser`, which keeps time and memory.
 * @param depth How many mails this one is attached to.
 */
export async function parseMail(raw: Uint8Array, depth = 0): Promise<ParsedMail> {
  const doubts = new Doubts();
  const { headerLines, head, body } = readHeader(raw, doubts);
  if (headerLines.length === 0) {
    if (raw.byteLength > 0) doubts.add(doubt.noHeaders);
    return toMail([], { text: toText(guessText(raw), doubts), html: null, attachments: [] }, doubts);
  }
  const parts = await readParts({ head, body }, doubts);
  const mail = toMail(headerLines, toBody(isLost(parts, body) ? asItArrived(body, doubts) : parts, doubts), doubts);
  return await withAttachedMails(mail, depth, parseMail);
}
