import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { rm } from 'node:fs/promises';
import { readdirSync, rmSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { join } from 'node:path';
import type { App } from '../support/app.ts';
import { publishConfig } from '../../commands/publishConfig.ts';
import { auditLedger, countRows, findUnrelayed } from '../support/ledger.ts';
import { findDescendants, isAlive, until } from '../support/processes.ts';
import { chooseSeed } from '../support/random.ts';
import { createSender, isAcknowledged, statusesOf, type Item, type Sender } from '../support/sender.ts';
import { findMisdelivered, openSinks, type Sinks } from '../support/sinks.ts';
import { addKey, createStore, dialects, secretOf, type Store } from '../support/stores.ts';
import { drained, findLostWorkflows, readRunning } from '../support/workflows.ts';

const seed = chooseSeed();
const text = (word: string): { de: string; en: string } => ({ de: word, en: word });

/** Every lead gets one mail, one webhook and one activity, and then waits for a day. */
const pipelineTo = (webhookUrl: string, label = 'Prüfung'): Record<string, unknown> => ({
  key: 'inbox',
  entity: 'lead',
  label: text(label),
  calendar: 'standard',
  stages: [
    {
      key: 'neu',
      label: text('Neu'),
      enter: [
        { sendMail: { template: 'eingangsbestaetigung', to: ['field:email'] } },
        { callWebhook: { url: webhookUrl, event: 'lead.received' } },
      ],
      plan: [{ key: 'sichten', type: 'aufgabe', title: text('Sichten'), duration: { workingHours: 2 } }],
      timers: [
        {
          key: 'erinnerung',
          label: text('Erinnerung'),
          after: { workingDays: 5 },
          do: [{ notify: { to: ['owner'], text: text('Noch da') } }],
        },
      ],
    },
    {
      key: 'kontaktversuch',
      label: text('Kontaktversuch'),
      plan: [{ key: 'anruf', type: 'anruf', title: text('Anrufen') }],
    },
    { key: 'erledigt', label: text('Erledigt'), end: true },
  ],
});

interface World {
  readonly store: Store;
  readonly sinks: Sinks;
  readonly sender: Sender;
  readonly key: string;
}

describe.each(dialects)('processes on %s', (dialect) => {
  let world: World;
  let app: App | undefined;
  let built: Promise<World> | undefined;

  const build = async (skip: Parameters<typeof createStore>[0]['skip']): Promise<World> => {
    const store = await createStore({ skip }, dialect);
    const sinks = await openSinks();
    await publishConfig(store.asSystem(), { kind: 'pipelines', key: 'inbox', value: pipelineTo(sinks.webhookUrl) });
    const sender = createSender({ source: 'kaltakquise', secret: await secretOf(store, 'kaltakquise'), seed });
    return { store, sinks, sender, key: await addKey(store, { role: 'superadmin' }) };
  };
  beforeEach(async ({ skip }) => {
    built ??= build(skip);
    world = await built;
  });
  afterEach(async () => {
    await app?.kill();
    app = undefined;
    world.sinks.answer(204);
  });
  afterAll(async () => {
    const made = await built;
    made?.sender.close();
    await made?.sinks.close();
    await made?.store.clear();
  });

  const start = async (env: Readonly<Record<string, string>> = {}): Promise<App> => {
    app = await world.store.start({
      env: { MAIL_URL: world.sinks.mailUrl, MAIL_FROM: 'crm@example.org', ALLOW_PRIVATE_ADDRESSES: '1', ...env },
    });
    return app;
  };
  const call = async (path: string, method = 'GET', body?: unknown): Promise<Record<string, unknown>> => {
    const response = await fetch(`${app?.url ?? ''}/api/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${world.key}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const answer = (await response.json()) as Record<string, unknown>;
    if (response.status >= 300) throw new Error(`${method} ${path}: ${response.status} ${JSON.stringify(answer)}`);
    return answer;
  };
  const temporalAddress = ({ ports }: App): string => `127.0.0.1:${ports.TEMPORAL_PORT}`;
  const send = async (to: App, count: number): Promise<Item[]> => {
    const items = world.sender.make(count);
    await world.sender.deliver(to.url, items, 10);
    return items;
  };
  const leadIdOf = (item: Item): string =>
    String(item.heard.map((heard) => (heard === 'lost' ? '' : heard.body['lead'])).find(Boolean));

  /** I1 to I7, with the workflows of Temporal and what the outside got. */
  const audit = async (of: App): Promise<string[]> => {
    const { store, sender, sinks } = world;
    const leads = await store.foundation.db.all<{ id: string; email: string }>('SELECT `id`, `email` FROM `lead`');
    return [
      ...(await auditLedger(store, sender.items)),
      ...(await findUnrelayed(store)),
      ...(await findLostWorkflows(store, temporalAddress(of))),
      ...findMisdelivered(
        sinks.webhooks,
        leads.map(({ id }) => id),
      ),
      ...findMisdelivered(
        sinks.mails,
        leads.map(({ email }) => email),
      ),
      ...((await countRows(store, 'activity')) === leads.length
        ? []
        : [`I3: ${leads.length} leads have ${await countRows(store, 'activity')} activities`]),
    ];
  };

  it('R07: the relay and the worker killed between start and mark, and between sending and noting it', async () => {
    for (const stage of ['S6', 'S7', 'S8', 'S11', 'S12']) {
      const doomed = await start({ FAILPOINT: `${stage}:kill:${1 + world.sender.random.below(3)}` });
      await doomed.temporalReady();
      const isDead = (): boolean => doomed.lines().some((line) => /worker process ended/.test(line));
      // One after another, so that the relay goes more than one round; slow enough for a slow machine to work them off.
      await until(`a death at ${stage}`, async () => {
        await send(doomed, 1);
        await wait(200);
        return isDead();
      });
      await doomed.kill();
    }
    const last = await start();
    await last.temporalReady();
    await drained(world.store);
    expect(await audit(last)).toEqual([]);
  });

  it('R03: the worker killed in the middle of its steps, again and again', async () => {
    const running = await start();
    await running.temporalReady();
    const load = send(running, 50);
    for (let round = 0; round < 2; round += 1) {
      const pid = await running.workerPid();
      await until('work is under way', async () => (await countRows(world.store, 'process')) > 5 * (round + 1));
      process.kill(pid, 'SIGKILL');
      await until('the worker is gone', () => !isAlive(pid));
    }
    await load;
    await drained(world.store);
    expect(await audit(running)).toEqual([]);
  });

  it('R06: with Temporal away intake goes on, the app says so and stays ready, and the backlog drains', async () => {
    const running = await start();
    await running.temporalReady();
    const temporal = await running.temporalPid();
    process.kill(temporal, 'SIGSTOP');
    const items = await send(running, 40);
    expect(statusesOf(items).every((status) => status === 202)).toBe(true);
    expect((await fetch(`${running.url}/health/ready`)).status).toBe(200);
    expect(await countRows(world.store, 'lead', `\`id\` = '${leadIdOf(items[0] as Item)}'`)).toBe(1);
    // And then it dies altogether; the app starts it again on its file.
    process.kill(temporal, 'SIGKILL');
    await drained(world.store, 90_000);
    expect(await audit(running)).toEqual([]);
  });

  it('R32: a pipeline published while leads run is for new ones; running ones keep theirs', async () => {
    const running = await start();
    await running.temporalReady();
    const [old] = await send(running, 1);
    await drained(world.store);
    await call('/config/pipelines/inbox', 'PUT', pipelineTo(world.sinks.webhookUrl, 'Neue Fassung'));
    const [young] = await send(running, 1);
    await call(`/leads/${leadIdOf(old as Item)}/move`, 'POST', { stage: 'kontaktversuch' });
    await drained(world.store);
    const revisions = await Promise.all(
      [old, young].map(
        async (item) =>
          (await call(`/leads/${leadIdOf(item as Item)}/process`))['data'] as {
            revision: number;
            latestRevision: number;
          },
      ),
    );
    expect(revisions[0]?.revision).toBeLessThan(revisions[1]?.revision ?? 0);
    expect(revisions[1]?.revision).toBe(revisions[1]?.latestRevision);
    await until(
      'the moved lead has its new plan',
      async () => (await countRows(world.store, 'activity', `\`lead\` = '${leadIdOf(old as Item)}'`)) === 2,
    );
    await world.store.foundation.db.write((tx) => tx.run("DELETE FROM `activity` WHERE `planKey` = 'anruf'"));
    expect(await audit(running)).toEqual([]);
  });

  it('R33: an invalid pipeline is refused with path and line, and what runs goes on', async () => {
    const running = await start();
    const yaml =
      'key: inbox\nentity: lead\nlabel: { de: X, en: X }\nstages:\n  - key: neu\n    label: { de: Neu, en: New }\n    enter:\n      - goTo: nirgendwo\n      - sendMail: { template: gibt-es-nicht, to: [owner] }\n';
    const response = await fetch(`${running.url}/api/v1/config/pipelines/inbox`, {
      method: 'PUT',
      body: yaml,
      headers: { authorization: `Bearer ${world.key}`, 'content-type': 'application/yaml' },
    });
    const { errors } = (await response.json()) as { errors: { line: number; path: string; message: string }[] };
    expect(response.status).toBe(422);
    expect(new Set(errors.map(({ line }) => line))).toEqual(new Set([8, 9]));
    await running.temporalReady();
    await send(running, 2);
    await drained(world.store);
    expect(await audit(running)).toEqual([]);
  });

  it('R46: a step that always fails parks its process where a person sees it, and goes on when repaired', async () => {
    const running = await start();
    await running.temporalReady();
    world.sinks.answer(410);
    const [item] = await send(running, 1);
    const id = leadIdOf(item as Item);
    const standing = async (): Promise<string> =>
      ((await call(`/leads/${id}/process`))['data'] as { state: string }).state;
    await until('it is parked', async () => (await standing()) === 'parked', 40_000);
    const { attention } = (await call('/operations'))['data'] as { attention: { recordId: string; step: string }[] };
    expect(attention.map(({ recordId }) => recordId)).toEqual([id]);
    expect(world.sinks.webhooks.filter(({ about }) => about === id)).toEqual([]);
    world.sinks.answer(204);
    await call(`/leads/${id}/process/retry`, 'POST', {});
    await until('it goes on', async () => (await standing()) === 'running', 40_000);
    await drained(world.store);
    await world.store.foundation.db.write((tx) =>
      tx.run('DELETE FROM `activity` WHERE `lead` = ? AND `planKey` IS NULL', [id]),
    );
    expect(await audit(running)).toEqual([]);
  });

  it('R31: SIGTERM under load ends everything with 0 within 10 s, and nothing outlives it', async () => {
    const running = await start();
    await running.temporalReady();
    const load = send(running, 200);
    await until('the load has begun', () => world.sender.items.some(isAcknowledged));
    const family = [running.pid, ...findDescendants(running.pid).map(({ pid }) => pid)];
    expect(family.length).toBeGreaterThan(2);
    const startedAt = Date.now();
    expect(await running.stop()).toBe(0);
    expect(Date.now() - startedAt).toBeLessThan(10_500);
    await load;
    await until('everything is gone', () => family.filter(isAlive).length === 0, 2_000);
    expect(await auditLedger(world.store, world.sender.items)).toEqual([]);
  });

  it('R48: Temporal’s file deleted: every process comes back at its stage, and nothing is sent twice', async () => {
    const before = await start();
    await before.temporalReady();
    await send(before, 10);
    await drained(world.store, 90_000);
    const { db } = world.store.foundation;
    const places = await db.all(
      'SELECT `recordId`, `stage`, `entry`, `enteredAt`, `nextAt`, `state` FROM `process` ORDER BY `recordId`',
    );
    const sent = [world.sinks.mails.length, world.sinks.webhooks.length];
    await before.kill();
    await until('Temporal is gone', () => findDescendants(before.pid).length === 0);
    const files = readdirSync(before.folder).filter((name) => /temporal/i.test(name) && !name.endsWith('log'));
    expect(files.length).toBeGreaterThan(0);
    for (const name of files) await rm(join(before.folder, name), { recursive: true, force: true });
    // The reconciler leaves those alone that came in a moment ago.
    await db.write((tx) => tx.run("UPDATE `lead` SET `createdAt` = '2026-01-05T08:00:00.000Z'"));

    const after = await start();
    await after.temporalReady();
    expect((await readRunning(temporalAddress(after))).length).toBeLessThan(places.length);
    await until(
      'every process is back',
      async () => (await findLostWorkflows(world.store, temporalAddress(after))).length === 0,
      100_000,
    );
    await drained(world.store);
    expect(
      await db.all(
        'SELECT `recordId`, `stage`, `entry`, `enteredAt`, `nextAt`, `state` FROM `process` ORDER BY `recordId`',
      ),
    ).toEqual(places);
    expect([world.sinks.mails.length, world.sinks.webhooks.length]).toEqual(sent);
    expect(await audit(after)).toEqual([]);
  });

  it('R48: Temporal’s file lost while the app runs: new leads go on, and every process comes back', async () => {
    const running = await start();
    await running.temporalReady();
    await send(running, 10);
    await drained(world.store, 90_000);
    const { db } = world.store.foundation;
    await db.write((tx) => tx.run("UPDATE `lead` SET `createdAt` = '2026-01-05T08:00:00.000Z'"));

    process.kill(await running.temporalPid(), 'SIGKILL');
    for (const name of readdirSync(running.folder).filter((one) => one.startsWith('temporal.db')))
      rmSync(join(running.folder, name));
    await send(running, 5);

    await drained(world.store, 90_000);
    await until(
      'every process is back',
      async () => (await findLostWorkflows(world.store, temporalAddress(running))).length === 0,
      100_000,
    );
    expect(await audit(running)).toEqual([]);
  });
});
