import { randomUUID } from 'node:crypto';
import { flushCompileCache } from 'node:module';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as wait } from 'node:timers/promises';
import type { Logger } from 'pino';
import { createAppLoad } from '../activities/app-load.ts';
import { provideBundle } from '../activities/bundle.ts';
import { performEffect, type Outside } from '../activities/perform-effect.ts';
import type { WorkerStore } from '../activities/context.ts';
import { forgetAllDrafts, type TidyStore } from '../activities/forget-drafts.ts';
import { DuplicateFollower } from '../activities/follow-duplicates.ts';
import { createMailboxes } from '../activities/mailboxes.ts';
import { createMailFiling } from '../activities/mail-filing.ts';
import { watchAllSources } from '../activities/watch-sources.ts';
import { installationOf } from '../activities/namespace.ts';
import { createWorker, installRuntime, type WorkerOptions } from '../activities/worker.ts';
import { createEgress } from '../connectors/egress.ts';
import { createMailParser } from '../connectors/mail/index.ts';
import { createMailer } from '../connectors/mail-out/index.ts';
import { LeitwerkError, messageOf } from '../core/errors.ts';
import type { PartHealth } from '../server/services.ts';
import { cacheFolder } from '../scripts/launch/cache.mjs';
import { armFailpoint } from '../store/failpoints.ts';
import { forgetIdempotencyKeys } from '../store/idempotency.ts';
import { forgetPartReports } from '../store/part-reports.ts';
import { atMostEvery } from './at-most-every.ts';
import { openFoundation, type Foundation } from './foundation.ts';
import { createIdSource } from './ids.ts';
import { createLog } from './log.ts';
import { keepReporting, type PartReports } from './part-reports.ts';
import { readLanguage, readSettings, type Settings, type TlsSettings } from './settings.ts';
import { settleMemory } from './settle-memory.ts';
import { endInOrder } from './shutdown.ts';
import { isWorkerMessage } from './supervisor.ts';
import {
  createTellPart,
  createTemporalPart,
  createWaitingNotice,
  memoryMb,
  pingTemporal,
  reportDuties,
  tellApp,
  type Reported,
} from './worker-parts.ts';

const refreshMs = 400;
const reportMs = 1000;
const tellMs = 20;
const pingMs = 5000;
const tidyMs = 3_600_000;
const idempotencyKeptMs = 7 * 24 * 3_600_000;
const reportsKeptMs = 24 * 3_600_000;
const followMs = 250;
const watchMs = 300_000;
const firstWatchMs = 20_000;
const longestPauseMs = 5000;
/** After this a connection that is being made is one that is waited for. */
const slowMs = 3000;
/** What one mail may take to be read. */
const parserLimits = { deadlineMs: 20_000, memoryMb: 192 };

/** Everything that this process has started. */
interface Running extends Reported {
  foundation?: Foundation;
  /** Where no app is above us. */
  reports?: PartReports;
  /** Other than `all`: no app is above us, and the lines that scripts and people wait for are ours. */
  readonly role: Settings['role'];
  isStopping: boolean;
  readonly timers: NodeJS.Timeout[];
}

