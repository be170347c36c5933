import { unwrapForwarded } from '../../core/mail/index.ts';
import type { MailAddress, ParsedMail } from '../../core/mail/parsed-mail.ts';
import type { User } from '../../store/accounts-users.ts';
import type { Queries } from '../../store/database.ts';
import type { Context } from '../context.ts';
import { knownAddress, type Links } from './mail-places.ts';
import { isSourceAddress } from './recipients.ts';

/** Who a mail is between, and which way it went. */
export interface Parties {
  readonly direction: 'in' | 'out';
  /** Who filed it, where somebody did. */
  readonly user: User | undefined;
  /** The outsider that it is from or to; of a forwarded mail its first sender. */
  readonly other: MailAddress | undefined;
  /** Where the known ones of them belong. */
  readonly links: Links;
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

const sidesOf = (ctx: Context, { mail, user }: Subject): Sides => {
  const users = new Set([...ctx.snapshot.users.values()].map(({ email }) => email));
  const isOther = ({ address }: MailAddress): boolean => !users.has(address) && !isSourceAddress(ctx.snapshot, address);
  const outsiders = [...mail.to, ...mail.cc].filter(isOther);
  const senders = mail.from === null ? [] : [mail.from];
  if (user === undefined) return { direction: 'in', others: senders };
  const original = outsiders.length === 0 ? unwrapForwarded(mail) : null;
  if (original !== null) {
    const { from, ...forwarded } = original;
    return { direction: 'in', others: [from], forwarded };
  }
  // A server's rule or a redirect brings what others wrote, too: only a mail of one of us went out.
  const isFromUs = mail.from !== null && users.has(mail.from.address);
  if (isFromUs && outsiders.length > 0) return { direction: 'out', others: outsiders };
  return { direction: 'in', others: senders.filter(isOther) };
};

/** Looks up who takes part in a mail. Rights are those of the context: whom its actor may not see is unknown. */
export async function partiesOf(ctx: Context, db: Queries, subject: Subject): Promise<Parties> {
  const { direction, others, forwarded } = sidesOf(ctx, subject);
  let links: Links = {};
  const unknown: string[] = [];
  for (const { address } of others) {
    const { person, organization, lead } = await knownAddress(ctx, db, address);
    if (person === undefined) unknown.push(address);
    const found = {
      ...(typeof person?.['id'] === 'string' ? { person: person['id'] } : {}),
      ...(organization === undefined ? {} : { organization }),
      ...(typeof lead?.['id'] === 'string' ? { lead: lead['id'] } : {}),
    };
    // The first that is known leads: an entry belongs to one person.
    if (Object.keys(links).length === 0) links = found;
  }
  return { direction, user: subject.user, other: others[0], links, unknown, forwarded };
}
