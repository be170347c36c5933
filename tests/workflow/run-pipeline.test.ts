import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { provideBundle } from '../../activities/bundle.ts';
import { createWorker, type ProcessWorker } from '../../activities/worker.ts';
import { archiveLead } from '../../commands/archiveLead.ts';
import { modelOf } from '../../commands/context.ts';
import { moveStage } from '../../commands/moveStage.ts';
import type { PipelineConfig, StageConfig } from '../../core/pipeline/config.ts';
import { writeEffectState } from '../../store/effects.ts';
import { workflowIdOf, type ProcessKey } from '../../store/processes.ts';
import { until } from '../support/processes.ts';
import { createProcessWorld, type ProcessWorld } from './world.ts';

let world: ProcessWorld;
let worker: ProcessWorker;
let client: Client;
/** What the outside does with a mail or webhook; set by each test. */
let send: (id: string) => void = () => undefined;
const sent: string[] = [];

const text = (word: string): { de: string; en: string } => ({ de: word, en: word });
const publish = async (...stages: StageConfig[]): Promise<number> =>
  await world.publish({ key: 'a-test', entity: 'lead', label: text('Test'), stages } satisfies PipelineConfig);
const stage = (key: string, more: Partial<StageConfig> = {}): StageConfig => ({ key, label: text(key), ...more });

const address = inject('temporalAddress');

beforeAll(async () => {
  if (address === undefined) return;
  world = await createProcessWorld();
  world.time = undefined;
  worker = await createWorker({
    ...world,
    address,
    namespace: 'default',
    taskQueue: `run-pipeline-${process.pid}`,
    bundlePath: await provideBundle(join(tmpdir(), 'leitwerk-test-bundles')),
    effectRetry: { maximumAttempts: 2, initialIntervalMs: 50 },
    performEffect: async ({ tenantId, id }) => {
      send(id);
      sent.push(id);
      await world.db.write(async (tx) => await writeEffectState(tx, { tenantId, id, state: 'done', at: world.now().toISOString() }));
    },
    onError: () => undefined,
  });
  client = new Client({ connection: await Connection.connect({ address }) });
});
afterAll(async () => {
  await worker?.stop();
  await client?.connection.close();
  await world?.close();
});
beforeEach(() => {
  send = () => undefined;
});

const addLead = async (input?: Record<string, unknown>): Promise<ProcessKey> => {
  const key = await world.addLead(input);
  worker.wake();
  return key;
};
const inState = async (key: ProcessKey, state: string): Promise<void> =>
  void (await until(`process ${state}`, async () => ((await world.process(key))?.state === state ? true : undefined)));
const inStage = async (key: ProcessKey, wanted: string): Promise<void> =>
  void (await until(`stage ${wanted}`, async () => ((await world.process(key))?.position.stage === wanted ? true : undefined)));
const describeWorkflow = async (key: ProcessKey) => await client.workflow.getHandle(workflowIdOf(key)).describe();

