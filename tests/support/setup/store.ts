import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { openFoundation } from '../../../bin/foundation.ts';
import { readSettings } from '../../../bin/settings.ts';
import { provideOnce } from './once.ts';

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  return await provideOnce(project, 'storeTemplate', async () => {
    const value = await mkdtemp(join(tmpdir(), 'leitwerk-template-'));
    const foundation = await openFoundation(readSettings([], { LEITWERK_DATA: value }));
    await foundation.close();
    return { value, stop: async () => await rm(value, { recursive: true, force: true }) };
  });
}
