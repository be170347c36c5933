import type { Server } from 'node:net';
import type { SMTPServerDataStream, SMTPServerOptions, SMTPServerSession } from 'smtp-server';
import { LeitwerkError } from '../../core/errors.ts';
import { readContent } from './content.ts';
import { PromptServer } from './prompt-server.ts';
import { toReply, type Reply } from './replies.ts';

/** Who brings a mail, and for whom. */
export interface SmtpEnvelope {
  /** The sender's, also behind a proxy. */
  readonly remoteAddress: string;
  readonly helo: string;
  /** Empty for bounces. */
  readonly mailFrom: string;
  /** As written; each was accepted by `onRecipient`. */
  readonly recipients: readonly string[];
  readonly isSecure: boolean;
}

export interface SmtpOptions {
  /** What the server calls itself. */
  readonly name: string;
  readonly mostBytes: number;
  readonly mostRecipients: number;
  readonly mostSessions: number;
  /** A session in which nothing happens for so long ends. */
  readonly idleMs: number;
  /** Every session ends after so long, whatever happens in it. */
  readonly sessionMs: number;
  /** STARTTLS is offered with a certificate only. */
  readonly tls?: { readonly certificate: Buffer; readonly key: Buffer } | undefined;
  /** Addresses of proxies that begin every connection with a PROXY line. */
  readonly proxies: readonly string[];
  /** @throws LeitwerkError `RateLimited`. */
  readonly onSession: (remoteAddress: string) => Promise<void>;
  /** @throws LeitwerkError `NotFound` for whom we take no mail. */
  readonly onRecipient: (
    address: string,
    session: { readonly id: string; readonly remoteAddress: string },
  ) => Promise<void>;
  /**
   * Resolves when the mail is durable; only then its sender hears 250.
   * The content throws `TooLarge`, `Unreadable` for line endings that smugglers use, and what breaks the connection.
   * @throws LeitwerkError as `toReply` knows them.
   */
  readonly onMail: (envelope: SmtpEnvelope, content: AsyncIterable<Uint8Array>) => Promise<void>;
  readonly onSessionEnd: (id: string) => void;
  /** Of a connection, or of ours. */
  readonly onError: (error: unknown) => void;
}

export interface SmtpServer {
  /** To listen with; close with `close`. */
  readonly server: Server;
  /** Sessions now. */
  sessions(): number;
  /** Takes no more sessions, lets mails that are on their way arrive for `withinMs`, then ends. */
  close(withinMs: number): Promise<void>;
}

const toEnvelope = (session: SMTPServerSession): SmtpEnvelope => ({
  remoteAddress: session.remoteAddress,
  helo: session.hostNameAppearsAs,
  mailFrom: session.envelope.mailFrom === false ? '' : session.envelope.mailFrom.address,
  recipients: session.envelope.rcptTo.map(({ address }) => address),
  isSecure: session.secure,
});

/** Commands that nobody here needs. */
const disabled = ['AUTH', 'WIZ', 'SHELL', 'KILL', 'VRFY'];

const limitsOf = (options: SmtpOptions): SMTPServerOptions => {
  const { tls } = options;
  return {
    name: options.name,
    banner: 'Leitwerk',
    logger: false,
    size: options.mostBytes,
    rejectOversized: true,
    maxRecipients: options.mostRecipients,
    maxClients: options.mostSessions,
    socketTimeout: options.idleMs,
    disableReverseLookup: true,
    authOptional: true,
    hideENHANCEDSTATUSCODES: false,
    disabledCommands: tls === undefined ? [...disabled, 'STARTTLS'] : disabled,
    useProxy: options.proxies.length === 0 ? false : [...options.proxies],
    ...(tls === undefined ? {} : { cert: tls.certificate, key: tls.key, minVersion: 'TLSv1.2' }),
  };
};

/** A server that takes mail in and never passes any on. It does not listen yet. */
export function createSmtpServer(options: SmtpOptions): SmtpServer {
  /** Sessions in the middle of a mail. */
  const arriving = new Map<string, Promise<unknown>>();
  /** What the sender hears; null = all is well. */
  const replyTo = async (work: Promise<void>): Promise<Reply | null> => {
    try {
      await work;
      return null;
    } catch (error) {
      if (!(error instanceof LeitwerkError) || error.code === 'Unavailable') options.onError(error);
      return toReply(error);
    }
  };
  const receive = async (stream: SMTPServerDataStream, session: SMTPServerSession): Promise<void> => {
    const content = readContent(stream);
    try {
      await options.onMail(toEnvelope(session), content);
    } finally {
      content.release();
    }
  };
  const server = new PromptServer(
    {
      ...limitsOf(options),
      onConnect: ({ remoteAddress }, answer) => {
        void replyTo(options.onSession(remoteAddress)).then(answer);
      },
      onRcptTo: ({ address }, session, answer) => {
        void replyTo(options.onRecipient(address, session)).then(answer);
      },
      onData: (stream, session, answer) => {
        const mail = replyTo(receive(stream, session));
        arriving.set(session.id, mail);
        void mail.then((refusal) => {
          arriving.delete(session.id);
          answer(refusal, 'Stored');
          return refusal;
        });
      },
      onClose: ({ id }) => options.onSessionEnd(id),
    },
    options.sessionMs,
  );
  server.on('error', options.onError);
  return {
    server: server.server,
    sessions: () => server.connections.size,
    close: async (withinMs) => {
      const closed = new Promise<void>((resolve) => server.close(resolve));
      server.dismiss(new Set(arriving.keys()));
      await Promise.race([Promise.all(arriving.values()), afterMs(withinMs)]);
      server.dismiss();
      await Promise.race([closed, afterMs(500)]);
    },
  };
}

const afterMs = async (ms: number): Promise<void> =>
  await new Promise((resolve) => void setTimeout(resolve, ms).unref());
