import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { openFoundation } from '../../../bin/foundation.ts';
import { readSettings } from '../../../bin/settings.ts';
import { createMariadbDatabase, isMariadbInstalled, startMariadb, templateName } from '../mariadb.ts';
import { provideOnce } from './once.ts';

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  return await provideOnce(project, 'mariadbUrl', async () => {
    if (!isMariadbInstalled()) return undefined;
    const server = await startMariadb();
    await createTemplate(server.url);
    return { value: server.url, stop: server.stop };
  });
}

/** A database as set up: a store of a test begins as a copy of it. */
async function createTemplate(serverUrl: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'leitwerk-template-'));
  const databaseUrl = await createMariadbDatabase(serverUrl, templateName);
  const foundation = await openFoundation(readSettings([], { LEITWERK_DATA: folder, DATABASE_URL: databaseUrl }));
  await foundation.close();
  await rm(folder, { recursive: true });
}
