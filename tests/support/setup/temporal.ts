import type { TestProject } from 'vitest/node';
import { startTemporal } from '../temporal.ts';
import { provideOnce } from './once.ts';

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  return await provideOnce(project, 'temporalAddress', async () => {
    const server = await startTemporal();
    return { value: server.address, stop: server.stop };
  });
}
