import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { archiveLead, unarchiveLead } from '../../commands/archiveLead.ts';
import { completeActivity } from '../../commands/activityActs.ts';
import { modelOf } from '../../commands/context.ts';
import { processContext } from '../../activities/context.ts';
import { newUserRow } from '../../commands/accounts/createUser.ts';
import { deleteRecord } from '../../commands/deleteRecord.ts';
import { moveStage } from '../../commands/moveStage.ts';
import { parkProcess } from '../../commands/process/parkProcess.ts';
import type { Written } from '../../commands/record-write.ts';
import { undoWrite } from '../../commands/undoWrite.ts';
import { updateRecord } from '../../commands/updateRecord.ts';
import type { PipelineConfig } from '../../core/pipeline/config.ts';
import { insertUser } from '../../store/accounts-users.ts';
import type { Row } from '../../store/database.ts';
import { forgetNotices } from '../../store/notices.ts';
import { writeEffectState } from '../../store/effects.ts';
import type { ProcessKey } from '../../store/processes.ts';
import { createMariadbDatabase } from '../support/mariadb.ts';
import { createProcessWorld, type ProcessWorld } from '../workflow/world.ts';

let world: ProcessWorld;

const mariadb = inject('mariadbUrl');
const open: Record<string, () => Promise<ProcessWorld>> = {
  SQLite: async () => await createProcessWorld(),
  MariaDB: async () => await createProcessWorld(await createMariadbDatabase(mariadb ?? '')),
};

const text = (word: string): { de: string; en: string } => ({ de: word, en: word });
/** Comes before the shipped one by its key. */
const pipeline = (more: Partial<PipelineConfig['stages'][number]> = {}): PipelineConfig => ({
  key: 'a-test',
  entity: 'lead',
  label: text('Test'),
  stages: [
    { key: 'eins', label: text('Eins'), ...more },
    { key: 'zwei', label: text('Zwei') },
  ],
});
const activitiesOf = async (recordId: string): Promise<string[]> =>
  (
    await world.rows(
      'SELECT `planKey`, `state`, `owner` FROM `activity` WHERE `lead` = ? ORDER BY `createdAt`, `dueAt`',
      [recordId],
    )
  ).map((row) => `${String(row['planKey'])} ${String(row['state'])}`);
const kindsOf = async (recordId: string): Promise<unknown[]> =>
  (await world.rows('SELECT `kind` FROM `timeline_entry` WHERE `lead` = ? ORDER BY `at`, `id`', [recordId])).map(
    (row) => row['kind'],
  );

