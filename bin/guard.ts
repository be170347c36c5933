import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { niceness } from './priority.ts';

/**
 * Starts "$@", standing back (`priority.ts`), tells its process id, and ends it when standard input closes: the kernel closes that
 * pipe when our process dies, whatever way. First TERM, then KILL. The watcher is a process of its own, so that a killed guard leaves
 * no orphan either.
 */
const script = `
exec 3<&0
echo ${niceness} 2>/dev/null >/proc/self/autogroup
nice -n ${niceness} "$@" </dev/null >/dev/null 3<&- &
child=$!
echo "$child"
{
  while read -r _; do :; done <&3
  kill -TERM "$child"
  tries=0
  while kill -0 "$child" && [ "$tries" -lt 50 ]; do sleep 0.1; tries=$((tries + 1)); done
  kill -KILL "$child"
} >/dev/null 2>&1 &
watcher=$!
exec 3<&-
wait "$child"
code=$?
kill "$watcher" 2>/dev/null
exit "$code"
`;

export interface GuardedProcess {
  /** The program's own process id; absent when it never started. */
  readonly pid: Promise<number | undefined>;
  /** Resolves when it is gone; `output` is the end of what it printed. Never rejects. */
  readonly exited: Promise<{ readonly code: number | undefined; readonly output: string }>;
  /** Asks it to end, and ends it after 5 s. */
  end(): void;
}

interface Options {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** Starts a program that stands back and cannot outlive this process, not even after kill -9. */
export function spawnGuarded(program: string, args: readonly string[], options: Options = {}): GuardedProcess {
  const isPosix = process.platform !== 'win32';
  // Its own process group: Ctrl-C in the terminal reaches us only, and we end it after draining.
  const child = isPosix
    ? spawn('/bin/sh', ['-c', script, 'guard', program, ...args], { ...options, detached: true, stdio: 'pipe' })
    : spawn(program, args, { ...options, stdio: 'pipe' });
  const output = keepTail(child);
  child.stdin.on('error', () => undefined);
  return {
    pid: isPosix ? firstNumber(child) : Promise.resolve(child.pid),
    exited: new Promise((resolve) => {
      child.once('error', (error) => resolve({ code: undefined, output: error.message }));
      child.once('exit', (code) => {
        // When the guard itself was killed, this is what lets its watcher act.
        child.stdin.destroy();
        resolve({ code: code ?? undefined, output: output() });
      });
    }),
    end: () => {
      child.stdin.destroy();
      if (!isPosix) child.kill();
    },
  };
}

function keepTail(child: ChildProcess): () => string {
  let tail = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    tail = (tail + chunk.toString()).slice(-4096);
  });
  return () => tail.trim();
}

async function firstNumber(child: ChildProcess): Promise<number | undefined> {
  if (child.stdout === null) return undefined;
  for await (const line of createInterface({ input: child.stdout })) return Number(line);
  return undefined;
}