describe.skipIf(address === undefined)('runPipeline', () => {
  it('starts for a new lead, readable for operators, and ends with it', async () => {
    await publish(stage('neu', { timers: [{ key: 'sla', label: text('Frist'), after: { days: 3 }, do: [{ timeline: text('x') }] }] }));
    const key = await addLead({ owner: world.users[0].id });
    await inState(key, 'running');
    const description = await until('attributes', async () => {
      const found = await describeWorkflow(key);
      return found.typedSearchAttributes.getAll().length > 0 ? found : undefined;
    });
    const attributes = Object.fromEntries(description.typedSearchAttributes.getAll().map(({ key: { name }, value }) => [name, value]));
    expect(attributes).toMatchObject({ LwTenant: 'main', LwEntity: 'lead', LwRecord: key.recordId, LwProcess: 'a-test', LwStage: 'neu', LwHealth: 'ok' });
    expect(JSON.stringify(attributes)).not.toContain('kunde@example.org');
    expect(await client.workflow.getHandle(workflowIdOf(key)).query('details')).toContain('Frist');
    await archiveLead(world.person(), { id: key.recordId });
    worker.wake();
    await client.workflow.getHandle(workflowIdOf(key)).result();
    expect((await world.process(key))?.state).toBe('done');
  });

  it('waits on one timer and does what is due', async () => {
    await publish(
      stage('eins', { timers: [{ key: 't', label: text('Weiter'), after: { minutes: 0.02 }, do: [{ goTo: 'zwei' }] }] }),
      stage('zwei', { timers: [{ key: 't', label: text('Ende'), after: { minutes: 0.02 }, do: [{ goTo: 'drei' }] }] }),
      stage('drei', { end: true }),
    );
    const key = await addLead();
    await until('workflow', async () => await describeWorkflow(key).catch(() => undefined));
    await client.workflow.getHandle(workflowIdOf(key)).result();
    expect(await world.lead(key)).toMatchObject({ stage: 'drei' });
    expect((await world.process(key))?.position.entry).toBe(3);
  });

  it('follows what people do to the record', async () => {
    await publish(stage('eins'), stage('zwei', { enter: [{ timeline: text('angekommen') }] }));
    const key = await addLead();
    await inStage(key, 'eins');
    await moveStage(world.person(), modelOf(world.person(), 'lead'), { id: key.recordId, stage: 'zwei' });
    worker.wake();
    await inStage(key, 'zwei');
    const seen = await until('attribute', async () => {
      const { typedSearchAttributes } = await describeWorkflow(key);
      const found = JSON.stringify(typedSearchAttributes.getAll());
      return found.includes('zwei') ? found : undefined;
    });
    expect(seen).not.toContain('eins');
  });

  it('sends what leaves the machine, in order, once', async () => {
    await publish(stage('eins', { enter: [1, 2, 3].map((n) => ({ callWebhook: { url: 'https://example.org/', event: `e${n}` } })) }));
    const key = await addLead();
    await until('three', async () => ((await world.rows("SELECT * FROM `effect` WHERE `recordId` = ? AND `state` = 'done'", [key.recordId])).length === 3 ? true : undefined));
    const ids = (await world.rows('SELECT `id` FROM `effect` WHERE `recordId` = ? ORDER BY `name`', [key.recordId])).map((row) => String(row['id']));
    expect(sent.filter((id) => ids.includes(id))).toEqual(ids);
  });

  it('parks when a step fails for good, and goes on where it failed when repaired', async () => {
    await publish(stage('eins', { enter: [{ callWebhook: { url: 'https://example.org/', event: 'e' } }], timers: [{ key: 't', label: text('t'), after: { days: 1 }, do: [{ timeline: text('t') }] }] }));
    let attempts = 0;
    send = () => {
      attempts += 1;
      throw ApplicationFailure.create({ type: 'RemoteUnavailable', message: 'away', details: [{ de: 'weg', en: 'away' }] });
    };
    const key = await addLead();
    await inState(key, 'parked');
    expect(attempts).toBe(2);
    expect((await world.process(key))?.error).toMatchObject({ code: 'RemoteUnavailable', message: { de: 'weg' }, attempts: 2 });
    await until('health', async () => (JSON.stringify((await describeWorkflow(key)).typedSearchAttributes.getAll()).includes('parked') ? true : undefined));
    send = () => undefined;
    await client.workflow.getHandle(workflowIdOf(key)).signal('retry');
    await inState(key, 'running');
    await until('done', async () => ((await world.rows("SELECT * FROM `effect` WHERE `recordId` = ? AND `state` = 'done'", [key.recordId])).length === 1 ? true : undefined));
  });

  it('parks when its pipeline cannot go on', async () => {
    await publish(stage('eins', { enter: [{ setFields: { priority: 'gibt-es-nicht' } }] }));
    const key = await addLead();
    await inState(key, 'parked');
    expect((await world.process(key))?.error).toMatchObject({ code: 'InvalidInput', step: 'advance' });
  });

  it('does now what it waits for when an operator asks', async () => {
    await publish(stage('eins', { timers: [{ key: 't', label: text('Weiter'), after: { days: 30 }, do: [{ goTo: 'zwei' }] }] }), stage('zwei'));
    const key = await addLead();
    await inStage(key, 'eins');
    expect(await client.workflow.getHandle(workflowIdOf(key)).executeUpdate<string, []>('skipWait')).toContain('zwei');
  });

  it('keeps the revision it started with while newer ones are published', async () => {
    const first = await publish(stage('eins', { timers: [{ key: 't', label: text('t'), after: { days: 30 }, do: [{ goTo: 'zwei' }] }] }), stage('zwei', { enter: [{ timeline: text('alt') }] }));
    const key = await addLead();
    await inStage(key, 'eins');
    await publish(stage('eins'), stage('zwei', { enter: [{ timeline: text('neu') }] }));
    await client.workflow.getHandle(workflowIdOf(key)).executeUpdate<string, []>('skipWait');
    expect((await world.process(key))?.revision).toBe(first);
    const told = await world.rows("SELECT `text` FROM `timeline_entry` WHERE `lead` = ? AND `kind` = 'process'", [key.recordId]);
    expect(told).toEqual([{ text: 'alt' }]);
  });

  it('is started again at its stage and deadline when Temporal has lost it, and sends nothing twice', async () => {
    await publish(stage('eins', { enter: [{ callWebhook: { url: 'https://example.org/', event: 'e' } }], timers: [{ key: 't', label: text('t'), after: { days: 30 }, do: [{ goTo: 'eins' }] }] }));
    const key = await addLead();
    await until('sent', async () => ((await world.rows("SELECT * FROM `effect` WHERE `recordId` = ? AND `state` = 'done'", [key.recordId])).length === 1 ? true : undefined));
    const before = await world.process(key);
    const count = sent.length;
    await client.workflow.getHandle(workflowIdOf(key)).terminate('lost');
    world.time = new Date(Date.now() + 120_000).toISOString();
    await until('gone', async () => ((await describeWorkflow(key)).status.name === 'TERMINATED' ? true : undefined));
    await until('missing', async () => ((await worker.reconcile()) > 0 ? true : undefined));
    await until('again', async () => ((await describeWorkflow(key)).status.name === 'RUNNING' ? true : undefined));
    await until('step', async () => ((await world.process(key))?.updatedAt !== before?.updatedAt ? true : undefined));
    world.time = undefined;
    expect(await world.process(key)).toMatchObject({ state: 'running', position: before?.position ?? {}, next: before?.next ?? {} });
    expect(sent.length).toBe(count);
  });
});
