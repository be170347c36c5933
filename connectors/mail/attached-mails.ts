import { forwardedBlock } from '../../core/mail/forwarded.ts';
import type { MailAttachment, ParsedMail } from '../../core/mail/parsed-mail.ts';
import { doubt } from './doubts.ts';

const deepest = 3;
const mostMails = 5;

const isMail = ({ contentType, fileName }: MailAttachment): boolean =>
  contentType === 'message/rfc822' || (contentType === 'application/octet-stream' && /\.eml$/i.test(fileName));

/** A bounce brings the returned mail along, which nobody forwarded. */
const isReport = (mail: ParsedMail): boolean => /^\s*multipart\/report/i.test(mail.headers['content-type'] ?? '');

const asHtml = (text: string): string =>
  `<pre>${text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')}</pre>`;

/**
 * A mail that was forwarded as an attachment reads like one that was forwarded in the text: its head and text are appended in the usual form.
 * The attachments stay, so nothing is lost where they cannot be read.
 */
export async function withAttachedMails(
  mail: ParsedMail,
  depth: number,
  parse: (raw: Uint8Array, depth: number) => Promise<ParsedMail>,
): Promise<ParsedMail> {
  const attached = mail.attachments.filter((attachment) => isMail(attachment)).slice(0, mostMails);
  if (attached.length === 0 || isReport(mail)) return mail;
  if (depth >= deepest) return { ...mail, doubts: [...mail.doubts, doubt.nestedTooDeep] };
  const inner: ParsedMail[] = [];
  for (const { content } of attached) inner.push(await parse(content, depth + 1));
  const blocks = inner.map((one) => forwardedBlock(one));
  const doubts = new Map([...mail.doubts, ...inner.flatMap((one) => one.doubts)].map((one) => [one.en, one]));
  return {
    ...mail,
    text: [mail.text, ...blocks].filter((text) => text !== '').join('\n\n'),
    html: mail.html === null ? null : [mail.html, ...blocks.map((block) => asHtml(block))].join('<hr />'),
    doubts: [...doubts.values()],
  };
}
