import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { startTemporalServer, type TemporalServer } from '../../bin/temporal/server.ts';

/**
 * Starts a Temporal dev server of its own and waits until it answers; on a machine without the CLI that can take minutes.
 * With the folder of an earlier one it continues on the same file.
 */
export async function startTemporal(folder?: string): Promise<TemporalServer> {
  const dataFolder = folder ?? (await mkdtemp(join(tmpdir(), 'leitwerk-temporal-')));
  return await new Promise((resolve, reject) => {
    const server = startTemporalServer({
      port: 0,
      uiPort: 0,
      namespace: 'default',
      dataFolder,
      onProgress: ({ state, text }) => {
        if (state === 'building' || state === 'downloading') process.stderr.write(`${text.en}\n`);
        if (state === 'failed') reject(new Error(text.en));
        if (state === 'ready')
          void server.then(({ stop, ...rest }) => resolve({ ...rest, stop: async () => await end(stop) }));
      },
    });
    server.catch(reject);
    const end = async (stop: () => Promise<void>): Promise<void> => {
      await stop();
      if (folder === undefined) await rm(dataFolder, { recursive: true, force: true });
    };
  });
}

/** Makes a namespace for one Leitwerk: two on different databases do not share one. */
export async function createNamespace(address: string): Promise<string> {
  const namespace = `n${randomBytes(6).toString('hex')}`;
  const connection = await Connection.connect({ address });
  await connection.workflowService.registerNamespace({
    namespace,
    workflowExecutionRetentionPeriod: msToTs('1 day'),
  });
  await connection.close();
  return namespace;
}
