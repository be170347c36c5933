import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rootFolder } from '../../bin/settings.ts';
import { cacheFolder } from '../../scripts/launch/cache.mjs';
import { findFreePort } from '../../bin/temporal/ports.ts';
import { findDescendants, until } from './processes.ts';

export interface AppOptions {
  /** The data folder of an earlier app, to start again where it was. */
  readonly folder?: string;
  /** `mysql://…`; absent = SQLite in the data folder. */
  readonly databaseUrl?: string;
  /** `host:port` of a shared server; absent = the app runs its own. */
  readonly temporalAddress?: string;
  readonly args?: readonly string[];
  /** Folder of the program; absent = the clone itself. */
  readonly root?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Ports of an earlier app, for clients that come again. */
  readonly ports?: AppPorts;
  /** `launcher` = as `npm start` does; `program` = the app itself (default). */
  readonly through?: 'launcher' | 'program';
  /** File descriptor that its log goes to; absent = read with the other lines. */
  readonly stderr?: number;
}

export interface AppPorts {
  readonly PORT: string;
  readonly SMTP_PORT: string;
  readonly TEMPORAL_PORT: string;
  readonly TEMPORAL_UI_PORT: string;
}

/** The real app in a process of its own. */
export interface App {
  /** `http://…`; `smtp://…` of one that only takes mail. */
  readonly url: string;
  readonly folder: string;
  readonly ports: AppPorts;
  readonly pid: number;
  /** Milliseconds from the start to the `ready` line. */
  readonly readyAfterMs: number;
  /** All lines on stdout and stderr until now. */
  readonly lines: () => readonly string[];
  line(pattern: RegExp, timeoutMs?: number): Promise<string>;
  /** Resolves when processes run, too. */
  temporalReady(timeoutMs?: number): Promise<void>;
  /** Process id of the worker process, of Temporal's server: for tests that kill them. */
  workerPid(): Promise<number>;
  temporalPid(): Promise<number>;
  /** Arms a failpoint in the app's own process, which must have been started with `FAILPOINT`. */
  arm(specification: string): Promise<void>;
  /** SIGTERM; answers the exit code. */
  stop(): Promise<number | undefined>;
  /** kill -9 of the app's own process. */
  kill(): Promise<void>;
  /** Removes the data folder; the app must have ended. */
  clear(): Promise<void>;
}

/** Starts a process of the app without waiting for anything: for tests of starts that fail. */
export async function spawnApp(options: AppOptions = {}): Promise<StartingApp> {
  const folder = options.folder ?? (await mkdtemp(join(tmpdir(), 'leitwerk-app-')));
  const ports = options.ports ?? (await choosePorts());
  const program = options.through === 'launcher' ? ['scripts/launch.mjs', 'start'] : ['bin/leitwerk.ts'];
  const child = spawn(process.execPath, [...program, ...(options.args ?? [])], {
    cwd: options.root ?? rootFolder,
    env: {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      // As the launcher does: the same code starts many times in a run.
      NODE_COMPILE_CACHE: join(cacheFolder(), 'compiled'),
      ...ports,
      LEITWERK_DATA: folder,
      ...(options.databaseUrl === undefined ? {} : { DATABASE_URL: options.databaseUrl }),
      ...(options.temporalAddress === undefined ? {} : { TEMPORAL_ADDRESS: options.temporalAddress }),
      ...options.env,
    },
    // The channel ends the app when the test process dies, whatever way.
    stdio: ['ignore', 'pipe', options.stderr ?? 'pipe', 'ipc'],
  });
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) if (stream !== null) collectLines(stream, lines);
  const exited = new Promise<number | undefined>((resolve) => {
    child.once('exit', (code) => resolve(code ?? undefined));
    child.once('error', () => resolve(undefined));
  });
  const arm = async (specification: string): Promise<void> => {
    const told = new Promise((resolve) => void child.once('message', resolve));
    child.send({ kind: 'failpoint', specification });
    await told;
  };
  return { pid: child.pid ?? 0, folder, ports, lines, exited, arm };
}

export interface StartingApp {
  readonly pid: number;
  readonly folder: string;
  readonly ports: AppPorts;
  readonly lines: readonly string[];
  readonly exited: Promise<number | undefined>;
  readonly arm: (specification: string) => Promise<void>;
}

/** Starts the app on free ports and a data folder of its own, and waits for its `ready` line. */
export async function startApp(options: AppOptions = {}): Promise<App> {
  const startedAt = Date.now();
  const { pid, folder, ports, lines, exited, arm } = await spawnApp(options);
  let hasExited = false;
  void exited.then(() => (hasExited = true));
  const line = async (pattern: RegExp, timeoutMs = 30_000): Promise<string> =>
    await until(
      `line ${pattern.source}`,
      () => {
        const found = lines.find((text) => pattern.test(text));
        if (found === undefined && hasExited) throw new Error(`the app ended: ${lines.slice(-30).join('\n')}`);
        return found;
      },
      timeoutMs,
    );
  const ready = await line(/^ready \w+:/);
  const descendant = async (what: string, pattern: RegExp): Promise<number> =>
    await until(what, () => findDescendants(pid).find(({ command }) => pattern.test(command))?.pid);
  return {
    url: ready.replace('ready ', '').trim(),
    folder,
    ports,
    pid,
    readyAfterMs: Date.now() - startedAt,
    lines: () => lines,
    line,
    temporalReady: async (timeoutMs) => void (await line(/^temporal ready /, timeoutMs)),
    workerPid: async () => await descendant('worker process', /bin\/worker\.ts/),
    temporalPid: async () => await descendant('Temporal server', /^\S*temporal\S* server start-dev/),
    arm,
    stop: async () => {
      if (!hasExited) process.kill(pid, 'SIGTERM');
      return await exited;
    },
    kill: async () => {
      if (!hasExited) process.kill(pid, 'SIGKILL');
      await exited;
    },
    clear: async () => await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 200 }),
  };
}

async function choosePorts(): Promise<AppPorts> {
  const [a, b, c, d] = await Promise.all([findFreePort(), findFreePort(), findFreePort(), findFreePort()]);
  return { PORT: `${a}`, SMTP_PORT: `${b}`, TEMPORAL_PORT: `${c}`, TEMPORAL_UI_PORT: `${d}` };
}

function collectLines(stream: NodeJS.ReadableStream, lines: string[]): void {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    const parts = (rest + chunk).split('\n');
    rest = parts.pop() ?? '';
    lines.push(...parts);
  });
}
