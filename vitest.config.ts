import { defineConfig } from 'vitest/config';
import { ClosingLine } from './tests/support/closing-line.ts';

/** Native modules crash in worker threads, so every project runs in forks. */
const shared = { pool: 'forks', environment: 'node' } as const;

/** Where a project needs servers, they start once for the whole run, on first use. */
const store = './tests/support/setup/store.ts';
const mariadb = './tests/support/setup/mariadb.ts';
const temporal = './tests/support/setup/temporal.ts';
const chromium = './tests/support/setup/chromium.ts';
const dovecot = './tests/support/setup/dovecot.ts';

const project = (name: string, globalSetup: string[], timeoutMs: number) => ({
  test: {
    // Two cores, but most of these tests wait for what they started; a browser does not.
    maxWorkers: name === 'e2e' ? 2 : 3,
    ...shared,
    name,
    include: [`tests/${name}/**/*.test.{ts,tsx}`],
    globalSetup,
    testTimeout: timeoutMs,
    hookTimeout: timeoutMs,
    teardownTimeout: 15_000,
    // The browser has the machine to itself: what it waits for is what a person would wait for.
    sequence: { groupOrder: name === 'e2e' ? 1 : 0 },
  },
});

export default defineConfig({
  test: {
    reporters: ['default', new ClosingLine()],
    projects: [
      project('unit', [], 30_000),
      project('contract', [mariadb], 60_000),
      project('workflow', [temporal], 90_000),
      project('integration', [store, mariadb, temporal, dovecot], 120_000),
      project('reliability', [store, mariadb, temporal, dovecot], 300_000),
      project('security', [store, mariadb], 120_000),
      project('e2e', [temporal, chromium, dovecot], 180_000),
    ],
  },
});
