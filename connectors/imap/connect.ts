import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { ImapFlow } from 'imapflow';
import { LeitwerkError } from '../../core/errors.ts';
import { isPublicAddress } from '../addresses.ts';
import { noFolder, toMailboxError } from './errors.ts';
import type { ImapMailbox } from './mailbox.ts';
import type { TokenSource } from './oauth.ts';

export interface ImapNetwork {
  /** Mail servers in the company's own network, and tests. */
  readonly mayCallPrivateAddresses: boolean;
  /** Certificates (PEM) to trust besides the public ones: a mail server of one's own often has its own authority. */
  readonly certificates?: string;
}

const addressOf = async (host: string, { mayCallPrivateAddresses }: ImapNetwork): Promise<string> => {
  if (mayCallPrivateAddresses) return host;
  const addresses = isIP(host) === 0 ? await lookup(host, { all: true }) : [{ address: host }];
  const [first] = addresses;
  if (first !== undefined && addresses.every(({ address }) => isPublicAddress(address))) return first.address;
  throw new LeitwerkError('RemoteRejected', {
    text: { de: `Die Adresse „${host}“ darf nicht aufgerufen werden.`, en: `The address "${host}" may not be called.` },
    facts: { host },
  });
};

const open = async (mailbox: ImapMailbox, network: ImapNetwork, tokens: TokenSource | undefined): Promise<ImapFlow> => {
  const { host, port, secure, user, auth } = mailbox;
  const client = new ImapFlow({
    // The connection goes to the very address that was checked; the certificate is that of the name.
    host: await addressOf(host, network),
    ...(isIP(host) === 0 ? { servername: host } : {}),
    port,
    secure,
    ...(secure ? {} : { doSTARTTLS: true }),
    auth:
      auth.type === 'password' ? { user, pass: auth.password } : { user, accessToken: (await tokens?.token()) ?? '' },
    tls: network.certificates === undefined ? {} : { ca: network.certificates },
    logger: false,
    disableAutoIdle: true,
    connectionTimeout: 20_000,
    greetingTimeout: 20_000,
    socketTimeout: 120_000,
  });
  // A broken connection also fails the command that is under way, which is where it is dealt with.
  client.on('error', () => undefined);
  try {
    await client.connect();
  } catch (error) {
    client.close();
    throw error;
  }
  return client;
};

const isRefused = (error: unknown): boolean =>
  error instanceof Error && 'authenticationFailed' in error && error.authenticationFailed === true;

const openFolder = async (client: ImapFlow, mailbox: ImapMailbox): Promise<void> => {
  if (mailbox.after === 'move' && mailbox.moveTo !== undefined) await client.mailboxCreate(mailbox.moveTo);
  try {
    await client.mailboxOpen(mailbox.folder, { readOnly: mailbox.after === 'nothing' });
  } catch (error) {
    const { code, responseStatus } = error as { code?: unknown; responseStatus?: unknown };
    throw code === 'NotFound' || responseStatus === 'NO' ? noFolder(mailbox, error) : error;
  }
};

/**
 * Signs in and opens the folder. A refused access token is renewed once: it may have been revoked before its time.
 * @throws LeitwerkError `RemoteRejected` (sign-in, folder, address) or `RemoteUnavailable`.
 */
export async function connectMailbox(
  mailbox: ImapMailbox,
  network: ImapNetwork,
  tokens: TokenSource | undefined,
): Promise<ImapFlow> {
  try {
    const client = await open(mailbox, network, tokens).catch(async (error: unknown) => {
      if (tokens === undefined || !isRefused(error)) throw error;
      tokens.forget();
      return await open(mailbox, network, tokens);
    });
    try {
      await openFolder(client, mailbox);
    } catch (error) {
      client.close();
      throw error;
    }
    return client;
  } catch (error) {
    throw toMailboxError(error, mailbox);
  }
}
