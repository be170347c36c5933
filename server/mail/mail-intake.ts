import type { Server } from 'node:net';
import { createSmtpServer, type SmtpEnvelope } from '../../connectors/smtp/index.ts';
import { sourceActor } from '../../core/actor.ts';
import { LeitwerkError } from '../../core/errors.ts';
import { noAbility } from '../../core/permissions.ts';
import type { Context } from '../../commands/context.ts';
import { acceptMail } from '../../commands/mail/acceptMail.ts';
import { storeContent } from '../../commands/mail/content.ts';
import { routeOf, type Route } from '../../commands/mail/recipients.ts';
import { failpoint } from '../../store/failpoints.ts';
import type { MailRecipient } from '../../store/mail-jobs.ts';
import type { Snapshot } from '../../store/registry.ts';
import type { PartHealth, Services } from '../services.ts';
import { createSenderLimits } from './senders.ts';

/** What the operator decides about mail coming in. */
export interface MailIntakeSettings {
  readonly name: string;
  readonly mostBytes: number;
  readonly tls: { readonly certificate: Buffer; readonly key: Buffer } | undefined;
  readonly proxies: readonly string[];
  readonly relays: readonly string[];
  /** Shorter ones are for tests. */
  readonly idleMs?: number;
  readonly sessionMs?: number;
}

/** The way in for mail. */
export interface MailIntake {
  readonly server: Server;
  /** For the health page. */
  part(): PartHealth;
  close(withinMs: number): Promise<void>;
}

const mostRecipients = 50;
const mostSessions = 500;
/** Wrong recipients that one session may name before it ends. */
const mostGuesses = 10;
const idleMs = 60_000;
const sessionMs = 10 * 60_000;

type MailServices = Pick<Services, 'db' | 'registry' | 'blobs' | 'limiter' | 'log' | 'now' | 'newId' | 'wakeRelay'>;

interface Group {
  readonly snapshot: Snapshot;
  readonly source: string;
  readonly recipients: readonly MailRecipient[];
}

/** One message a tenant: a mail to a source of leads comes through that source, one that is only to be filed through `mail`. */
const groupsOf = (routes: readonly Route[]): Group[] =>
  [...Map.groupBy(routes, (route) => route.snapshot)].map(([snapshot, own]) => {
    const recipients = own.map(({ recipient }) => recipient);
    const sources = recipients.flatMap((recipient) => (recipient.kind === 'source' ? recipient.source : []));
    // `leads+<source>@` says more than `leads@`.
    return { snapshot, source: sources.find((one) => one !== 'mail') ?? 'mail', recipients };
  });

/** What is done with a mail that arrives, for `createSmtpServer`. */
const receiverOf = (
  services: MailServices,
  takeMail: (address: string) => void,
): ((envelope: SmtpEnvelope, content: AsyncIterable<Uint8Array>) => Promise<void>) => {
  const contextOf = (snapshot: Snapshot, source: string): Context => ({
    db: services.db,
    snapshot,
    actor: sourceActor(snapshot.tenantId, { key: source, name: source }),
    ability: noAbility,
    language: 'de',
    now: services.now,
    newId: services.newId,
  });
  return async ({ remoteAddress, helo, mailFrom, recipients }, content) => {
    failpoint('S1');
    takeMail(remoteAddress);
    const routes = await Promise.all(recipients.map(async (address) => await routeOf(services, address)));
    const stored = await storeContent(services.blobs, content);
    for (const { snapshot, source, recipients: own } of groupsOf(routes))
      await acceptMail(contextOf(snapshot, source), {
        ...stored,
        source,
        envelope: { remoteAddress, helo, mailFrom, recipients: own },
      });
    services.wakeRelay();
    // Its sender hears in the same turn of the loop; a failure here is one between the commit and the answer.
    failpoint('S5');
  };
};

/** Wires the SMTP server to the rest. It does not listen yet. */
export function createMailIntake(services: MailServices, settings: MailIntakeSettings): MailIntake {
  const limits = createSenderLimits(services.limiter, settings.relays);
  const receive = receiverOf(services, (address) => limits.takeMail(address));
  const since = services.now().toISOString();
  const figures = { accepted: 0, refused: 0 };
  const guesses = new Map<string, number>();
  const smtp = createSmtpServer({
    idleMs,
    sessionMs,
    ...settings,
    mostRecipients,
    mostSessions,
    onSession: async (address) => await Promise.resolve(limits.takeSession(address)),
    onRecipient: async (address, session) => {
      try {
        await routeOf(services, address);
      } catch (error) {
        const count = (guesses.get(session.id) ?? 0) + 1;
        guesses.set(session.id, count);
        if (count > mostGuesses) throw new LeitwerkError('RateLimited', { cause: error });
        throw error;
      }
    },
    onMail: async (envelope, content) => {
      try {
        await receive(envelope, content);
        figures.accepted += 1;
      } catch (error) {
        figures.refused += 1;
        throw error;
      }
    },
    onSessionEnd: (id) => void guesses.delete(id),
    onError: (error) => services.log.debug({ err: error }, 'smtp'),
  });
  return {
    server: smtp.server,
    part: () => ({
      state: smtp.server.listening ? 'ready' : 'down',
      since,
      number: figures.accepted,
      unit: 'mails',
      refused: figures.refused,
      active: smtp.sessions(),
    }),
    close: async (withinMs) => await smtp.close(withinMs),
  };
}
