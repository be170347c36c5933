import type { MailAddress, ParsedMail } from '../../core/mail/parsed-mail.ts';
import type { User } from '../../store/accounts-users.ts';
import type { Queries } from '../../store/database.ts';
import { findMailAddressByToken } from '../../store/mail-addresses.ts';
import type { Context } from '../context.ts';

/** Addresses that could be a user's for filing: 26 letters and digits, with a record's number behind a plus. */
const likely = /(?<![a-z0-9._+-])([a-z2-9]{26})((?:\+[\w-]{1,60})?@[a-z0-9][a-z0-9.-]{0,200})/gi;

/** Of one text, so many are looked up. */
const mostTokens = 50;

/** Users by the local part of their address. */
const usersIn = async (ctx: Context, db: Queries, texts: readonly string[]): Promise<ReadonlyMap<string, User>> => {
  const tokens = new Set(
    texts.flatMap((text) => Array.from(text.matchAll(likely), ([, token = '']) => token.toLowerCase())),
  );
  const users = new Map<string, User>();
  for (const token of [...tokens].slice(0, mostTokens)) {
    const row = await findMailAddressByToken(db, token);
    const user = row?.tenantId === ctx.actor.tenantId ? ctx.snapshot.users.get(row.userId) : undefined;
    if (user !== undefined) users.set(token, user);
  }
  return users;
};

type Rewrite = (user: User, token: string, rest: string) => string;

const rewrite = (users: ReadonlyMap<string, User>, text: string, by: Rewrite): string =>
  text.replaceAll(likely, (address: string, token: string, rest: string) => {
    const user = users.get(token.toLowerCase());
    return user === undefined ? address : by(user, token, rest);
  });

/**
 * A mail with the users' own addresses in place of those under which they file: whoever reads one of these files as its user (S48).
 * What is stored of a mail is stored of this.
 */
export async function withoutFilingAddresses(ctx: Context, db: Queries, mail: ParsedMail): Promise<ParsedMail> {
  const { subject, text, html, headers, to, cc, replyTo } = mail;
  const written = [...to, ...cc, ...replyTo].map(({ address }) => address);
  const users = await usersIn(ctx, db, [...written, subject, text, html ?? '', ...Object.values(headers)]);
  if (users.size === 0) return mail;
  const inText = (of: string): string => rewrite(users, of, ({ email }) => email);
  const named = (of: readonly MailAddress[]): MailAddress[] =>
    of.map(({ address, name }) => {
      const user = users.get(address.split(/[+@]/)[0]?.toLowerCase() ?? '');
      return user === undefined ? { address, name: inText(name) } : { address: user.email, name: user.name };
    });
  return {
    ...mail,
    to: named(to),
    cc: named(cc),
    replyTo: named(replyTo),
    subject: inText(subject),
    text: inText(text),
    html: html === null ? null : inText(html),
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, inText(value)])),
  };
}

/** Bytes at the start of a raw mail in which addresses are looked for: its header and what it says. */
const lookedThrough = 1_000_000;

/** A raw mail with `x` in place of the secret part of such addresses. All other bytes stay as they came. */
export async function rawWithoutFilingAddresses(ctx: Context, raw: Uint8Array): Promise<Uint8Array> {
  const start = Buffer.from(raw.buffer, raw.byteOffset, Math.min(raw.byteLength, lookedThrough)).toString('latin1');
  const users = await usersIn(ctx, ctx.db, [start]);
  if (users.size === 0) return raw;
  const hidden = rewrite(users, start, (_user, token, rest) => `${'x'.repeat(token.length)}${rest}`);
  return Buffer.concat([Buffer.from(hidden, 'latin1'), raw.subarray(lookedThrough)]);
}
