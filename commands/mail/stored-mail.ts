import type { MailAddress, MailAttachment, ParsedMail } from '../../core/mail/parsed-mail.ts';
import type { MailRecipient } from '../../store/mail-jobs.ts';
import type { RecordData } from '../../store/record-table.ts';
import { sha256 } from '../../store/secrets.ts';

/** Characters of text that are kept beside the raw mail. */
export const longestText = 200_000;

/** The same mail says the same, whatever way it took and whatever was written on its envelope. */
export const saidHash = (mail: ParsedMail, attachments: readonly RecordData[]): string => {
  const text = mail.text.slice(0, longestText).trim();
  return sha256(JSON.stringify([mail.from?.address, mail.subject, text, attachments.map(({ blob }) => blob)]));
};

/** What a received message keeps of its mail. */
export interface StoredMail {
  readonly mail: ParsedMail;
  readonly thread: readonly string[];
  readonly recipients: readonly MailRecipient[];
  readonly kind: string;
  readonly attachments: readonly RecordData[];
}

const addresses = (value: unknown): readonly MailAddress[] => (Array.isArray(value) ? (value as MailAddress[]) : []);

/** What JSON attachments said is kept with the text, in the form in which it came. */
const formFile = (form: RecordData): MailAttachment => {
  const content = new TextEncoder().encode(JSON.stringify(form));
  const contentType = 'application/json';
  return { fileName: '', contentType, size: content.byteLength, content, isInline: false, contentId: null };
};

/** The mail of a message that was worked before, without its other files and its headers, which are in the raw mail. */
export function storedMail(message: RecordData): StoredMail {
  const about = (message['mail'] ?? {}) as RecordData;
  const body = (message['mailBody'] ?? {}) as { text?: string; html?: string | null; form?: RecordData | null };
  return {
    mail: {
      messageId: (about['messageId'] as string | null) ?? null,
      inReplyTo: null,
      references: [],
      from: (about['from'] as MailAddress | null) ?? null,
      replyTo: addresses(about['replyTo']),
      to: addresses(about['to']),
      cc: addresses(about['cc']),
      subject: String(message['subject'] ?? ''),
      date: (about['date'] as string | null) ?? null,
      text: body.text ?? '',
      html: body.html ?? null,
      attachments: body.form === undefined || body.form === null ? [] : [formFile(body.form)],
      headers: {},
      doubts: [],
    },
    thread: (about['thread'] ?? []) as readonly string[],
    recipients: (about['recipients'] ?? []) as readonly MailRecipient[],
    kind: String(about['kind'] ?? 'person'),
    attachments: (message['attachments'] ?? []) as readonly RecordData[],
  };
}
