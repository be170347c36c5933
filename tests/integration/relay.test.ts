import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAppLoad } from '../../activities/app-load.ts';
import type { ImportInput, ProcessInput } from '../../activities/contract.ts';
import { wakeOverdue } from '../../activities/reconciler.ts';
import { createRelay, type Relay, type RelayOptions } from '../../activities/relay.ts';
import type { Starter } from '../../activities/starter.ts';
import { archiveLead } from '../../commands/archiveLead.ts';
import { modelOf } from '../../commands/context.ts';
import { createRecord } from '../../commands/createRecord.ts';
import { updateRecord } from '../../commands/updateRecord.ts';
import { everything } from '../../core/filter/index.ts';
import { readBacklog } from '../../store/backlog.ts';
import type { Queries } from '../../store/database.ts';
import { readReplayable } from '../../store/intake.ts';
import { readDuePlaces, readPlaces } from '../../store/outbox.ts';
import { until } from '../support/processes.ts';
import { createProcessWorld, type ProcessWorld } from '../workflow/world.ts';

/** Temporal as the relay sees it: notes what it is told, and can be away. */
class NotingStarter implements Starter {
  readonly calls: {
    readonly kind: 'start' | 'wake';
    readonly recordId: string;
    readonly seq: number;
    readonly lane: string;
  }[] = [];
  isAway = false;

  async start(input: ProcessInput, event: { seq: number; lane: string }): Promise<void> {
    await this.#note('start', input, event);
  }
  async wake(input: ProcessInput, event: { seq: number; lane: string }): Promise<void> {
    await this.#note('wake', input, event);
  }
  async wakeOwn(_entity: string, { id }: ImportInput, event: { seq: number; lane: string }): Promise<void> {
    await Promise.resolve();
    if (this.isAway) throw new Error('UNAVAILABLE');
    this.calls.push({ kind: 'wake', recordId: id, ...event });
  }
  async #note(
    kind: 'start' | 'wake',
    { recordId }: ProcessInput,
    { seq, lane }: { seq: number; lane: string },
  ): Promise<void> {
    await Promise.resolve();
    if (this.isAway) throw new Error('UNAVAILABLE');
    this.calls.push({ kind, recordId, seq, lane });
  }
}

let world: ProcessWorld;
let starter: NotingStarter;
const relays: Relay[] = [];

beforeEach(async () => {
  world = await createProcessWorld();
  world.time = undefined;
  starter = new NotingStarter();
});
afterEach(async () => {
  for (const relay of relays.splice(0)) await relay.stop();
  await world.close();
});

const begin = (more: Partial<Pick<RelayOptions, 'starter' | 'now' | 'isAppBusy'>> = {}): Relay => {
  const relay = createRelay({
    ...world,
    now: () => world.now(),
    starter,
    hasAttributes: false,
    fetchNow: async () => await Promise.resolve(),
    onError: () => undefined,
    ...more,
  });
  relays.push(relay);
  return relay;
};
const addLeads = async (count: number, lane: 'background' | 'incoming'): Promise<void> => {
  for (let index = 0; index < count; index += 1)
    await createRecord({ ...world.person(), lane }, modelOf(world.person(), 'lead'), { title: `Import ${index}` });
};
const empty = async (): Promise<void> =>
  void (await until('no backlog', async () => ((await readBacklog(world.db)).total === 0 ? true : undefined)));

