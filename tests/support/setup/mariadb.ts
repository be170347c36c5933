import type { TestProject } from 'vitest/node';
import { isMariadbInstalled, startMariadb } from '../mariadb.ts';
import { provideOnce } from './once.ts';

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  return await provideOnce(project, 'mariadbUrl', async () => {
    if (!isMariadbInstalled()) return undefined;
    const server = await startMariadb();
    return { value: server.url, stop: server.stop };
  });
}
