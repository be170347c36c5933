import { afterEach, expect, it } from 'vitest';
import { modelOf, type Context } from '../../commands/context.ts';
import { updateRecord } from '../../commands/updateRecord.ts';
import type { Database } from '../../store/database.ts';
import type { RecordData } from '../../store/record-table.ts';
import { createMariadbDatabase } from '../support/mariadb.ts';
import { need } from '../support/provided.ts';
import { createProcessWorld, type ProcessWorld } from '../workflow/world.ts';

const text = (word: string): { de: string; en: string } => ({ de: word, en: word });

let world: ProcessWorld | undefined;
afterEach(async () => {
  await world?.close();
  world = undefined;
});

/** The same database, whose writes have done everything but commit until `release` is called. */
const holdingBack = (db: Database): { db: Database; written: Promise<void>; release: () => void } => {
  let release = (): void => undefined;
  let note = (): void => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  const written = new Promise<void>((resolve) => (note = resolve));
  const held: Database = {
    dialect: db.dialect,
    scans: db.scans,
    all: (sql, params) => db.all(sql, params),
    get: (sql, params) => db.get(sql, params),
    ddl: async (plan) => await db.ddl(plan),
    close: async () => await db.close(),
    write: async (work) =>
      await db.write(async (tx) => {
        const outcome = await work(tx);
        note();
        await released;
        return outcome;
      }),
  };
  return { db: held, written, release };
};

it('an event committed after a newer one was looked at is looked at, once', async (context) => {
  const on = await createProcessWorld(await createMariadbDatabase(need(context, 'mariadbUrl')));
  world = on;
  await on.publish({
    key: 'a-test',
    entity: 'lead',
    label: text('Test'),
    stages: [
      {
        key: 'eins',
        label: text('Eins'),
        plan: [{ key: 'anruf', type: 'anruf', title: text('Anruf') }],
        on: [
          { event: 'activity.update', steps: ['anruf'], do: [{ timeline: text('Anruf geändert') }] },
          { event: 'lead.update', do: [{ timeline: text('Lead geändert') }] },
        ],
      },
    ],
  });
  const key = await on.addLead();
  await on.step(key);
  on.time = '2026-11-23T10:00:00.000Z';
  const [call] = await on.rows('SELECT `id` FROM `activity` WHERE `lead` = ?', [key.recordId]);
  const told = async (): Promise<unknown[]> =>
    (
      await on.rows("SELECT `text` FROM `timeline_entry` WHERE `lead` = ? AND `kind` = 'process' ORDER BY `id`", [
        key.recordId,
      ])
    ).map((row) => row['text']);
  const change = async (ctx: Context, entity: string, update: { id: string; patch: RecordData }): Promise<number> =>
    (await updateRecord(ctx, modelOf(ctx, entity), update)).event;

  const late = holdingBack(on.db);
  const older = change({ ...on.person(), db: late.db }, 'activity', {
    id: String(call?.['id']),
    patch: { note: 'neu' },
  });
  await late.written;
  const newer = await change(on.person(), 'lead', { id: key.recordId, patch: { message: 'neu' } });
  await on.step(key);
  expect(await told()).toEqual(['Lead geändert']);

  late.release();
  expect(await older).toBeLessThan(newer);
  await on.step(key);
  expect(await told()).toEqual(['Lead geändert', 'Anruf geändert']);
  await on.step(key);
  expect(await told()).toHaveLength(2);
});
