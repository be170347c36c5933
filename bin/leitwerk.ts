import { join } from 'node:path';
import type { Logger } from 'pino';
import { isSetupNeeded, startSetup } from '../commands/accounts/setup.ts';
import { createEgress } from '../connectors/egress.ts';
import { LeitwerkError } from '../core/errors.ts';
import { createApp, type App } from '../server/app.ts';
import { createAbilities } from '../server/abilities.ts';
import { createAuthenticator } from '../server/auth/authenticate.ts';
import { createClientReader } from '../server/auth/client.ts';
import { createMailIntake, type MailIntake } from '../server/mail/mail-intake.ts';
import { createRateLimiter } from '../server/rate-limits.ts';
import { watchRemoteParts, type RemoteParts } from '../server/remote-parts.ts';
import type { Services } from '../server/services.ts';
import { armFailpoint } from '../store/failpoints.ts';
import { openFoundation, type Foundation } from './foundation.ts';
import { lockFolder, type FolderLock } from './folder-lock.ts';
import { createIdSource } from './ids.ts';
import { listen } from './listen.ts';
import { createLog } from './log.ts';
import { keepReporting, type PartReports } from './part-reports.ts';
import { startProcesses, type Processes } from './processes.ts';
import { prepareDataFolder, readLanguage, readSettings, rootFolder, type Settings } from './settings.ts';
import { settleMemory } from './settle-memory.ts';
import { endInOrder, type ShutdownStep } from './shutdown.ts';
import { assertPlaceFree } from './temporal/server.ts';

const refreshMs = 400;

/** What has been started, in the order of ending. */
interface Running {
  foundation?: Foundation;
  app?: App;
  mail?: MailIntake;
  processes?: Processes;
  /** What processes report that we have not started. */
  remote?: RemoteParts;
  /** What apps in other processes are told of our parts. */
  reports?: PartReports;
  refresh?: NodeJS.Timeout;
  lock?: FolderLock;
}

const now = (): Date => new Date();

const servicesOf = (settings: Settings, log: Logger, running: Running & { foundation: Foundation }): Services => {
  const { db, registry, blobs, secrets } = running.foundation;
  const isHttps = settings.publicUrl.startsWith('https:');
  return {
    db,
    registry,
    blobs,
    secrets,
    egress: createEgress(settings),
    connectorUrls: settings.connectorUrls,
    log,
    now,
    newId: createIdSource(),
    authenticator: createAuthenticator({
      db,
      now,
      onError: (error) => log.warn({ err: error }, 'a credential could not be noted as used'),
    }),
    limiter: createRateLimiter(() => performance.now()),
    readClient: createClientReader(settings.trustedProxies, isHttps),
    abilityOf: createAbilities(now),
    wakeRelay: () => running.processes?.wakeRelay(),
    remoteParts: () => ({
      ...(running.mail === undefined ? {} : { smtp: running.mail.part() }),
      ...running.processes?.remoteParts(),
      ...running.remote?.parts(),
    }),
    temporalUi: () => {
      const url = running.processes?.uiUrl ?? settings.temporal.uiUrl;
      return url === undefined ? null : { url, namespace: settings.temporal.namespace };
    },
    publicUrl: settings.publicUrl,
    isHttps,
    hasMail: settings.mailUrl !== undefined,
    configIssues: running.foundation.shippedIssues,
    dataFolder: settings.dataFolder,
    uiFolder: join(rootFolder, 'admin-ui', 'dist'),
  };
};

const print = (line: string): void => void process.stdout.write(`${line}\n`);

const stepsToEnd = (running: Running): ShutdownStep[] => [
  {
    name: 'http and smtp',
    withinMs: 2_500,
    run: async () => {
      const mailEnds = running.mail?.close(1_500);
      clearInterval(running.refresh);
      running.remote?.stop();
      const { app } = running;
      if (app === undefined) return await mailEnds;
      app.close();
      await new Promise<void>((resolve) => {
        app.server.close(() => resolve());
        app.server.closeIdleConnections();
        setTimeout(() => app.server.closeAllConnections(), 2_000).unref();
      });
      await mailEnds;
    },
  },
  {
    name: 'processes',
    withinMs: 6_500,
    run: async () => {
      await running.processes?.stop();
      await running.reports?.stop();
    },
  },
  { name: 'database', withinMs: 1_000, run: async () => await running.foundation?.close() },
  { name: 'data folder', withinMs: 100, run: () => running.lock?.close() },
];

