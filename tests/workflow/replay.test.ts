import { readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from '@temporalio/worker';
import { describe, expect, it } from 'vitest';
import { provideBundle } from '../../activities/bundle.ts';
import { installRuntime } from '../../activities/worker.ts';

const folder = fileURLToPath(new URL('histories/', import.meta.url));
const names = readdirSync(folder).filter((name) => name.endsWith('.json'));

installRuntime('ERROR');

describe('R30: the interpreter as it is today', () => {
  it.each(names)('goes on with a process that began with %s', async (name) => {
    const history: unknown = JSON.parse(readFileSync(join(folder, name), 'utf8'));
    const codePath = await provideBundle(join(tmpdir(), 'leitwerk-test-bundles'));
    const replayed = Worker.runReplayHistory({ workflowBundle: { codePath } }, history, name);
    await expect(replayed).resolves.toBeUndefined();
  });

  it('would be caught if it went another way', async () => {
    const text = readFileSync(join(folder, 'r1-sent.json'), 'utf8').replaceAll('"performEffect"', '"somethingElse"');
    const codePath = await provideBundle(join(tmpdir(), 'leitwerk-test-bundles'));
    const replayed = Worker.runReplayHistory({ workflowBundle: { codePath } }, JSON.parse(text) as unknown, 'other');
    await expect(replayed).rejects.toThrow(/Nondeterminism/);
  });
});
