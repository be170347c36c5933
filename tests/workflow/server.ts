import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findFreePort } from '../../bin/temporal/ports.ts';
import { provideTemporal } from '../../bin/temporal/provide.ts';
import { isTemporal } from '../../bin/temporal/rpc.ts';
import { until } from '../support/processes.ts';

/** A dev server that suggests continue-as-new after so few events that a test sees it. */
export async function startImpatientServer(
  events: number,
): Promise<{ readonly address: string; readonly stop: () => Promise<void> }> {
  const program = await provideTemporal(() => undefined, new AbortController().signal);
  const folder = await mkdtemp(join(tmpdir(), 'leitwerk-impatient-'));
  const port = await findFreePort();
  const args = ['server', 'start-dev', '--headless', '--ip', '127.0.0.1', '--port', `${port}`, '--log-level', 'error'];
  const child = spawn(
    program,
    [...args, '--dynamic-config-value', `limit.historyCount.suggestContinueAsNew=${events}`],
    { stdio: 'ignore' },
  );
  const ended = new Promise((resolve) => void child.on('exit', resolve));
  const address = `127.0.0.1:${port}`;
  await until('Temporal', async () => ((await isTemporal(address)) ? true : undefined), 60_000);
  return {
    address,
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
