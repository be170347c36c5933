import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { rootFolder } from '../../bin/settings.ts';
import { countRows } from '../support/ledger.ts';
import { createStore, dialects, type Store } from '../support/stores.ts';

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const leitwerk = async (store: Store, ...args: string[]): Promise<Outcome> =>
  await new Promise((resolve) => {
    const env = {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      LEITWERK_DATA: store.folder,
      ...(store.databaseUrl === undefined ? {} : { DATABASE_URL: store.databaseUrl }),
    };
    execFile(process.execPath, ['bin/cli.ts', ...args], { cwd: rootFolder, env }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error === null ? 0 : 1, stdout, stderr });
    });
  });

describe.each(dialects)('leitwerk import on %s', (dialect) => {
  it('takes a file in where no server runs, names what is wrong, and queues it without --wait', async ({ skip }) => {
    const store = await createStore({ skip }, dialect);
    try {
      const path = join(store.folder, 'kunden.csv');
      await writeFile(path, 'Wer;Mail;Umsatz\nMeyer;a@example.org;"1.000,50"\nBerg;kaputt;1\n');
      const mapping = join(store.folder, 'mapping.yaml');
      await writeFile(mapping, 'rows:\n  - { from: Wer, to: lastName }\n  - { from: Mail, to: email }\n');
      const call = ['import', path, '--source', 'csv-datei', '--mapping', mapping, '--json'];
      const done = await leitwerk(store, ...call, '--wait');
      expect([done.code, done.stderr]).toEqual([0, '']);
      expect(JSON.parse(done.stdout)).toMatchObject({ state: 'done', read: 2, created: 1, rejected: 1 });
      expect(await countRows(store, 'lead', "`lastName` = 'Meyer' AND `createdBy` LIKE 'process/import/%'")).toBe(1);
      expect(JSON.parse((await leitwerk(store, ...call)).stdout)).toMatchObject({ state: 'queued', read: 0 });
      const refused = await leitwerk(store, 'import', path, '--source', 'nix', '--delimiter', 'x', '--json');
      expect(refused.code).toBe(1);
      expect(JSON.parse(refused.stderr)).toMatchObject({
        code: 'InvalidInput',
        errors: [{ path: '/delimiter' }, { path: '/source' }],
      });
    } finally {
      await store.clear();
    }
  });
});
