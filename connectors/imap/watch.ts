import type { ImapFlow } from 'imapflow';
import { LeitwerkError } from '../../core/errors.ts';
import type { Egress } from '../egress.ts';
import { connectMailbox, type ImapNetwork } from './connect.ts';
import { toMailboxError } from './errors.ts';
import { fetchNew } from './fetch-new.ts';
import type { ImapMailbox, MailboxPosition, ReceiveMail } from './mailbox.ts';
import { createTokenSource } from './oauth.ts';

export interface MailboxWatch {
  readonly mailbox: ImapMailbox;
  readonly network: ImapNetwork;
  /** For access tokens. */
  readonly egress: Egress;
  /** Where the folder stands, as stored; asked at each connection. Null for a folder that was never read. */
  readonly loadPosition: () => Promise<MailboxPosition | null>;
  readonly receive: ReceiveMail;
  /** A larger mail is not fetched: `receive` is told of it, and it stays in the mailbox. */
  readonly mostBytes: number;
  /** Told where the folder stands after each round, also when nothing new was there. */
  readonly savePosition: (position: MailboxPosition) => Promise<void>;
  /** Told when the mailbox works (null) and when it does not; it is tried again by itself. */
  readonly onState?: (problem: LeitwerkError | null) => void;
  /** How long at most until a mail is looked for even if the server announced none. */
  readonly pollMs?: number;
  /** Waiting time after the first failure; doubled with each, up to `pollMs`. */
  readonly retryMs?: number;
}

export interface MailboxWatcher {
  /** Ends after the mail that is being received. */
  readonly close: () => Promise<void>;
}

/** A wait that ends early when it is woken, also when that happened just before. */
class Alarm {
  readonly #ending: AbortSignal;
  #isRung = false;
  #wake: (() => void) | undefined;

  constructor(ending: AbortSignal) {
    this.#ending = ending;
  }

  readonly ring = (): void => {
    this.#isRung = true;
    this.#wake?.();
  };

  async wait(ms: number): Promise<void> {
    if (!this.#isRung && !this.#ending.aborted) {
      const waking = Promise.withResolvers<void>();
      const timer = setTimeout(waking.resolve, ms);
      this.#wake = waking.resolve;
      this.#ending.addEventListener('abort', this.#wake);
      await waking.promise;
      this.#ending.removeEventListener('abort', this.#wake);
      clearTimeout(timer);
    }
    this.#wake = undefined;
    this.#isRung = false;
  }
}

/**
 * Keeps a mailbox read: what is there, then what the server announces (IDLE), with a look of its own every `pollMs`. Reconnects by itself.
 * A mail is handed over again until `receive` has resolved for it; never after that, as long as its position is stored.
 */
export function watchMailbox(watch: MailboxWatch): MailboxWatcher {
  const { mailbox, mostBytes, pollMs = 300_000, retryMs = 5_000 } = watch;
  const tokens = mailbox.auth.type === 'oauth' ? createTokenSource(mailbox.auth, watch.egress) : undefined;
  const ending = new AbortController();
  const { signal } = ending;

  const receive: ReceiveMail = async (mail) => {
    if (signal.aborted) throw new LeitwerkError('Unavailable');
    try {
      await watch.receive(mail);
    } catch (cause) {
      throw cause instanceof LeitwerkError ? cause : new LeitwerkError('Internal', { cause });
    }
  };

  const readRounds = async (client: ImapFlow): Promise<void> => {
    const news = new Alarm(signal);
    client.on('exists', news.ring);
    client.on('close', news.ring);
    let position = await watch.loadPosition();
    while (!signal.aborted && client.usable) {
      position = await fetchNew({ client, mailbox, receive, mostBytes }, position);
      await watch.savePosition(position);
      watch.onState?.(null);
      // Ends with the next command; its failure is that of the connection, which the next command tells.
      client.idle().catch(() => undefined);
      await news.wait(pollMs);
    }
  };

  const connectOnce = async (): Promise<void> => {
    const client = await connectMailbox(mailbox, watch.network, tokens);
    try {
      await readRounds(client);
    } finally {
      client.close();
    }
  };

  const run = async (): Promise<void> => {
    let waitMs = retryMs;
    while (!signal.aborted) {
      try {
        await connectOnce();
        waitMs = retryMs;
      } catch (error) {
        if (!signal.aborted) watch.onState?.(toMailboxError(error, mailbox));
        waitMs = Math.min(waitMs * 2, pollMs);
      }
      await new Alarm(signal).wait(waitMs);
    }
  };

  const ended = run();
  return {
    close: async () => {
      ending.abort();
      await ended;
    },
  };
}