/** The process that carries processes forward: Temporal worker, relay and reconciler. Beside the app, or alone with `--role worker`. */
async function main(): Promise<void> {
  const settings = readSettings(process.argv.slice(2));
  const log = createLog(settings.logLevel);
  if (settings.failpoint !== undefined) armFailpoint(settings.failpoint);
  const parts = new Map<string, PartHealth>();
  const tellPart = createTellPart(parts);
  const tellTemporal = createTemporalPart(tellPart);
  const running: Running = { role: settings.role, isStopping: false, timers: [], tellPart, tellTemporal };
  const appLoad = createAppLoad();
  const end = endInOrder(
    () => [
      { name: 'worker', withinMs: 7000, run: async () => await stopWorker(running) },
      { name: 'reports', withinMs: 1000, run: async () => await running.reports?.stop() },
      { name: 'database', withinMs: 1000, run: async () => await running.foundation?.close() },
    ],
    (text) => log.warn(text),
  );
  process.on('message', (message) => {
    if (!isWorkerMessage(message)) return;
    if (message.kind === 'wake') {
      appLoad.heard(message.busy ?? 0);
      running.worker?.wake();
      running.mail?.wake();
    }
    if (message.kind === 'stop') end(0);
  });
  const foundation = await openFoundation(settings, { isSparing: true });
  running.foundation = foundation;
  if (settings.role !== 'all') running.reports = keepReporting(foundation.db, () => parts);
  keepFresh(foundation, running, log);
  installRuntime('WARN', ({ level, message, meta: { error: err, ...meta } = {} }) =>
    log[level === 'ERROR' ? 'error' : 'warn']({ ...meta, err }, message),
  );
  settleMemory();
  const store: WorkerStore = {
    db: tellingOfWrites(foundation.db),
    registry: foundation.registry,
    now: () => new Date(),
    newId: createIdSource(),
    isAppBusy: appLoad.isBusy,
  };
  keepTidy({ ...store, blobs: foundation.blobs }, running, log);
  // Mail is filed whether Temporal is there or not.
  running.mail = createMailFiling({
    ...store,
    blobs: foundation.blobs,
    parser: createMailParser(parserLimits),
    onError: (error) => log.warn({ err: error }, 'mail waits'),
  });
  const { options, outside } = await toWorkerOptions(settings, foundation, { store, log });
  running.mailboxes = createMailboxes({
    ...outside,
    blobs: foundation.blobs,
    mostBytes: settings.smtp.mostBytes,
    onMail: () => running.mail?.wake(),
    onError: (error) => log.warn({ err: error }, 'mailboxes wait'),
  });
  keepWatching(outside, running, log);
  keepFollowing({ ...store, db: foundation.db }, running, log);
  running.timers.push(setInterval(() => reportDuties(running), reportMs));
  running.timers.push(setInterval(() => void pingTemporal(running), pingMs));
  await keepWorking(options, running, log);
}

async function stopWorker(running: Running): Promise<void> {
  running.isStopping = true;
  for (const timer of running.timers) clearInterval(timer);
  await Promise.all([running.worker?.stop(), running.mail?.stop(), running.mailboxes?.stop()]);
}

/** Sees within half a second what other processes published. */
function keepFresh({ registry }: Foundation, running: Running, log: Logger): void {
  const refresh = (): void =>
    void registry.refresh().catch((error: unknown) => log.warn({ err: error }, 'configuration could not be read'));
  running.timers.push(setInterval(refresh, refreshMs));
}

/** Idempotency keys are honoured for a week; processes that fell silent and drafts of imports that nobody wants any more are forgotten. */
function keepTidy(store: TidyStore, running: Running, log: Logger): void {
  const forget = async (): Promise<void> => {
    const before = (ms: number): string => new Date(Date.now() - ms).toISOString();
    await store.db.write(async (tx) => await forgetIdempotencyKeys(tx, before(idempotencyKeptMs)));
    await store.db.write(async (tx) => await forgetPartReports(tx, before(reportsKeptMs)));
    await forgetAllDrafts(store);
  };
  const tidy = (): void =>
    void forget().catch((error: unknown) => log.warn({ err: error }, 'what is old could not be forgotten'));
  running.timers.push(setInterval(tidy, tidyMs));
}

/** Sources that fall silent or deliver faults are noticed with Temporal or without. */
function keepWatching(outside: Outside, running: Running, log: Logger): void {
  const holder = randomUUID();
  const look = (): void =>
    void watchAllSources(outside, holder).catch((error: unknown) => log.warn({ err: error }, 'sources not watched'));
  running.timers.push(setTimeout(look, firstWatchMs), setInterval(look, watchMs));
}

/** Likely doubles are looked for behind the writers: a little at a time, so that they hardly notice. */
function keepFollowing(store: WorkerStore, running: Running, log: Logger): void {
  const follower = new DuplicateFollower(store, randomUUID());
  let isLooking = false;
  const look = async (): Promise<void> => {
    if (isLooking) return;
    isLooking = true;
    try {
      await follower.look();
    } catch (error) {
      if (!running.isStopping) log.warn({ err: error }, 'duplicates wait');
    } finally {
      isLooking = false;
    }
  };
  running.timers.push(setInterval(() => void look(), followMs));
}

