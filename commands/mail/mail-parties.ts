import { unwrapForwarded } from '../../core/mail/index.ts';
import type { MailAddress, ParsedMail } from '../../core/mail/parsed-mail.ts';
import type { User } from '../../store/accounts-users.ts';
import type { Queries } from '../../store/database.ts';
import type { RecordData } from '../../store/record-table.ts';
import type { Context } from '../context.ts';
import { knownAddress, linksOfEntries, type Links } from './mail-places.ts';
import { isSourceAddress } from './recipients.ts';
import { storedMail } from './stored-mail.ts';

/** Who a mail is between, and which way it went. */
export interface Parties {
  readonly direction: 'in' | 'out';
  /** Who filed it, where somebody did. */
  readonly user: User | undefined;
  /** The outsider that it is from or to, of several the first that nobody knows; of a forwarded mail its first sender. */
  readonly other: MailAddress | undefined;
  /** Where each of the known ones of them belongs. */
  readonly places: readonly Links[];
  readonly unknown: readonly string[];
  /** Of a forwarded mail what the first sender wrote. */
  readonly forwarded: { readonly subject: string; readonly date: string | null; readonly text: string } | undefined;
}

interface Subject {
  readonly mail: ParsedMail;
  readonly user: User | undefined;
}

interface Sides {
  readonly direction: 'in' | 'out';
  readonly others: readonly MailAddress[];
  readonly forwarded?: NonNullable<Parties['forwarded']>;
}

const forwardedSides = (mail: ParsedMail): Sides | undefined => {
  const original = unwrapForwarded(mail);
  if (original === null) return undefined;
  const { from, ...forwarded } = original;
  return { direction: 'in', others: [from], forwarded };
};

const sidesOf = async (ctx: Context, db: Queries, { mail, user }: Subject): Promise<Sides> => {
  const users = new Set([...ctx.snapshot.users.values()].map(({ email }) => email));
  const isOther = ({ address }: MailAddress): boolean => !users.has(address) && !isSourceAddress(ctx.snapshot, address);
  const outsiders = [...mail.to, ...mail.cc].filter(isOther);
  const senders = mail.from === null ? [] : [mail.from];
  const isFromUs = senders.some(({ address }) => users.has(address));
  const incoming = { direction: 'in', others: senders } as const;
  if (user === undefined) return (isFromUs ? forwardedSides(mail) : undefined) ?? incoming;
  // A server's rule or a redirect brings what others wrote, too: only a mail of one of us went out.
  if (isFromUs && outsiders.length > 0) return { direction: 'out', others: outsiders };
  const forwarded = outsiders.length === 0 ? forwardedSides(mail) : undefined;
  // What a customer forwarded is the customer's; an address that nobody knows may be another one of the user's.
  const isCustomers = async (): Promise<boolean> =>
    mail.from !== null && (await knownAddress(ctx, db, mail.from.address)).person !== undefined;
  if (forwarded !== undefined && (isFromUs || !(await isCustomers()))) return forwarded;
  return { ...incoming, others: senders.filter(isOther) };
};

/** Looks up who takes part in a mail. Rights are those of the context: whom its actor may not see is unknown. */
export async function partiesOf(ctx: Context, db: Queries, subject: Subject): Promise<Parties> {
  const { direction, others, forwarded } = await sidesOf(ctx, db, subject);
  const places: Links[] = [];
  const unknown: MailAddress[] = [];
  for (const one of others) {
    const { person, organization, lead } = await knownAddress(ctx, db, one.address);
    if (person === undefined) unknown.push(one);
    places.push({
      ...(typeof person?.['id'] === 'string' ? { person: person['id'] } : {}),
      ...(organization === undefined ? {} : { organization }),
      ...(typeof lead?.['id'] === 'string' ? { lead: lead['id'] } : {}),
    });
  }
  const other = unknown[0] ?? others[0];
  return {
    direction,
    user: subject.user,
    other,
    places: linksOfEntries(places),
    unknown: unknown.map(({ address }) => address),
    forwarded,
  };
}

/** The same for a mail that is kept, filed by whoever filed it. */
export async function partiesOfMessage(ctx: Context, db: Queries, message: RecordData): Promise<Parties> {
  const user = ctx.snapshot.users.get(String(message['filedBy'] ?? ''));
  return await partiesOf(ctx, db, { mail: storedMail(message).mail, user });
}
