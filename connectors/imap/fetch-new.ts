import type { FetchMessageObject, ImapFlow } from 'imapflow';
import type { ImapMailbox, MailboxPosition, OversizedMail, ReceiveMail } from './mailbox.ts';

/** Uids behind the position, rising: only what is unread as far as that is all that is wanted, then everything. */
const uidsToFetch = async (client: ImapFlow, { uid, unreadUpTo = 0 }: MailboxPosition): Promise<number[]> => {
  const search = async (from: number, to: number | '*', more = {}): Promise<number[]> => {
    const found = await client.search({ ...more, uid: `${from}:${to}` }, { uid: true });
    // `n:*` names the last mail even where that is before n.
    return (Array.isArray(found) ? found : []).filter((one) => one >= from).toSorted((a, b) => a - b);
  };
  const unread = unreadUpTo > uid ? await search(uid + 1, unreadUpTo, { seen: false }) : [];
  return [...unread, ...(await search(Math.max(uid, unreadUpTo) + 1, '*'))];
};

/** Where reading goes on. At first what was read before us is passed over, also when that first reading is broken off. */
const startOf = (client: ImapFlow, position: MailboxPosition | null): MailboxPosition => {
  if (client.mailbox === false) throw new Error('no folder is open');
  const uidValidity = String(client.mailbox.uidValidity);
  if (position?.uidValidity === uidValidity) return position;
  const isFirst = position === null || position.unreadUpTo !== undefined;
  return { uidValidity, uid: 0, ...(isFirst ? { unreadUpTo: client.mailbox.uidNext - 1 } : {}) };
};

/** Does to a mail in the mailbox what was asked for. Doing it again changes nothing; a mail that is gone is none of ours. */
const settle = async (client: ImapFlow, mailbox: ImapMailbox, uid: number): Promise<void> => {
  const range = String(uid);
  if (mailbox.after === 'seen') await client.messageFlagsAdd(range, ['\\Seen'], { uid: true });
  if (mailbox.after === 'move' && mailbox.moveTo !== undefined)
    await client.messageMove(range, mailbox.moveTo, { uid: true });
};

interface Fetching {
  readonly client: ImapFlow;
  readonly mailbox: ImapMailbox;
  readonly receive: ReceiveMail;
  /** Bytes of the largest mail that is fetched. */
  readonly mostBytes: number;
}

/** Bytes that are asked for at a time, and the most of a mail that is in memory here. */
const chunkSize = 1_048_576;

const toOversized = ({ size = 0, envelope = {} }: FetchMessageObject): Omit<OversizedMail, 'position'> => {
  const { messageId = '', from: [from] = [], subject = '' } = envelope;
  return {
    size,
    messageId: /<([^<>\s]+)>/.exec(messageId)?.[1],
    from: from?.address === undefined ? null : { address: from.address.toLowerCase(), name: from.name ?? '' },
    subject,
  };
};

/** @returns The position, as it is to be kept. */
const fetchOne = async (
  { client, mailbox, receive, mostBytes }: Fetching,
  position: MailboxPosition,
): Promise<MailboxPosition> => {
  const range = String(position.uid);
  const about = await client.fetchOne(range, { size: true, envelope: true }, { uid: true });
  if (about !== false && (about.size ?? 0) > mostBytes) {
    const passedOver: MailboxPosition = { ...position, isPassedOver: true };
    await receive({ ...toOversized(about), position: passedOver });
    return passedOver;
  }
  const { content } = about === false ? {} : await client.download(range, undefined, { uid: true, chunkSize });
  // Somebody deleted it between search and fetch.
  if (content === undefined) return position;
  try {
    await receive({ position, raw: content });
  } finally {
    // The connection goes on only when what was asked of it is read or thrown away.
    content.resume();
  }
  await settle(client, mailbox, position.uid);
  return position;
};

/**
 * Hands over what is new in an open folder, oldest first, one at a time, and settles each once it is durable. Of one that is larger than
 * `mostBytes` only what the server says of it. Stops at the first that could not be received: it stays as it is and comes again.
 * @returns Where the folder stands; to be given the next time unless `receive` stored a later one.
 */
export async function fetchNew(fetching: Fetching, position: MailboxPosition | null): Promise<MailboxPosition> {
  const { client, mailbox } = fetching;
  const start = startOf(client, position);
  const { uidValidity, unreadUpTo = 0 } = start;
  // We may have ended between storing a mail and settling it: only the last one can be unsettled.
  if (start.uid > 0 && start.isPassedOver !== true) await settle(client, mailbox, start.uid);
  let reached = start;
  for (const uid of await uidsToFetch(client, start))
    reached = await fetchOne(fetching, { uidValidity, uid, ...(unreadUpTo > uid ? { unreadUpTo } : {}) });
  return reached.uid < unreadUpTo ? { uidValidity, uid: unreadUpTo, isPassedOver: true } : reached;
}
