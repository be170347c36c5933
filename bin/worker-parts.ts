import process from 'node:process';
import type { MailFiling } from '../activities/mail-filing.ts';
import type { Mailboxes } from '../activities/mailboxes.ts';
import type { ProcessWorker, WorkerOptions } from '../activities/worker.ts';
import { LeitwerkError, messageOf, type Text } from '../core/errors.ts';
import type { PartHealth } from '../server/services.ts';
import { readLanguage, type Settings } from './settings.ts';
import type { WorkerMessage } from './supervisor.ts';

/** What of this process the health page of the app has parts for, as far as it runs. */
export interface Reported {
  worker?: ProcessWorker;
  mail?: MailFiling;
  mailboxes?: Mailboxes;
  readonly tellPart: TellPart;
  /** Of `createTemporalPart`. */
  readonly tellTemporal: ReturnType<typeof createTemporalPart>;
}

/** To the app, where there is one above us. */
export function tellApp(message: WorkerMessage): void {
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
}

export type TellPart = (name: string, part: PartHealth) => void;

/** Tells the app how a part stands, and keeps it in `parts` for whoever runs apart from it. */
export function createTellPart(parts: Map<string, PartHealth>): TellPart {
  return (name, part) => {
    parts.set(name, part);
    tellApp({ kind: 'part', name, part });
  };
}

export const memoryMb = (): number => Math.round(process.memoryUsage.rss() / 1_048_576);

/** Tells how the duties stand. */
export function reportDuties(reported: Reported): void {
  reportRelay(reported);
  reportMail(reported);
  reportMailboxes(reported);
}

function reportMail({ mail, tellPart }: Reported): void {
  if (mail === undefined) return;
  const { state, since, backlog } = mail.state();
  const isStandby = state === 'standby';
  tellPart('filing', { state: isStandby ? 'ready' : state, since, number: backlog, unit: 'mails', isStandby });
}

function reportMailboxes({ mailboxes, tellPart }: Reported): void {
  const read = mailboxes?.state();
  if (read === undefined) return;
  const { state, since, count } = read;
  const isStandby = state === 'standby';
  tellPart('imap', { state: isStandby ? 'ready' : state, since, number: count, unit: 'mailboxes', isStandby });
}

function reportRelay({ worker, tellPart }: Reported): void {
  const relay = worker?.relayState();
  if (relay === undefined) return;
  const { state, since, backlog, ratePerSecond, expectedEndAt } = relay;
  tellPart('relay', {
    state: state === 'down' ? 'down' : 'ready',
    since,
    number: backlog.total,
    unit: 'events',
    lanes: backlog.lanes,
    ratePerSecond,
    expectedEndAt,
    isStandby: state === 'standby',
  });
}

type TemporalStand = Pick<PartHealth, 'state' | 'number' | 'text'> & { readonly texts?: Text | undefined };

/** Tells how Temporal stands, as seen from here: since when, and how long it takes to answer. */
export function createTemporalPart(tellPart: TellPart): (stand: TemporalStand) => void {
  let known: { readonly state: PartHealth['state']; readonly since: string } | undefined;
  return (stand) => {
    if (known?.state !== stand.state) known = { state: stand.state, since: new Date().toISOString() };
    tellPart('temporal', { ...stand, ...known, unit: 'ms' });
  };
}

export async function pingTemporal({ worker, tellTemporal }: Reported): Promise<void> {
  if (worker === undefined) return;
  const startedAt = performance.now();
  const elapsed = (): number => Math.round(performance.now() - startedAt);
  try {
    await worker.ping();
    tellTemporal({ state: 'ready', number: elapsed() });
  } catch (error) {
    const texts = error instanceof LeitwerkError ? error.text : undefined;
    tellTemporal({ state: 'down', number: elapsed(), text: messageOf(error), texts });
  }
}

interface WaitingNotice {
  readonly tell: (error?: unknown) => void;
  readonly forget: () => void;
}

/** Whoever runs a part alone is told once what it waits for, and once more when that has come and gone; of a wrong setting everybody is. */
export function createWaitingNotice({ address, tls }: WorkerOptions, role: Settings['role']): WaitingNotice {
  const silent = {
    de: `Temporal antwortet nicht unter ${address}${tls === undefined ? '' : ' (mit TLS)'}: ${role} wartet darauf.`,
    en: `Temporal does not answer at ${address}${tls === undefined ? '' : ' (with TLS)'}: ${role} waits for it.`,
  };
  let told: string | undefined;
  return {
    tell: (error) => {
      if (role === 'all' && !(error instanceof LeitwerkError)) return;
      const text = (error instanceof LeitwerkError ? error.text : silent)[readLanguage()];
      if (text !== told) process.stderr.write(`${text}\n`);
      told = text;
    },
    forget: () => {
      told = undefined;
    },
  };
}
