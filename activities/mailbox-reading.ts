import { keepOutcome } from '../commands/connections/changeConnection.ts';
import { openConnection } from '../commands/connections/connection.ts';
import { acceptMail, type ArrivedMail } from '../commands/mail/acceptMail.ts';
import { storeContent, type StoredContent } from '../commands/mail/content.ts';
import { usersNamedIn } from '../commands/mail/recipients.ts';
import { sourceOf } from '../commands/source.ts';
import type { Egress } from '../connectors/egress.ts';
import type {
  ImapMailbox,
  MailboxPosition,
  MailboxWatcher,
  OversizedMail,
  ReceiveMail,
} from '../connectors/imap/index.ts';
import { sourceActor } from '../core/actor.ts';
import { LeitwerkError, type Text } from '../core/errors.ts';
import type { Context } from '../commands/context.ts';
import type { BlobStore } from '../store/blobs.ts';
import type { ConnectionRow } from '../store/connections.ts';
import { failpoint } from '../store/failpoints.ts';
import { readMailboxPosition, writeMailboxPosition } from '../store/mailboxes.ts';
import type { MailRecipient } from '../store/mail-jobs.ts';
import { sha256, type SecretBox } from '../store/secrets.ts';
import { processContext, type WorkerStore } from './context.ts';
import { toDetail } from './failure.ts';

/** What reading mailboxes stands on. */
export interface MailboxStore extends WorkerStore {
  readonly blobs: BlobStore;
  readonly secrets: SecretBox;
  readonly egress: Egress;
  /** Bytes of the largest mail that is taken in, as by SMTP. */
  readonly mostBytes: number;
  /** A mail has been taken in. */
  readonly onMail: () => void;
  readonly onError: (error: unknown) => void;
}

/** A connection whose mailbox is being read. */
export interface Reading {
  /** False while the mailbox cannot be read; its connection says why. */
  readonly isHealthy: () => boolean;
  /** Ends after the mail that is being received. */
  readonly close: () => Promise<void>;
}

/** The mailbox itself acting: what it brings names its source as its maker. */
const contextOf = (store: MailboxStore, { tenantId, id }: ConnectionRow): Context =>
  processContext(store, { tenantId, entity: 'connection', recordId: id });

const tooLarge = ({ size }: OversizedMail, most: number, { user, folder }: ImapMailbox): Text => {
  const [has, may] = [size, most].map((bytes) => Math.ceil(bytes / 1_000_000));
  return {
    de: `Diese Mail ist zu groß (${has} MB, höchstens ${may} MB) und wurde nicht geholt. Sie liegt unverändert im Postfach „${user}“, Ordner „${folder}“: dort lesen und hier zuordnen. Oder SMTP_MAX_MB erhöhen und die Mail in diesen Ordner kopieren; sie kommt dann als neue Nachricht.`,
    en: `This mail is too large (${has} MB, at most ${may} MB) and was not fetched. It is unchanged in the mailbox "${user}", folder "${folder}": read it there and sort it here. Or raise SMTP_MAX_MB and copy the mail into that folder; it then comes as a new message.`,
  };
};

type Content = StoredContent & Pick<ArrivedMail, 'absent'>;

/** What stands for a mail that stays in its mailbox: the same whenever the mailbox is numbered anew. */
const toAbsent = (mail: OversizedMail, reason: Text): Content => {
  const { size, messageId, from, subject } = mail;
  const rawHash = sha256(JSON.stringify([size, messageId, from, subject]));
  return {
    raw: undefined,
    rawBlob: undefined,
    size,
    rawHash,
    messageId,
    header: '',
    absent: { from, subject, reason },
  };
};

/** Takes a mail in and notes in the same transaction that the mailbox has been read up to it. */
const receiverOf = (store: MailboxStore, row: ConnectionRow, mailbox: ImapMailbox): ReceiveMail => {
  const { tenantId } = row;
  const key = keyOf(row, mailbox);
  return async (mail) => {
    const outer = contextOf(store, row);
    const { key: source, label } = sourceOf(outer.snapshot, mailbox.source);
    const ctx = { ...outer, actor: sourceActor(tenantId, { key: source, name: label.de }) };
    const content: Content =
      'raw' in mail
        ? await storeContent(store.blobs, mail.raw)
        : toAbsent(mail, tooLarge(mail, store.mostBytes, mailbox));
    const users = await usersNamedIn(store, tenantId, content.header);
    const own: MailRecipient = { kind: 'source', address: mailbox.user, source };
    // Which server brought it, and under which name, only the mailbox's provider knows.
    const envelope = { remoteAddress: '', helo: '', mailFrom: '', recipients: users.length > 0 ? users : [own] };
    await acceptMail(ctx, { ...content, source, envelope }, async (tx) => {
      await writeMailboxPosition(tx, key, mail.position);
    });
    store.onMail();
    failpoint('S5');
  };
};

const keyOf = ({ tenantId, id }: ConnectionRow, { user, host, port, folder }: ImapMailbox) => ({
  tenantId,
  connection: id,
  place: `${user}@${host}:${port}/${folder}`,
});

/** Reads a connection's mailbox until it is closed, and keeps on the connection how that goes. */
export async function readMailbox(store: MailboxStore, row: ConnectionRow): Promise<Reading> {
  let isHealthy = true;
  let noting: Promise<void> = Promise.resolve();
  const keep = async (before: Promise<void>, problem: unknown): Promise<void> => {
    await before;
    try {
      await keepOutcome(contextOf(store, row), row.id, problem === null ? null : toDetail(problem));
    } catch (error) {
      store.onError(error);
    }
  };
  const note = (problem: unknown): void => {
    isHealthy = problem === null;
    noting = keep(noting, problem);
  };
  const watcher = await watch(store, row, note).catch((error: unknown) => {
    if (!(error instanceof LeitwerkError && error.code === 'Misconfigured')) throw error;
    // Credentials that cannot be opened: whoever enters them anew changes the connection.
    note(error);
    return undefined;
  });
  return {
    isHealthy: () => isHealthy,
    close: async () => {
      await watcher?.close();
      await noting;
    },
  };
}

const watch = async (
  store: MailboxStore,
  row: ConnectionRow,
  onState: (problem: unknown) => void,
): Promise<MailboxWatcher> => {
  const { toMailbox, watchMailbox } = await import('../connectors/imap/index.ts');
  const { egress, db, mostBytes } = store;
  const mailbox = toMailbox(await openConnection(contextOf(store, row), store.secrets, row.id));
  const key = keyOf(row, mailbox);
  const load = async (): Promise<MailboxPosition | null> =>
    (await readMailboxPosition(db, key)) as MailboxPosition | null;
  return watchMailbox({
    mailbox,
    network: egress,
    egress,
    mostBytes,
    loadPosition: async () => {
      // Said at once, not when the first mail comes.
      sourceOf(contextOf(store, row).snapshot, mailbox.source);
      return await load();
    },
    receive: receiverOf(store, row, mailbox),
    savePosition: async (position) => {
      if (JSON.stringify(await load()) !== JSON.stringify(position))
        await db.write(async (tx) => await writeMailboxPosition(tx, key, position));
    },
    onState,
  });
};
