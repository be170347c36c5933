import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { archiveLead } from '../../commands/archiveLead.ts';
import { modelOf } from '../../commands/context.ts';
import { moveStage } from '../../commands/moveStage.ts';
import { until } from '../support/processes.ts';
import { startImpatientServer } from './server.ts';
import { createStage, stageOf, text, type Stage } from './stage.ts';

let server: Awaited<ReturnType<typeof startImpatientServer>>;
let on: Stage;

beforeAll(async () => {
  server = await startImpatientServer(20);
  on = await createStage(server.address);
});
afterAll(async () => {
  await on.end();
  await server.stop();
});

describe('a process with a long history', () => {
  it('goes on in a new run at the same place, with the same deadline and attributes', async () => {
    const timers = [{ key: 't', label: text('Frist'), after: { days: 3 }, do: [{ timeline: text('t') }] }];
    await on.publish(stageOf('eins', { timers }), stageOf('zwei', { timers }));
    const key = await on.addLead();
    await on.inStage(key, 'eins');
    const firstRun = (await on.handle(key).describe()).runId;
    const model = modelOf(on.world.person(), 'lead');
    await until('another run', async () => {
      const { stage } = (await on.world.process(key))?.position ?? {};
      const next = stage === 'eins' ? 'zwei' : 'eins';
      await moveStage(on.world.person(), model, { id: key.recordId, stage: next });
      on.worker.wake();
      await on.inStage(key, next);
      return (await on.handle(key).describe()).runId === firstRun ? undefined : true;
    });
    const details = await until(
      'the first step of the new run',
      async () => (await on.handle(key).query<string>('details')) || undefined,
    );
    const [process, description] = [await on.world.process(key), await on.handle(key).describe()];
    expect(process).toMatchObject({ state: 'running', next: { timer: 't' } });
    expect(details).toContain('Frist');
    const attributes = Object.fromEntries(
      description.typedSearchAttributes.getAll().map((pair) => [pair.key.name, pair.value]),
    );
    expect(attributes).toMatchObject({ LwRecord: key.recordId, LwStage: process?.position.stage });
    await archiveLead(on.world.person(), { id: key.recordId });
    on.worker.wake();
    await on.handle(key).result();
    expect((await on.world.process(key))?.state).toBe('done');
  });
});