/** A demo fills an empty system only. */
const fillWhenDemo = async (settings: Settings, foundation: Foundation): Promise<void> => {
  if (!settings.isDemo || !(await isSetupNeeded(foundation.db))) return;
  const { fillDemo } = await import('./demo/fill.ts');
  const demo = await fillDemo(foundation, new Date());
  print(`demo: ${demo.leads} leads; sign in as ${demo.email} with ${demo.password}`);
};

const openServices = async (settings: Settings, log: Logger, running: Running): Promise<Services> => {
  const foundation = await openFoundation(settings);
  running.foundation = foundation;
  await fillWhenDemo(settings, foundation);
  for (const issue of foundation.shippedIssues)
    log.warn({ file: issue.file, line: issue.line, column: issue.column }, `setting not taken: ${issue.message}`);
  running.refresh = setInterval(() => {
    foundation.registry
      .refresh()
      .catch((error: unknown) => log.warn({ err: error }, 'configuration could not be read'));
  }, refreshMs);
  return servicesOf(settings, log, Object.assign(running, { foundation }));
};

const startMail = async (settings: Settings, services: Services, running: Running): Promise<MailIntake> => {
  const mail = createMailIntake(services, settings.smtp);
  running.mail = mail;
  await listen(mail.server, { host: settings.host, port: settings.smtpPort, setting: 'SMTP_PORT' });
  return mail;
};

const startApp = async (settings: Settings, services: Services, running: Running): Promise<void> => {
  const app = createApp(services);
  running.app = app;
  await listen(app.server, { ...settings, setting: 'PORT' });
  if (settings.role === 'all') await startMail(settings, services, running);
  print(`ready ${settings.publicUrl}`);
  settleMemory();
  const token = await startSetup(services.db, new Date());
  if (token !== undefined) print(`set up ${settings.publicUrl}/setup?token=${token}`);
};

/** Says what would end the start anyway before anybody is told that it is ready. Parts and what is shared on purpose run beside others. */
const takePlace = async (settings: Settings, running: Running): Promise<void> => {
  const { role, dataFolder, databaseUrl, temporal } = settings;
  if (role !== 'all' || (databaseUrl !== undefined && temporal.address !== undefined)) return;
  prepareDataFolder(dataFolder);
  running.lock = lockFolder(dataFolder);
  if (temporal.address === undefined) await assertPlaceFree({ ...temporal, dataFolder });
};

const start = async (settings: Settings, running: Running): Promise<void> => {
  const log = createLog(settings.logLevel);
  if (settings.failpoint !== undefined) armFailpoint(settings.failpoint);
  await takePlace(settings, running);
  const services = await openServices(settings, log, running);
  if (settings.role === 'smtp') {
    const mail = await startMail(settings, services, running);
    running.reports = keepReporting(services.db, () => new Map([['smtp', mail.part()]]));
    print(`ready smtp://${settings.host}:${settings.smtpPort}`);
    return;
  }
  if (settings.role === 'api') running.remote = await watchRemoteParts(services.db, now);
  await startApp(settings, services, running);
  if (settings.role === 'api') return;
  running.processes = await startProcesses({
    settings,
    log,
    onWake: () => running.app?.poke(),
    onPart: () => running.app?.poke(),
    onReady: (url) => print(`temporal ready ${url}`),
  });
  // Apps beside this one may want to know.
  if (settings.databaseUrl !== undefined)
    running.reports = keepReporting(services.db, () => new Map(Object.entries(services.remoteParts())));
};

const fail = (error: unknown): never => {
  const text =
    error instanceof LeitwerkError
      ? error.text[readLanguage()]
      : `Unexpected: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
  process.stderr.write(`${text}\n`);
  process.exit(1);
};

const startAll = async (settings: Settings): Promise<void> => {
  const running: Running = {};
  endInOrder(
    () => stepsToEnd(running),
    (text) => process.stderr.write(`${text}\n`),
  );
  await start(settings, running);
};

try {
  const settings = readSettings(process.argv.slice(2));
  // The worker program looks after its own end.
  if (settings.role === 'worker' || settings.role === 'relay') await import('./worker.ts');
  else await startAll(settings);
} catch (error) {
  fail(error);
}
