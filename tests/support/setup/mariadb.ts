import type { TestProject } from 'vitest/node';
import { createMariadbDatabase, isMariadbInstalled, startMariadb, templateName } from '../mariadb.ts';
import { openStore } from '../stores.ts';
import { provideOnce } from './once.ts';

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  return await provideOnce(project, 'mariadbUrl', async () => {
    if (!isMariadbInstalled()) return undefined;
    const server = await startMariadb();
    // A database as set up: a store of a test begins as a copy of it.
    const template = await openStore('mariadb', { databaseUrl: await createMariadbDatabase(server.url, templateName) });
    await template.clear();
    return { value: server.url, stop: server.stop };
  });
}
