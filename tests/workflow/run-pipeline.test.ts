import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { archiveLead } from '../../commands/archiveLead.ts';
import { assignRecord } from '../../commands/assignRecord.ts';
import { modelOf } from '../../commands/context.ts';
import { moveStage } from '../../commands/moveStage.ts';
import { LeitwerkError } from '../../core/errors.ts';
import type { ProcessKey } from '../../store/processes.ts';
import { until } from '../support/processes.ts';
import { createStage, stageOf as stage, text, type Stage } from './stage.ts';

const address = inject('temporalAddress');
let on: Stage;

beforeAll(async () => {
  if (address !== undefined) on = await createStage(address);
});
afterAll(async () => await on?.end());
beforeEach(() => {
  if (address !== undefined) on.send = () => undefined;
});

const textsIn = (value: unknown): string[] => {
  if (typeof value === 'string') return [value];
  if (value instanceof Uint8Array) return [Buffer.from(value).toString()];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
};

/** All strings of a history, payloads decoded. */
const textOfHistory = async (key: ProcessKey): Promise<string> =>
  textsIn((await on.handle(key).fetchHistory()).events).join('\n');

describe.skipIf(address === undefined)('runPipeline', () => {
  it('starts for a new lead, readable for operators, and ends with it', async () => {
    await on.publish(
      stage('neu', {
        timers: [{ key: 'sla', label: text('Frist'), after: { days: 3 }, do: [{ timeline: text('x') }] }],
      }),
    );
    const key = await on.addLead({ owner: on.world.users[0].id });
    await on.inState(key, 'running');
    const description = await until('attributes', async () => {
      const found = await on.handle(key).describe();
      return found.typedSearchAttributes.getAll().length > 0 ? found : undefined;
    });
    const attributes = Object.fromEntries(
      description.typedSearchAttributes.getAll().map(({ key: { name }, value }) => [name, value]),
    );
    expect(attributes).toMatchObject({
      LwTenant: 'main',
      LwEntity: 'lead',
      LwRecord: key.recordId,
      LwProcess: 'a-test',
      LwStage: 'neu',
      LwHealth: 'ok',
    });
    expect(JSON.stringify(attributes)).not.toContain('kunde@example.org');
    expect(await on.handle(key).query('details')).toContain('Frist');
    await archiveLead(on.world.person(), { id: key.recordId });
    on.worker.wake();
    await on.handle(key).result();
    expect((await on.world.process(key))?.state).toBe('done');
  });

  it('takes the first step of many leads without a way through the queue of tasks', async () => {
    await on.publish(
      stage('neu', { timers: [{ key: 't', label: text('t'), after: { days: 3 }, do: [{ timeline: text('x') }] }] }),
    );
    const keys = await Promise.all(Array.from({ length: 100 }, async () => await on.addLead()));
    for (const key of keys) await on.inState(key, 'running');
    const histories = await Promise.all(keys.map(async (key) => await on.handle(key).fetchHistory()));
    const eager = histories.filter(
      ({ events }) => events?.[0]?.workflowExecutionStartedEventAttributes?.eagerExecutionAccepted === true,
    );
    expect(eager).toHaveLength(keys.length);
  });

  it('waits on one timer and does what is due', async () => {
    await on.publish(
      stage('eins', {
        timers: [{ key: 't', label: text('Weiter'), after: { minutes: 0.02 }, do: [{ goTo: 'zwei' }] }],
      }),
      stage('zwei', { timers: [{ key: 't', label: text('Ende'), after: { minutes: 0.02 }, do: [{ goTo: 'drei' }] }] }),
      stage('drei', { end: true }),
    );
    const key = await on.addLead();
    await until(
      'workflow',
      async () =>
        await on
          .handle(key)
          .describe()
          .catch(() => undefined),
    );
    await on.handle(key).result();
    expect(await on.world.lead(key)).toMatchObject({ stage: 'drei' });
    expect((await on.world.process(key))?.position.entry).toBe(3);
  });

  it('says that it waits where the next stage asks for something', async () => {
    const timer = { key: 't', label: text('Weiter'), after: { minutes: 0.02 }, do: [{ goTo: 'zwei' }] };
    await on.publish(stage('eins', { timers: [timer] }), stage('zwei', { requires: { fields: ['company'] } }));
    const key = await on.addLead();
    await until('attribute', async () => {
      const found = await on
        .handle(key)
        .describe()
        .catch(() => undefined);
      const attributes = found?.typedSearchAttributes
        .getAll()
        .map(({ key: { name }, value }) => `${name} ${String(value)}`);
      return attributes?.includes('LwHealth waiting') === true && !attributes.join().includes('LwNextActionAt');
    });
  });

  it('follows what people do to the record', async () => {
    await on.publish(stage('eins'), stage('zwei', { enter: [{ timeline: text('angekommen') }] }));
    const key = await on.addLead();
    await on.inStage(key, 'eins');
    await moveStage(on.world.person(), modelOf(on.world.person(), 'lead'), { id: key.recordId, stage: 'zwei' });
    on.worker.wake();
    await on.inStage(key, 'zwei');
    const seen = await until('attribute', async () => {
      const { typedSearchAttributes } = await on.handle(key).describe();
      const found = JSON.stringify(typedSearchAttributes.getAll());
      return found.includes('zwei') ? found : undefined;
    });
    expect(seen).not.toContain('eins');
  });

  it('sends what leaves the machine, in order, once', async () => {
    await on.publish(
      stage('eins', {
        enter: [1, 2, 3].map((n) => ({ callWebhook: { url: 'https://example.org/', event: `e${n}` } })),
      }),
    );
    const key = await on.addLead();
    await on.effectsDone(key, 3);
    const ids = (
      await on.world.rows('SELECT `id` FROM `effect` WHERE `recordId` = ? ORDER BY `name`', [key.recordId])
    ).map((row) => String(row['id']));
    expect(on.sent.filter((id) => ids.includes(id))).toEqual(ids);
  });

  it('parks when a step fails for good, and goes on where it failed when repaired', async () => {
    await on.publish(
      stage('eins', {
        enter: [{ callWebhook: { url: 'https://example.org/', event: 'e' } }],
        timers: [{ key: 't', label: text('t'), after: { days: 1 }, do: [{ timeline: text('t') }] }],
      }),
    );
    let attempts = 0;
    on.send = () => {
      attempts += 1;
      throw new LeitwerkError('RemoteUnavailable', { text: { de: 'kunde@example.org ist weg', en: 'away' } });
    };
    const key = await on.addLead();
    await on.inState(key, 'parked');
    expect(attempts).toBe(2);
    expect((await on.world.process(key))?.error).toMatchObject({
      code: 'RemoteUnavailable',
      message: { de: 'kunde@example.org ist weg' },
      attempts: 2,
    });
    expect(await textOfHistory(key)).not.toContain('kunde@example.org');
    await until('health', async () =>
      JSON.stringify((await on.handle(key).describe()).typedSearchAttributes.getAll()).includes('parked')
        ? true
        : undefined,
    );
    on.send = () => undefined;
    await on.handle(key).signal('retry');
    await on.inState(key, 'running');
    await on.effectsDone(key, 1);
  });

  it('parks at once, and says that it was tried once, what cannot succeed by trying again', async () => {
    await on.publish(stage('eins', { enter: [{ callWebhook: { url: 'https://example.org/', event: 'e' } }] }));
    on.send = () => {
      throw new LeitwerkError('RemoteRejected');
    };
    const key = await on.addLead();
    await on.inState(key, 'parked');
    on.send = () => undefined;
    expect((await on.world.process(key))?.error).toMatchObject({ code: 'RemoteRejected', attempts: 1 });
    expect(await on.world.rows('SELECT `attempts` FROM `effect` WHERE `recordId` = ?', [key.recordId])).toEqual([
      { attempts: 1 },
    ]);
  });

  it('parks when its pipeline cannot go on', async () => {
    await on.publish(stage('eins', { enter: [{ setFields: { priority: 'gibt-es-nicht' } }] }));
    const key = await on.addLead();
    await on.inState(key, 'parked');
    expect((await on.world.process(key))?.error).toMatchObject({
      code: 'InvalidInput',
      step: 'advance',
      message: { de: expect.stringContaining('gibt-es-nicht') },
    });
  });

  it('tells Temporal nothing of what is in a record, however it fails (S40)', async () => {
    await on.publish(stage('eins', { enter: [{ setFields: { priority: { cel: 'record.lastName' } } }] }));
    const key = await on.addLead({ lastName: 'Kanarienvogel', message: 'Kanarienvogel' });
    await on.inState(key, 'parked');
    expect((await on.world.process(key))?.error?.message.de).toContain('Kanarienvogel');
    const history = await until('what the step came to', async () => {
      const found = await textOfHistory(key);
      return found.includes('angehalten: Die Eingabe ist ungültig.') ? found : undefined;
    });
    expect(history).toContain(`"recordId":"${key.recordId}"`);
    expect(history).not.toContain('Kanarienvogel');
    expect(await on.handle(key).query('details')).not.toContain('Kanarienvogel');
  });

  it('is found by owner and by what is due, when its stage or its owner changes', async () => {
    const [anna, bert] = on.world.users;
    const timers = [
      { key: 'sla', kind: 'sla', label: text('Frist'), after: { days: 2 }, do: [{ timeline: text('x') }] },
      { key: 'rem', label: text('Erinnern'), after: { days: 1 }, do: [{ timeline: text('y') }] },
    ] as const;
    await on.publish(stage('eins'), stage('zwei', { timers }));
    const key = await on.addLead({ owner: anna.id });
    await on.inStage(key, 'eins');
    const attribute = async (name: string, isWanted: (value: unknown) => boolean): Promise<unknown> =>
      await until(name, async () => {
        const { typedSearchAttributes } = await on.handle(key).describe();
        const found = typedSearchAttributes.getAll().find((one) => one.key.name === name)?.value;
        return isWanted(found) ? found : undefined;
      });
    await attribute('LwOwner', (value) => value === anna.id);
    const lead = modelOf(on.world.person(), 'lead');
    await assignRecord(on.world.person(), lead, { id: key.recordId, owner: bert.id });
    on.worker.wake();
    await attribute('LwOwner', (value) => value === bert.id);
    await moveStage(on.world.person(), lead, { id: key.recordId, stage: 'zwei' });
    on.worker.wake();
    const next = await attribute('LwNextActionAt', (value) => value instanceof Date);
    const due = await attribute('LwDueAt', (value) => value instanceof Date);
    expect((due as Date).getTime() - (next as Date).getTime()).toBe(86_400_000);
  });

  it('does now what it waits for when an operator asks', async () => {
    await on.publish(
      stage('eins', { timers: [{ key: 't', label: text('Weiter'), after: { days: 30 }, do: [{ goTo: 'zwei' }] }] }),
      stage('zwei'),
    );
    const key = await on.addLead();
    await on.inStage(key, 'eins');
    expect(await on.handle(key).executeUpdate<string, []>('skipWait')).toContain('zwei');
  });

  it('keeps the revision it started with while newer ones are published', async () => {
    const first = await on.publish(
      stage('eins', { timers: [{ key: 't', label: text('t'), after: { days: 30 }, do: [{ goTo: 'zwei' }] }] }),
      stage('zwei', { enter: [{ timeline: text('alt') }] }),
    );
    const key = await on.addLead();
    await on.inStage(key, 'eins');
    await on.publish(stage('eins'), stage('zwei', { enter: [{ timeline: text('neu') }] }));
    await on.handle(key).executeUpdate<string, []>('skipWait');
    expect((await on.world.process(key))?.revision).toBe(first);
    const told = await on.world.rows("SELECT `text` FROM `timeline_entry` WHERE `lead` = ? AND `kind` = 'process'", [
      key.recordId,
    ]);
    expect(told).toEqual([{ text: 'alt' }]);
  });

  it('is started again at its stage and deadline when Temporal has lost it, and sends nothing twice', async () => {
    await on.publish(
      stage('eins', {
        enter: [{ callWebhook: { url: 'https://example.org/', event: 'e' } }],
        timers: [{ key: 't', label: text('t'), after: { days: 30 }, do: [{ goTo: 'eins' }] }],
      }),
    );
    const key = await on.addLead();
    await on.effectsDone(key, 1);
    const before = await on.world.process(key);
    const count = on.sent.length;
    await on.handle(key).terminate('lost');
    on.world.time = new Date(Date.now() + 120_000).toISOString();
    await until('gone', async () =>
      (await on.handle(key).describe()).status.name === 'TERMINATED' ? true : undefined,
    );
    await until('missing', async () => ((await on.worker.reconcile()) > 0 ? true : undefined));
    await until('again', async () => ((await on.handle(key).describe()).status.name === 'RUNNING' ? true : undefined));
    await until('step', async () =>
      (await on.world.process(key))?.updatedAt !== before?.updatedAt ? true : undefined,
    );
    on.world.time = undefined;
    expect(await on.world.process(key)).toMatchObject({
      state: 'running',
      position: before?.position ?? {},
      next: before?.next ?? {},
    });
    expect(on.sent.length).toBe(count);
  });
});
