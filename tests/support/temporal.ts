import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
