import type { TestProject } from 'vitest/node';
import { openStore } from '../stores.ts';
import { provideOnce } from './once.ts';

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  return await provideOnce(project, 'storeTemplate', async () => {
    const { folder, foundation, clear } = await openStore('sqlite', {});
    await foundation.close();
    return { value: folder, stop: clear };
  });
}
