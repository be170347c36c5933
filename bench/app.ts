import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runProgram, startServer, type Server } from './server.ts';

/** The real app on a data folder and ports of its own. */
export interface App {
  readonly env: Readonly<Record<string, string>>;
  readonly database: string;
  /** `role` absent = everything, with our own Temporal server. */
  start(role?: 'api' | 'smtp'): Promise<Server>;
  /** Runs `leitwerk <words> --json` on its data and answers what it printed. */
  command(...words: string[]): Promise<Record<string, unknown>>;
  clear(): Promise<void>;
}

export async function createApp(more: Readonly<Record<string, string>> = {}): Promise<App> {
  const folder = await mkdtemp(join(tmpdir(), 'leitwerk-bench-'));
  const [port, smtp, temporal, ui] = await Promise.all([
    findFreePort(),
    findFreePort(),
    findFreePort(),
    findFreePort(),
  ]);
  const env = {
    PORT: `${port}`,
    SMTP_PORT: `${smtp}`,
    TEMPORAL_PORT: `${temporal}`,
    TEMPORAL_UI_PORT: `${ui}`,
    LEITWERK_DATA: folder,
    LOG_LEVEL: 'warn',
    ...more,
  };
  return {
    env,
    database: join(folder, 'leitwerk.sqlite'),
    start: async (role) =>
      await startServer({ file: 'bin/leitwerk.ts', args: role === undefined ? [] : ['--role', role], env }),
    command: async (...words) =>
      JSON.parse(await runProgram({ file: 'bin/cli.ts', args: [...words, '--json'], env })) as Record<string, unknown>,
    clear: async () => await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 200 }),
  };
}

async function findFreePort(): Promise<number> {
  return await new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
