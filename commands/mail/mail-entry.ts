import { actorName } from '../../core/actor.ts';
import { ownText } from '../../core/mail/index.ts';
import type { ParsedMail } from '../../core/mail/parsed-mail.ts';
import type { Tx } from '../../store/database.ts';
import type { RecordData } from '../../store/record-table.ts';
import { modelOf, type Context } from '../context.ts';
import { addRecord } from '../record-write.ts';
import type { Links } from './mail-places.ts';
import type { Parties } from './mail-parties.ts';

/** Characters that an entry has room for. */
const longestText = 20_000;

/** Files as an entry lists them: without the blob's name, loaded by their position. */
const listed = (attachments: readonly RecordData[]): RecordData[] =>
  attachments.flatMap(({ name, contentType, size, isInline }, index) =>
    isInline === true ? [] : [{ index, name, contentType, size }],
  );

export interface MailEntry {
  /** Id of the received message. */
  readonly message: RecordData;
  readonly mail: ParsedMail;
  readonly kind: string;
  readonly attachments: readonly RecordData[];
  readonly links: Links;
  readonly parties: Parties;
}

/** Writes the entry that shows a mail on every record that it belongs to. Answers its id. */
export async function addMailEntry(ctx: Context, tx: Tx, filed: MailEntry): Promise<string> {
  const { mail, parties, links } = filed;
  const own = ownText(mail);
  const text = parties.forwarded?.text ?? (own === '' ? mail.text : own);
  const facts = {
    message: filed.message['id'],
    subject: parties.forwarded?.subject ?? mail.subject,
    direction: parties.direction,
    mailKind: filed.kind,
    from: parties.forwarded === undefined ? mail.from : (parties.other ?? null),
    to: mail.to,
    cc: mail.cc,
    date: parties.forwarded?.date ?? mail.date,
    user: parties.user?.id ?? null,
    hasHtml: mail.html !== null,
    files: listed(filed.attachments),
    unknown: parties.unknown,
  };
  const input = {
    kind: 'mail',
    text: text.slice(0, longestText),
    facts,
    at: ctx.now().toISOString(),
    actor: actorName(ctx.actor),
    ...links,
  };
  const { record } = await addRecord(ctx, tx, { model: modelOf(ctx, 'timeline-entry'), input });
  return String(record['id']);
}
