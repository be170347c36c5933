import type { TestProject } from 'vitest/node';
import { dovecotProgram } from '../dovecot.ts';
import { provideOnce } from './once.ts';

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  return await provideOnce(project, 'dovecotPath', async () => {
    const value = dovecotProgram();
    return await Promise.resolve(value === undefined ? undefined : { value });
  });
}
