import type { FetchMessageObject, ImapFlow } from 'imapflow';
import type { ImapMailbox, MailboxPosition, OversizedMail, ReceiveMail } from './mailbox.ts';

const dayMs = 86_400_000;

/** The second in which a mail came. */
const cameAt = ({ internalDate }: FetchMessageObject): string | undefined =>
  internalDate === undefined ? undefined : new Date(internalDate).toISOString();

interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly since: string;
}

/** Mails of a stretch that somebody has read and that came `since`. */
const readSince = async (client: ImapFlow, { from, to, since }: Stretch): Promise<number[]> => {
  // SINCE knows days only, in the zone of the server.
  const day = new Date(Date.parse(since) - dayMs);
  const found = await client.search({ uid: `${from}:${to}`, seen: true, since: day }, { uid: true });
  if (!Array.isArray(found) || found.length === 0) return [];
  const uids: number[] = [];
  for await (const about of client.fetch(found, { internalDate: true }, { uid: true }))
    if ((cameAt(about) ?? since) >= since) uids.push(about.uid);
  return uids;
};

/** Uids behind the position, rising: as far as `unreadUpTo` only what is unread or came since, then everything. */
const uidsToFetch = async (client: ImapFlow, { uid, unreadUpTo = 0, since }: MailboxPosition): Promise<number[]> => {
  const search = async (from: number, to: number | '*', more = {}): Promise<number[]> => {
    const found = await client.search({ ...more, uid: `${from}:${to}` }, { uid: true });
    // `n:*` names the last mail even where that is before n.
    return (Array.isArray(found) ? found : []).filter((one) => one >= from);
  };
  const wanted = await search(Math.max(uid, unreadUpTo) + 1, '*');
  if (unreadUpTo > uid) {
    wanted.push(...(await search(uid + 1, unreadUpTo, { seen: false })));
    if (since !== undefined) wanted.push(...(await readSince(client, { from: uid + 1, to: unreadUpTo, since })));
  }
  return [...new Set(wanted)].toSorted((a, b) => a - b);
};

/**
 * Where reading goes on. At first what was read before us is passed over, and so it is when the folder was numbered anew, but for what came
 * since; also when that reading is broken off.
 */
const startOf = (client: ImapFlow, position: MailboxPosition | null): MailboxPosition => {
  if (client.mailbox === false) throw new Error('no folder is open');
  const uidValidity = String(client.mailbox.uidValidity);
  const { since = new Date(Date.now() + 1_000).toISOString() } = position ?? {};
  if (position?.uidValidity === uidValidity) return { ...position, since };
  return { uidValidity, uid: 0, unreadUpTo: client.mailbox.uidNext - 1, since };
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

/** A mail behind the first reading of a numbering tells how far that has come; those within it lie in any order. */
const withSince = (position: MailboxPosition, about: FetchMessageObject | false): MailboxPosition => {
  const came = about === false || position.unreadUpTo !== undefined ? undefined : cameAt(about);
  // What names the future would pass over all that comes until then.
  const isNewest = came !== undefined && came > (position.since ?? '') && came <= new Date().toISOString();
  return isNewest ? { ...position, since: came } : position;
};

/** @returns The position, as it is to be kept. */
const fetchOne = async (
  { client, mailbox, receive, mostBytes }: Fetching,
  next: MailboxPosition,
): Promise<MailboxPosition> => {
  const range = String(next.uid);
  const about = await client.fetchOne(range, { size: true, envelope: true, internalDate: true }, { uid: true });
  const position = withSince(next, about);
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
  for (const uid of await uidsToFetch(client, start)) {
    const { since } = reached;
    reached = await fetchOne(fetching, { uidValidity, uid, since, ...(unreadUpTo > uid ? { unreadUpTo } : {}) });
  }
  return reached.uid < unreadUpTo
    ? { uidValidity, uid: unreadUpTo, since: reached.since, isPassedOver: true }
    : reached;
}