describe.each(mariadb === undefined ? ['SQLite'] : ['SQLite', 'MariaDB'])('on %s', (dialect) => {
  beforeAll(async () => {
    world = await (open[dialect] ?? createProcessWorld)();
  });
  afterAll(async () => await world.close());
  beforeEach(() => {
    world.time = '2026-11-23T09:00:00.000Z';
  });

  describe('a new lead in the shipped inbox', () => {
    it('gets an owner in turn, its plan for that owner, and a deadline', async () => {
      const [first, second, third] = [await world.addLead(), await world.addLead(), await world.addLead()];
      const step = await world.step(first);
      await world.step(second);
      await world.step(third);
      expect(step).toMatchObject({ state: 'running', stage: 'neu', nextAt: '2026-11-23T14:00:00.000Z', effects: [] });
      expect(step.details).toContain('Frist für den Erstkontakt');
      const owners = [await world.lead(first), await world.lead(second), await world.lead(third)].map(
        (lead) => lead['owner'],
      );
      expect(new Set(owners).size).toBe(2);
      expect(owners[0]).toBe(owners[2]);
      expect(await activitiesOf(first.recordId)).toEqual(['sichten open', 'erstkontakt open']);
      expect(await kindsOf(first.recordId)).toEqual(expect.arrayContaining(['created', 'assigned', 'notice']));
    });

    it('tells its owner, and of an import of many rows tells each owner once', async () => {
      const noticesOf = async (recordIds: readonly string[]): Promise<Record<string, unknown>[]> => {
        const marks = recordIds.map(() => '?').join(', ');
        return await world.rows(`SELECT * FROM \`notice\` WHERE \`recordId\` IN (${marks})`, recordIds);
      };
      const run = async (sql: string, params: readonly (string | number)[]): Promise<unknown> =>
        await world.db.write(async (tx) => await tx.run(sql, params));
      const monday = '2026-11-23T09:00:00.000Z';
      const addImport = async (id: string, expected: number): Promise<unknown> =>
        await run(
          'INSERT INTO `import` (`id`, `tenantId`, `version`, `createdAt`, `updatedAt`, `fileName`, `expected`) VALUES (?, ?, 1, ?, ?, ?, ?)',
          [id, 'main', monday, monday, `${id}.csv`, expected],
        );
      const stepAll = async (file: string): Promise<string[]> => {
        const keys = [await world.addLead(), await world.addLead(), await world.addLead(), await world.addLead()];
        for (const key of keys) {
          await run('UPDATE `lead` SET `createdBy` = ? WHERE `id` = ?', [`process/import/${file}`, key.recordId]);
          await world.step(key);
        }
        return keys.map(({ recordId }) => recordId);
      };
      await addImport('klein', 4);
      await addImport('riesig', 280_000);
      expect(await noticesOf(await stepAll('klein'))).toHaveLength(4);
      const told = await noticesOf(await stepAll('riesig'));
      expect(new Set(told.map((notice) => notice['userId'])).size).toBe(2);
      expect(told.map((notice) => JSON.parse(String(notice['text'])) as unknown)).toEqual(
        Array.from({ length: 2 }, () => ({
          de: 'Neuer Eintrag in Ihrer Inbox. Das gilt auch für die weiteren Einträge aus „riesig.csv“.',
          en: 'New entry in your inbox. The same goes for the other entries from "riesig.csv".',
        })),
      );
      await world.db.write(async (tx) => await forgetNotices(tx, { tenantId: 'main', begin: 'riesig' }));
      expect(await noticesOf(told.map((notice) => String(notice['recordId'])))).toEqual([]);
    });

    it('is looked at again without any further effect', async () => {
      const key = await world.addLead();
      await world.step(key);
      const before = await world.rows('SELECT COUNT(*) AS `n` FROM `event`');
      await world.step(key);
      await world.step(key);
      expect(await world.rows('SELECT COUNT(*) AS `n` FROM `event`')).toEqual(before);
    });

    it('has its priority raised when the deadline passes', async () => {
      const key = await world.addLead();
      await world.step(key);
      world.time = '2026-11-23T14:00:00.000Z';
      const step = await world.step(key);
      expect((await world.lead(key))['priority']).toBe('hoch');
      expect(step.nextAt).toBe('2026-11-24T08:00:00.000Z');
    });

    it('goes on to clarification when its first call is done, with the new plan in place of the old', async () => {
      const key = await world.addLead();
      await world.step(key);
      world.time = '2026-11-23T10:00:00.000Z';
      const [call] = await world.rows("SELECT `id` FROM `activity` WHERE `planKey` = 'erstkontakt' AND `lead` = ?", [
        key.recordId,
      ]);
      await completeActivity(world.person(), { id: String(call?.['id']) });
      const step = await world.step(key);
      expect(step.stage).toBe('in-klaerung');
      expect((await world.lead(key))['stage']).toBe('in-klaerung');
      expect((await activitiesOf(key.recordId)).toSorted()).toEqual([
        'erstkontakt done',
        'nachfassen open',
        'qualifizierung open',
        'sichten cancelled',
      ]);
    });

    it('follows a move by hand, ends when archived and begins again when brought back', async () => {
      const key = await world.addLead();
      await world.step(key);
      world.time = '2026-11-23T09:30:00.000Z';
      await moveStage(world.person(), modelOf(world.person(), 'lead'), { id: key.recordId, stage: 'kontaktversuch' });
      expect((await world.step(key)).stage).toBe('kontaktversuch');
      await archiveLead(world.person(), { id: key.recordId });
      expect(await world.step(key)).toMatchObject({ state: 'done', nextAt: null });
      expect((await activitiesOf(key.recordId)).filter((line) => line.endsWith('open'))).toEqual([]);
      await unarchiveLead(world.person(), { id: key.recordId });
      expect(await world.step(key)).toMatchObject({ state: 'running', stage: 'kontaktversuch' });
      expect((await activitiesOf(key.recordId)).filter((line) => line.endsWith('open')).length).toBe(4);
    });
  });

  it('writes no notice where there is nobody to assign', async () => {
    await world.publish({
      ...pipeline({
        enter: [
          { assign: { role: 'viewer' } },
          { if: 'record.owner != ""', notify: { to: ['owner'], text: text('neu') } },
        ],
      }),
    });
    const key = await world.addLead();
    expect(await world.step(key)).toMatchObject({ stage: 'eins', state: 'running' });
    const count = 'SELECT COUNT(*) AS `n` FROM';
    expect(
      await world.rows(`${count} \`timeline_entry\` WHERE \`kind\` = 'notice' AND \`lead\` = ?`, [key.recordId]),
    ).toEqual([{ n: 0 }]);
    expect(
      await world.rows(`${count} \`event\` WHERE \`act\` = 'lead.notify' AND \`recordId\` = ?`, [key.recordId]),
    ).toEqual([{ n: 0 }]);
  });

  describe('an undo', () => {
    const lead = (): ReturnType<typeof modelOf> => modelOf(world.person(), 'lead');
    const counts = async ({ recordId }: ProcessKey): Promise<unknown> => ({
      effects: await world.rows('SELECT COUNT(*) AS `n` FROM `effect` WHERE `recordId` = ?', [recordId]),
      notices: await world.rows('SELECT COUNT(*) AS `n` FROM `notice` WHERE `recordId` = ?', [recordId]),
    });
    const begin = async (): Promise<{ key: ProcessKey; sent: unknown }> => {
      await world.publish({
        ...pipeline({
          enter: [{ assign: { role: 'sales' } }, { notify: { to: ['owner'], text: text('neu') } }, { sendMail: mail }],
          plan: ['eins', 'zwei'].map((key) => ({ key, type: 'anruf', title: text(key) })),
          timers: [{ key: 't', label: text('t'), after: { hours: 4 }, do: [{ timeline: text('t') }] }],
        }),
      });
      const key = await world.addLead();
      await world.step(key);
      const [{ id }] = (await world.rows("SELECT `id` FROM `activity` WHERE `planKey` = 'eins' AND `lead` = ?", [
        key.recordId,
      ])) as [Row];
      world.time = '2026-11-23T10:00:00.000Z';
      await completeActivity(world.person(), { id: String(id) });
      await world.step(key);
      return { key, sent: await counts(key) };
    };
    const mail = { template: 'eingangsbestaetigung', to: ['field:email' as const] };
    const asBefore = { state: 'running', position: { stage: 'eins', entry: 1, enteredAt: '2026-11-23T09:00:00.000Z' } };

    const acts: Record<string, (id: string) => Promise<Written>> = {
      move: async (id) => await moveStage(world.person(), lead(), { id, stage: 'zwei' }),
      archiving: async (id) => await archiveLead(world.person(), { id }),
      deletion: async (id) => await deleteRecord(world.person(), lead(), { id }),
    };
    for (const [name, act] of Object.entries(acts)) {
      it.each(['after the process has seen it', 'before'])(
        `of a ${name} sends nothing and restores the plan, %s`,
        async (when) => {
          const { key, sent } = await begin();
          world.time = '2026-11-23T11:00:00.000Z';
          const { event } = await act(key.recordId);
          if (when !== 'before') await world.step(key);
          world.time = '2026-11-23T12:00:00.000Z';
          await undoWrite(world.person(), event);
          expect(await world.step(key)).toMatchObject({ stage: 'eins', nextAt: '2026-11-23T13:00:00.000Z' });
          expect(await world.process(key)).toMatchObject(asBefore);
          expect((await activitiesOf(key.recordId)).toSorted()).toEqual(['eins done', 'zwei open']);
          expect(await counts(key)).toEqual(sent);
        },
      );
    }

    it('of that undo goes back to where it had got to, and a lead brought back by hand enters again', async () => {
      const { key, sent } = await begin();
      world.time = '2026-11-23T11:00:00.000Z';
      const move = await moveStage(world.person(), lead(), { id: key.recordId, stage: 'zwei' });
      await world.step(key);
      const undo = await undoWrite(world.person(), move.event);
      await world.step(key);
      await undoWrite(world.person(), undo.event);
      await world.step(key);
      expect(await world.process(key)).toMatchObject({ position: { stage: 'zwei', entry: 2 } });
      await undoWrite(world.person(), (await archiveLead(world.person(), { id: key.recordId })).event);
      await moveStage(world.person(), lead(), { id: key.recordId, stage: 'eins' });
      await archiveLead(world.person(), { id: key.recordId });
      await world.step(key);
      expect(await counts(key)).toEqual(sent);
      world.time = '2026-11-23T12:00:00.000Z';
      await unarchiveLead(world.person(), { id: key.recordId });
      expect(await world.step(key)).toMatchObject({ stage: 'eins', nextAt: '2026-11-23T16:00:00.000Z' });
      expect(await counts(key)).not.toEqual(sent);
    });
  });

  describe('actions', () => {
    it('give the record to whoever has the least', async () => {
      await world.publish(pipeline({ enter: [{ assign: { role: 'sales', pick: 'least-loaded' } }] }));
      const [anna, bert] = world.users;
      for (const _ of [1, 2, 3]) await world.addLead({ owner: anna.id });
      const key = await world.addLead();
      await world.step(key);
      expect((await world.lead(key))['owner']).toBe(bert.id);
    });

    it('answer to events by people, with the fields that changed', async () => {
      await world.publish(
        pipeline({
          on: [
            {
              event: 'recordChanged',
              fields: ['budget'],
              if: 'record.budget > 1000',
              do: [{ addTags: ['messe'] }, { goTo: 'zwei' }],
            },
          ],
        }),
      );
      const key = await world.addLead();
      await world.step(key);
      world.time = '2026-11-23T10:00:00.000Z';
      await updateRecord(world.person(), modelOf(world.person(), 'lead'), {
        id: key.recordId,
        patch: { budget: 1500.5 },
      });
      await world.step(key);
      expect(await world.lead(key)).toMatchObject({ tags: ['messe'], stage: 'zwei', budget: 1500.5 });
    });

    it('that may not move the record yet wait for what is missing, and somebody is told', async () => {
      await world.publish({
        ...pipeline(),
        stages: [
          {
            key: 'eins',
            label: text('Eins'),
            timers: [{ key: 't', kind: 'advance', label: text('t'), after: { hours: 1 }, do: [{ goTo: 'zwei' }] }],
          },
          { key: 'zwei', label: text('Zwei'), requires: { fields: ['company'] } },
        ],
      });
      const admin = newUserRow(world, 'main', {
        email: `admin@${dialect}.example.org`,
        name: 'Admin',
        role: 'superadmin',
      });
      await world.db.write(async (tx) => await insertUser(tx, admin));
      await world.registry.refresh();
      const key = await world.addLead();
      await world.step(key);
      world.time = '2026-11-23T10:00:00.000Z';
      const waiting = await world.step(key);
      expect(waiting).toMatchObject({ stage: 'eins', state: 'running', nextAt: null, isWaiting: true });
      expect(waiting.details).toContain('Wartet. Für „Zwei“ fehlt: Firma.');
      const told = await world.rows('SELECT `userId` FROM `notice` WHERE `recordId` = ?', [key.recordId]);
      expect(told).toEqual([{ userId: admin.id }]);
      world.time = '2026-11-23T11:00:00.000Z';
      const lead = modelOf(world.person(), 'lead');
      await updateRecord(world.person(), lead, { id: key.recordId, patch: { company: 'Muster GmbH' } });
      expect(await world.step(key)).toMatchObject({ stage: 'zwei', isWaiting: false });
    });

    it('that leave the machine are recorded once and handed out until they are done', async () => {
      await world.publish(
        pipeline({ enter: [{ callWebhook: { url: 'https://example.org/hook', event: 'lead.new' } }] }),
      );
      const key = await world.addLead();
      const first = await world.step(key);
      expect(first.effects).toMatchObject([{ summary: 'Webhook: lead.new' }]);
      expect((await world.step(key)).effects).toEqual(first.effects);
      const id = first.effects[0]?.id ?? '';
      await world.db.write(
        async (tx) =>
          await writeEffectState(tx, { tenantId: 'main', id, state: 'done', at: world.now().toISOString() }),
      );
      expect((await world.step(key)).effects).toEqual([]);
    });

    it('that cannot be carried out change nothing', async () => {
      await world.publish(pipeline({ enter: [{ addTags: ['messe'] }, { setFields: { priority: 'gibt-es-nicht' } }] }));
      const key = await world.addLead();
      await expect(world.step(key)).rejects.toMatchObject({ code: 'InvalidInput' });
      expect((await world.lead(key))['tags'] ?? []).toEqual([]);
      expect(await world.process(key)).toBeUndefined();
    });
  });

  describe('a parked process', () => {
    const failed = { code: 'RemoteRejected', message: text('Nein.'), attempts: 3 };
    const park = async (): Promise<{ key: Awaited<ReturnType<ProcessWorld['addLead']>>; effect: string }> => {
      await world.publish(
        pipeline({
          enter: [{ callWebhook: { url: 'https://example.org/hook', event: 'lead.new' } }],
          timers: [{ key: 't', label: text('t'), after: { hours: 1 }, do: [{ timeline: text('t') }] }],
        }),
      );
      const key = await world.addLead();
      const effect = (await world.step(key)).effects[0]?.id ?? '';
      await parkProcess(processContext(world, key), key, { ...failed, effect });
      return { key, effect };
    };

    it('waits, tells why, and is a task of the owner', async () => {
      const { key } = await park();
      expect(await world.process(key)).toMatchObject({
        state: 'parked',
        error: { code: 'RemoteRejected', attempts: 3, step: expect.stringContaining('/eins/1/enter/0') },
      });
      world.time = '2026-11-23T12:00:00.000Z';
      expect(await world.step(key)).toMatchObject({ state: 'parked', nextAt: null, effects: [] });
      expect(await activitiesOf(key.recordId)).toEqual(['null open']);
    });

    it('does its failed step again when asked to, and the task is done', async () => {
      const { key, effect } = await park();
      expect(await world.step(key, 'retry')).toMatchObject({ state: 'running', effects: [{ id: effect }] });
      expect(await activitiesOf(key.recordId)).toEqual(['null done']);
    });

    it('leaves its failed step when asked to, or when its record is moved on', async () => {
      const { key } = await park();
      expect(await world.step(key, 'skip')).toMatchObject({
        state: 'running',
        effects: [],
        nextAt: '2026-11-23T10:00:00.000Z',
      });
      world.time = '2026-11-23T09:00:00.000Z';
      const other = await park();
      world.time = '2026-11-23T09:30:00.000Z';
      await moveStage(world.person(), modelOf(world.person(), 'lead'), { id: other.key.recordId, stage: 'zwei' });
      expect(await world.step(other.key)).toMatchObject({ state: 'running', stage: 'zwei', effects: [] });
    });

    it('that never got through its first step goes on when its record is moved out of it', async () => {
      await world.publish(pipeline({ enter: [{ setFields: { priority: 'gibt-es-nicht' } }] }));
      const key = await world.addLead();
      await parkProcess(processContext(world, key), key, failed);
      expect(await world.step(key)).toMatchObject({ state: 'parked' });
      world.time = '2026-11-23T09:30:00.000Z';
      await moveStage(world.person(), modelOf(world.person(), 'lead'), { id: key.recordId, stage: 'zwei' });
      expect(await world.step(key)).toMatchObject({ state: 'running', stage: 'zwei' });
    });

    it('that waits for a timer does it now when asked to skip', async () => {
      const { key } = await park();
      await world.step(key, 'skip');
      expect(await world.step(key, 'skip')).toMatchObject({ state: 'running', nextAt: null });
      expect((await kindsOf(key.recordId)).filter((kind) => kind === 'process')).toEqual(['process']);
    });
  });
});
