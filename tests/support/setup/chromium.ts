import { existsSync } from 'node:fs';
import type { TestProject } from 'vitest/node';
import { provideOnce } from './once.ts';

const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  return await provideOnce(project, 'chromiumPath', async () => {
    const value = places.find((path) => existsSync(path));
    return await Promise.resolve(value === undefined ? undefined : { value });
  });
}
