import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createInterface } from 'node:readline';
import { cacheFolder } from '../scripts/launch/cache.mjs';

export const rootFolder = fileURLToPath(new URL('..', import.meta.url));

/** A server in a process of its own that has said where it listens. */
export interface Server {
  readonly url: string;
  readonly pid: number;
  /** Milliseconds from the start to its `ready` line. */
  readonly readyAfterMs: number;
  /** The first line that matches, past or future. */
  line(pattern: RegExp): Promise<string>;
  stop(): Promise<void>;
}

export interface Program {
  readonly file: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** What it reads on stdin. */
  readonly input?: string;
}

/** A machine that has no Temporal yet builds it first. */
const startsWithinMs = 900_000;

/** What a measured process gets of our environment: what the launcher gives it, and nothing that could change what it does. */
const environment = (): NodeJS.ProcessEnv => ({
  PATH: process.env['PATH'],
  HOME: process.env['HOME'],
  NODE_COMPILE_CACHE: join(cacheFolder(), 'compiled'),
});

/**
 * Starts a program that prints `ready <url>` when it listens.
 * @throws Error with its last lines when it ends before, or takes more than a quarter of an hour.
 */
export async function startServer({ file, args = [], env = {}, input = '' }: Program): Promise<Server> {
  const startedAt = performance.now();
  const child = spawn(process.execPath, [file, ...args], {
    cwd: rootFolder,
    env: { ...environment(), ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.end(input);
  const lines = collectLines(child);
  const line = async (pattern: RegExp): Promise<string> =>
    await waitForLine(lines, pattern, `${file} ${args.join(' ')}`);
  const ready = await line(/^ready (?:http|smtp)/);
  const readyAfterMs = performance.now() - startedAt;
  return {
    url: ready.slice('ready '.length).trim(),
    pid: child.pid ?? 0,
    readyAfterMs,
    line,
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/** Runs a program to its end and answers what it printed. */
export async function runProgram({ file, args = [], env = {}, input = '' }: Program): Promise<string> {
  const child = spawn(process.execPath, [file, ...args], {
    cwd: rootFolder,
    env: { ...environment(), ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.end(input);
  const lines: string[] = [];
  const errors: string[] = [];
  createInterface({ input: child.stdout }).on('line', (text) => lines.push(text));
  createInterface({ input: child.stderr }).on('line', (text) => errors.push(text));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${file} ${args.join(' ')} ended with ${code}: ${errors.slice(-5).join('\n')}`);
  return lines.join('\n');
}

interface Lines {
  readonly texts: string[];
  readonly watchers: Set<() => void>;
  hasEnded: boolean;
}

function collectLines(child: ChildProcess): Lines {
  const lines: Lines = { texts: [], watchers: new Set(), hasEnded: false };
  const tell = (): void => {
    for (const watcher of lines.watchers) watcher();
  };
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue;
    createInterface({ input: stream }).on('line', (text) => {
      lines.texts.push(text);
      tell();
    });
  }
  child.once('exit', () => {
    lines.hasEnded = true;
    tell();
  });
  return lines;
}

async function waitForLine(lines: Lines, pattern: RegExp, what: string): Promise<string> {
  return await new Promise((resolve, reject) => {
    const done = (): void => {
      clearTimeout(timer);
      lines.watchers.delete(look);
    };
    const look = (): void => {
      const found = lines.texts.find((text) => pattern.test(text));
      if (found !== undefined) {
        done();
        resolve(found);
      } else if (lines.hasEnded) {
        done();
        reject(new Error(`${what} ended without "${pattern.source}": ${lines.texts.slice(-5).join('\n')}`));
      }
    };
    const timer = setTimeout(() => {
      done();
      reject(new Error(`${what}: no line "${pattern.source}" within ${startsWithinMs} ms`));
    }, startsWithinMs);
    lines.watchers.add(look);
    look();
  });
}