async function toWorkerOptions(
  settings: Settings,
  foundation: Foundation,
  { store: known, log }: { readonly store: WorkerStore; readonly log: Logger },
): Promise<{ readonly options: WorkerOptions; readonly outside: Outside }> {
  const { temporal } = settings;
  const store = { ...known, blobs: foundation.blobs };
  const outgoing = {
    egress: createEgress(settings),
    secrets: foundation.secrets,
    connectorUrls: settings.connectorUrls,
    publicUrl: settings.publicUrl,
  };
  const outside: Outside = {
    ...store,
    ...outgoing,
    mailer: settings.mailUrl === undefined ? undefined : createMailer(settings.mailUrl),
    mailFrom: settings.mailFrom,
  };
  const options: WorkerOptions = {
    ...store,
    ...outgoing,
    address: temporal.address ?? `127.0.0.1:${temporal.port}`,
    namespace: temporal.namespace,
    installation: temporal.isOurs ? undefined : await installationOf(store.db),
    apiKey: temporal.apiKey,
    tls: temporal.tls === undefined ? undefined : toTls(temporal.tls),
    bundlePath: await provideBundle(join(cacheFolder(), 'workflows')),
    performEffect: async (input) => await performEffect(outside, input),
    onError: (error) => log.warn({ err: error }, 'processes wait'),
  };
  return { options, outside };
}

function toTls({ serverName, ca, certificate, key }: TlsSettings): NonNullable<WorkerOptions['tls']> {
  return {
    ...(serverName === undefined ? {} : { serverNameOverride: serverName }),
    ...(ca === undefined ? {} : { serverRootCACertificate: ca }),
    ...(certificate === undefined || key === undefined ? {} : { clientCertPair: { crt: certificate, key } }),
  };
}

/** What a process writes is shown in every browser at once: the app is told to look. */
function tellingOfWrites(db: Foundation['db']): Foundation['db'] {
  const tell = atMostEvery(tellMs, () => tellApp({ kind: 'wake' }));
  return {
    dialect: db.dialect,
    scans: db.scans,
    all: (sql, params) => db.all(sql, params),
    get: (sql, params) => db.get(sql, params),
    write: async (work) => {
      const result = await db.write(work);
      tell();
      return result;
    },
    ddl: async (plan) => await db.ddl(plan),
    close: async () => await db.close(),
  };
}

/** Temporal may come later, go and come back: the worker is made again as often as that takes. */
async function keepWorking(options: WorkerOptions, running: Running, log: Logger): Promise<void> {
  const { tellPart } = running;
  const waiting = createWaitingNotice(options, running.role);
  let pauseMs = 100;
  while (!running.isStopping) {
    const slow = setTimeout(() => waiting.tell(), slowMs);
    try {
      running.worker = await createWorker(options);
      pauseMs = 100;
      flushCompileCache();
      tellPart('worker', { state: 'ready', since: new Date().toISOString(), number: memoryMb(), unit: 'MB' });
      void pingTemporal(running);
      clearTimeout(slow);
      waiting.forget();
      if (running.role !== 'all') process.stdout.write(`${running.role} ready\n`);
      await running.worker.ended;
    } catch (error) {
      if (!running.isStopping) {
        waiting.tell(error);
        const text = messageOf(error);
        const texts = error instanceof LeitwerkError ? error.text : undefined;
        log.debug({ err: error }, 'the worker waits for Temporal');
        tellPart('worker', { state: 'down', since: new Date().toISOString(), number: memoryMb(), unit: 'MB', text });
        running.tellTemporal({ state: 'down', number: 0, text, texts });
      }
    }
    clearTimeout(slow);
    if (!running.isStopping) await wait(pauseMs);
    pauseMs = Math.min(pauseMs * 2, longestPauseMs);
  }
}

try {
  await main();
} catch (error) {
  const text =
    error instanceof LeitwerkError ? error.text[readLanguage()] : String(error instanceof Error ? error.stack : error);
  process.stderr.write(`${text}\n`);
  process.exit(1);
}
