import { execFile } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import { LeitwerkError } from '../../core/errors.ts';

const run = promisify(execFile);

/** Notes which process serves the database file. */
export async function noteServer(file: string, pid: number): Promise<void> {
  await writeFile(`${file}.pid`, String(pid));
}

export async function forgetServer(file: string): Promise<void> {
  await rm(`${file}.pid`, { force: true });
}

const readNoted = async (file: string): Promise<number | undefined> => {
  const pid = Number(await readFile(`${file}.pid`, 'utf8').catch(() => ''));
  return Number.isInteger(pid) && pid > 1 ? pid : undefined;
};

/** Whether the server of an earlier run still uses the database file. */
export async function hasLeftOver(file: string): Promise<boolean> {
  const pid = await readNoted(file);
  return pid !== undefined && (await serves(pid, file));
}

/**
 * Waits until the server of an earlier run on the same database file is gone: after a crash its guard needs a moment to end it,
 * and two servers on one file would spoil it.
 * @throws LeitwerkError `Misconfigured` when it does not go.
 */
export async function awaitLeftOver(file: string, signal: AbortSignal, timeoutMs = 10_000): Promise<void> {
  const pid = await readNoted(file);
  if (pid === undefined) return;
  const deadline = Date.now() + timeoutMs;
  while (await serves(pid, file)) {
    if (Date.now() > deadline) throw leftOver(pid, file);
    await wait(100, undefined, { signal });
  }
}

async function serves(pid: number, file: string): Promise<boolean> {
  try {
    process.kill(pid, 0);
    // Process ids are used again: only one that names our file is the one we mean.
    const { stdout } = await run('ps', ['-ww', '-o', 'args=', '-p', String(pid)]);
    return stdout.includes(file);
  } catch {
    return false;
  }
}

function leftOver(pid: number, file: string): LeitwerkError {
  return new LeitwerkError('Misconfigured', {
    text: {
      de: `Ein Temporal-Server (Prozess ${pid}) benutzt noch ${file}: läuft Leitwerk schon in diesem Datenordner? Sonst mit "kill ${pid}" beenden.`,
      en: `A Temporal server (process ${pid}) still uses ${file}: is Leitwerk already running on this data folder? If not, end it with "kill ${pid}".`,
    },
  });
}