describe('the relay', () => {
  it('starts what is new and wakes what runs, once for all events of a record', async () => {
    const [fresh, running] = [await world.addLead(), await world.addLead()];
    await world.step(running);
    await updateRecord(world.person(), modelOf(world.person(), 'lead'), { id: running.recordId, patch: { budget: 5 } });
    const [newest] = await world.rows('SELECT MAX(`seq`) AS `seq` FROM `event` WHERE `lane` IS NOT NULL');
    begin();
    await empty();
    expect(starter.calls).toHaveLength(2);
    expect(starter.calls).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ kind: 'start', recordId: fresh.recordId }),
        { kind: 'wake', recordId: running.recordId, seq: newest?.['seq'], lane: 'interactive' },
      ]),
    );
  });

  it('starts nothing for a record that is closed already', async () => {
    const key = await world.addLead();
    await archiveLead(world.person(), { id: key.recordId });
    begin();
    await empty();
    expect(starter.calls).toEqual([]);
  });

  it('lets people overtake messages and imports that wait', async () => {
    await addLeads(40, 'background');
    await addLeads(5, 'incoming');
    const key = await world.addLead();
    begin();
    await empty();
    expect(starter.calls[0]).toMatchObject({ recordId: key.recordId, lane: 'interactive' });
    expect(starter.calls.slice(1, 6).map((call) => call.lane)).toEqual(Array(5).fill('incoming'));
    expect(starter.calls).toHaveLength(46);
  });

  it('stays a little ahead of the worker and no more, so that imports can be overtaken', async () => {
    await addLeads(60, 'background');
    const relay = begin();
    await until('the first ones', () => (starter.calls.length >= 32 ? true : undefined));
    await until('a rest', async () => ((await readBacklog(world.db)).total > 0 ? true : undefined));
    const key = await world.addLead();
    relay.wake();
    await until('overtaken', () => (starter.calls.some((call) => call.recordId === key.recordId) ? true : undefined));
    expect(starter.calls.length).toBeLessThan(61);
    const feed = setInterval(() => relay.stepTaken(), 2);
    await empty();
    clearInterval(feed);
    expect(starter.calls).toHaveLength(61);
  });

  it('goes in small steps while the app beside it has no time', async () => {
    await addLeads(20, 'incoming');
    const appLoad = createAppLoad();
    appLoad.heard(0.9);
    begin({ isAppBusy: appLoad.isBusy });
    await until('the first ones', () => (starter.calls.length > 0 ? true : undefined));
    expect(starter.calls.length).toBeLessThanOrEqual(4);
    await until('the rest, without news of the app', () => (starter.calls.length === 20 ? true : undefined));
  });

  it('loses nothing while Temporal is away, says so, and catches up', async () => {
    starter.isAway = true;
    const relay = begin();
    await world.addLead();
    await world.addLead();
    relay.wake();
    await until('down', () => (relay.state().state === 'down' ? true : undefined));
    expect((await readBacklog(world.db)).total).toBe(2);
    starter.isAway = false;
    await empty();
    expect(new Set(starter.calls.map((call) => call.recordId)).size).toBe(2);
    expect(relay.state().state).toBe('ready');
  });

  it('is one at a time, and the next takes over when it stops', async () => {
    const other = new NotingStarter();
    const first = begin();
    await until('first', () => (first.state().state === 'ready' ? true : undefined));
    const second = begin({ starter: other });
    await world.addLead();
    await empty();
    expect([starter.calls.length, other.calls.length]).toEqual([1, 0]);
    expect(second.state().state).toBe('standby');
    await first.stop();
    await world.addLead();
    await empty();
    expect([starter.calls.length, other.calls.length]).toEqual([1, 1]);
  });

  it('takes over from one that died when its lease has ended', async () => {
    const dead = new Date(Date.now() + 200).toISOString();
    await world.db.write((tx) =>
      tx.run("INSERT INTO `lease` (`name`, `holder`, `until`) VALUES ('relay', 'dead', ?)", [dead]),
    );
    await world.addLead();
    begin();
    await empty();
    expect(starter.calls).toHaveLength(1);
  });

  it('shows what waits, how fast it goes and when it will be done', async () => {
    starter.isAway = true;
    await addLeads(20, 'background');
    const relay = begin();
    await until('counted', () => (relay.state().backlog.total === 20 ? true : undefined));
    expect(relay.state().expectedEndAt).toBeNull();
    starter.isAway = false;
    await until('a rate', () => (relay.state().ratePerSecond > 0 ? true : undefined));
    expect(relay.state().expectedEndAt).toMatch(/^\d{4}-/);
    await until('nothing left', () => (relay.state().backlog.total === 0 ? true : undefined));
    expect(relay.state().expectedEndAt).toBeNull();
  });
});

describe('a deadline that passed unnoticed', () => {
  it('wakes its process once, and no other', async () => {
    world.time = '2026-11-23T09:00:00.000Z';
    const [late, early] = [await world.addLead(), await world.addLead()];
    await world.step(late);
    await world.db.write((tx) => tx.run('UPDATE `event` SET `lane` = NULL'));
    world.time = '2026-11-23T14:30:00.000Z';
    await world.step(early);
    const look = async (): Promise<number> =>
      await wakeOverdue({ ...world, now: () => world.now(), onFound: () => undefined });
    expect(await look()).toBe(1);
    expect(await look()).toBe(0);
    const waiting = await world.rows('SELECT `wakes` FROM `event` WHERE `lane` IS NOT NULL');
    expect(waiting).toEqual([{ wakes: `lead/${late.recordId}` }]);
  });
});

describe('reading in parts, whatever the number of records', () => {
  const query = { tenantId: 'main', entity: 'lead', table: 'lead', hasState: true, hasOwner: true };
  const at = '2026-11-23T09:00:00.000Z';
  const reads: readonly (readonly [string, (db: Queries) => Promise<unknown>])[] = [
    ['a few dozen places', async (db) => await readPlaces(db, { ...query, ids: Array.from({ length: 32 }, String) })],
    ['the next places', async (db) => await readDuePlaces(db, { ...query, before: at, afterId: '1', limit: 100 })],
    [
      'the next messages to work again',
      async (db) => {
        const model = modelOf(world.person(), 'intake-message');
        const choice = { filter: everything };
        await readReplayable(db, {
          tenantId: 'main',
          model,
          rows: undefined,
          choice,
          until: at,
          afterId: '1',
          limit: 100,
        });
      },
    ],
  ];
  it.each(reads)('goes by primary key for %s', async (_name, read) => {
    const plans: string[] = [];
    const explained: Queries = {
      dialect: world.db.dialect,
      all: async (sql, params = []) => {
        const steps = await world.db.all<{ detail: string }>(`EXPLAIN QUERY PLAN ${sql}`, params);
        plans.push(...steps.map(({ detail }) => detail));
        return [];
      },
      get: () => undefined,
    };
    await read(explained);
    expect(plans[0]).toMatch(/^SEARCH .* sqlite_autoindex_\w+_1 \(id/);
    expect(plans.join()).not.toContain('ORDER BY');
  });
});
