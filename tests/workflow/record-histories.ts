import { mkdir } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ApplicationFailure } from '@temporalio/common';
import { archiveLead } from '../../commands/archiveLead.ts';
import { modelOf } from '../../commands/context.ts';
import { moveStage } from '../../commands/moveStage.ts';
import type { ProcessKey } from '../../store/processes.ts';
import { until } from '../support/processes.ts';
import { keepHistory } from './keep-history.ts';
import { startImpatientServer } from './server.ts';
import { createStage, stageOf, text, type Stage } from './stage.ts';

/**
 * `node tests/workflow/record-histories.ts <name>` runs every kind of process once and keeps their histories under
 * `histories/<name>-<scenario>.json`. Record under a new name (`r2`, …) whenever the interpreter learns something; old ones stay,
 * because workflows that began under them may still run somewhere.
 */
const [name = 'r1'] = process.argv.slice(2);
const folder = fileURLToPath(new URL('histories/', import.meta.url));

const remind = { key: 't', label: text('Frist'), after: { days: 3 }, do: [{ timeline: text('t') }] };
const soon = (stage: string) => ({ key: 't', label: text('Weiter'), after: { minutes: 0.01 }, do: [{ goTo: stage }] });
const hook = { callWebhook: { url: 'https://example.org/', event: 'e' } };

const move = async (on: Stage, key: ProcessKey, stage: string): Promise<void> => {
  await moveStage(on.world.person(), modelOf(on.world.person(), 'lead'), { id: key.recordId, stage });
  on.worker.wake();
  await on.inStage(key, stage);
};
const archive = async (on: Stage, key: ProcessKey): Promise<void> => {
  await archiveLead(on.world.person(), { id: key.recordId });
  on.worker.wake();
  await on.handle(key).result();
};

const scenarios: Readonly<Record<string, (on: Stage) => Promise<ProcessKey>>> = {
  waiting: async (on) => {
    await on.publish(stageOf('eins', { timers: [remind] }));
    const key = await on.addLead();
    await on.inStage(key, 'eins');
    return key;
  },
  moved: async (on) => {
    await on.publish(stageOf('eins', { timers: [remind] }), stageOf('zwei', { timers: [remind] }));
    const key = await on.addLead();
    await on.inStage(key, 'eins');
    await move(on, key, 'zwei');
    await archive(on, key);
    return key;
  },
  timed: async (on) => {
    await on.publish(
      stageOf('eins', { timers: [soon('zwei')] }),
      stageOf('zwei', { timers: [soon('drei')] }),
      stageOf('drei', { end: true }),
    );
    const key = await on.addLead();
    await on.inStage(key, 'drei');
    return key;
  },
  sent: async (on) => {
    await on.publish(stageOf('eins', { enter: [hook, hook], timers: [remind] }));
    const key = await on.addLead();
    await on.effectsDone(key, 2);
    await archive(on, key);
    return key;
  },
  parked: async (on) => {
    await on.publish(stageOf('eins', { enter: [hook], timers: [remind] }));
    on.send = () => {
      throw ApplicationFailure.create({
        type: 'RemoteRejected',
        message: 'no',
        nonRetryable: true,
        details: [{ de: 'nein', en: 'no' }],
      });
    };
    const key = await on.addLead();
    await on.inState(key, 'parked');
    on.send = () => undefined;
    await on.handle(key).signal('retry');
    await on.effectsDone(key, 1);
    await archive(on, key);
    return key;
  },
  broken: async (on) => {
    await on.publish(stageOf('eins', { enter: [{ setFields: { priority: 'gibt-es-nicht' } }] }), stageOf('zwei'));
    const key = await on.addLead();
    await on.inState(key, 'parked');
    await move(on, key, 'zwei');
    return key;
  },
  skipped: async (on) => {
    await on.publish(stageOf('eins', { timers: [{ ...remind, do: [{ goTo: 'zwei' }] }] }), stageOf('zwei'));
    const key = await on.addLead();
    await on.inStage(key, 'eins');
    await on.handle(key).executeUpdate('skipWait');
    return key;
  },
  continued: async (on) => {
    await on.publish(stageOf('eins', { timers: [remind] }), stageOf('zwei', { timers: [remind] }));
    const key = await on.addLead();
    await on.inStage(key, 'eins');
    const { runId } = await on.handle(key).describe();
    await until('another run', async () => {
      await move(on, key, (await on.world.process(key))?.position.stage === 'eins' ? 'zwei' : 'eins');
      return (await on.handle(key).describe()).runId === runId ? undefined : true;
    });
    return key;
  },
};

const server = await startImpatientServer(24);
const on = await createStage(server.address);
await mkdir(folder, { recursive: true });
for (const [scenario, run] of Object.entries(scenarios)) {
  const key = await run(on);
  // The last workflow task is told after the rows are written.
  await setTimeout(500);
  const events = await keepHistory(await on.handle(key).fetchHistory(), `${folder}${name}-${scenario}.json`);
  process.stdout.write(`${scenario}: ${events} events\n`);
}
await on.end();
await server.stop();
