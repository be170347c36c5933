import { parentPort } from 'node:worker_threads';
import { simpleParser, type AddressObject, type ParsedMail as Parsed } from 'mailparser';
import type { MailAddress, ParsedMail } from '../../core/mail/parsed-mail.ts';

const bare = (id: string | undefined): string | null => id?.replaceAll(/[<>\s]/g, '') ?? null;

const addresses = (value: AddressObject | AddressObject[] | undefined): MailAddress[] =>
  [value ?? []]
    .flat()
    .flatMap((one) =>
      one.value.flatMap(({ address, name }) =>
        address === undefined ? [] : [{ address: address.toLowerCase(), name }],
      ),
    );

const toMail = (parsed: Parsed): ParsedMail => ({
  messageId: bare(parsed.messageId),
  inReplyTo: bare(parsed.inReplyTo),
  references: [parsed.references ?? []].flat().map((id) => bare(id) ?? ''),
  from: addresses(parsed.from)[0] ?? null,
  replyTo: addresses(parsed.replyTo),
  to: addresses(parsed.to),
  cc: addresses(parsed.cc),
  subject: parsed.subject ?? '',
  date: parsed.date?.toISOString() ?? null,
  text: parsed.text ?? '',
  html: null,
  attachments: parsed.attachments.map((file) => ({
    fileName: file.filename ?? '',
    contentType: file.contentType,
    size: file.size,
    content: file.content,
    isInline: file.related === true,
    contentId: file.cid ?? null,
  })),
  headers: Object.fromEntries(
    parsed.headerLines.map(({ key, line }) => [key, line.slice(line.indexOf(':') + 1).trim()]),
  ),
  doubts: [],
});

parentPort?.on('message', (raw: Uint8Array) => {
  void simpleParser(Buffer.from(raw)).then((parsed) => parentPort?.postMessage(toMail(parsed)));
});
