import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { completeActivity } from '../../commands/activityActs.ts';
import { modelOf, type Context } from '../../commands/context.ts';
import { moveActivity } from '../../commands/moveActivity.ts';
import { previewMigration } from '../../commands/process/migrateProcess.ts';
import { previewReplan, replanProcess } from '../../commands/process/replanProcess.ts';
import { undoWrite } from '../../commands/undoWrite.ts';
import { updateRecord } from '../../commands/updateRecord.ts';
import type { ProcessKey } from '../../store/processes.ts';
import { createProcessWorld, type ProcessWorld } from '../workflow/world.ts';

const text = (word: string): { de: string; en: string } => ({ de: word, en: word });

let world: ProcessWorld;
let key: ProcessKey;
let requests = 0;

/** A person, in a request of their own. */
const person = (): Context => {
  requests += 1;
  return { ...world.person(), requestId: `request-${requests}` };
};
const idOf = async (step: string): Promise<string> =>
  String(
    (await world.rows('SELECT `id` FROM `activity` WHERE `lead` = ? AND `planKey` = ?', [key.recordId, step]))[0]?.[
      'id'
    ],
  );
/** Begin of each step in Berlin's winter (UTC + 1): day and hour in UTC. */
const begins = async (): Promise<Record<string, string>> =>
  Object.fromEntries(
    (await world.rows('SELECT `planKey`, `startAt` FROM `activity` WHERE `lead` = ?', [key.recordId])).map((row) => [
      String(row['planKey']),
      String(row['startAt']).slice(5, 16),
    ]),
  );
/** Two working hours from ten o'clock end behind the lunch break. */
const planned = { anruf: '11-23T09:00', mail: '11-24T09:30', ende: '11-26T09:30', frei: '11-23T12:00' };

beforeAll(async () => {
  world = await createProcessWorld();
  const step = { type: 'anruf', duration: { minutes: 30 } };
  await world.publish({
    key: 'a-test',
    entity: 'lead',
    label: text('Test'),
    stages: [
      {
        key: 'eins',
        label: text('Eins'),
        plan: [
          {
            key: 'ende',
            ...step,
            title: text('Ende'),
            after: ['mail', 'entfaellt'],
            offset: { workingDays: 2 },
            duration: {},
          },
          { key: 'anruf', ...step, title: text('Anruf') },
          { key: 'mail', ...step, title: text('Mail'), after: ['anruf'], offset: { workingDays: 1 }, duration: {} },
          { key: 'entfaellt', ...step, title: text('Entfällt'), if: 'record.budget > 1000', after: ['anruf'] },
          { key: 'frei', ...step, title: text('Frei'), offset: { workingHours: 2 } },
        ],
      },
    ],
  });
});
afterAll(async () => await world.close());
beforeEach(async () => {
  world.time = '2026-11-23T09:00:00.000Z';
  key = await world.addLead();
  await world.step(key);
  world.time = '2026-11-23T09:10:00.000Z';
});

describe('moving a step of a plan', () => {
  it('takes those that follow along, by their distance in working days, and leaves the others', async () => {
    expect(await begins()).toEqual(planned);
    await moveActivity(person(), { id: await idOf('anruf'), dueAt: '2026-11-26T09:30:00.000Z', shiftFollowers: true });
    // Friday, and the Tuesday after the weekend.
    expect(await begins()).toEqual({
      anruf: '11-26T09:00',
      mail: '11-27T09:30',
      ende: '12-01T09:30',
      frei: '11-23T12:00',
    });
  });

  it('moves it alone when that is wanted', async () => {
    await moveActivity(person(), { id: await idOf('anruf'), dueAt: '2026-11-26T09:30:00.000Z', shiftFollowers: false });
    expect(await begins()).toEqual({ ...planned, anruf: '11-26T09:00' });
  });

  it('is undone with those that went along, and done again by undoing that', async () => {
    const ctx = person();
    const { event } = await moveActivity(ctx, {
      id: await idOf('anruf'),
      dueAt: '2026-11-26T09:30:00.000Z',
      shiftFollowers: true,
    });
    // The same request moves another one: not part of the first move.
    await moveActivity(ctx, { id: await idOf('frei'), dueAt: '2026-11-25T11:30:00.000Z', shiftFollowers: true });
    const undone = await undoWrite(person(), event);
    expect(await begins()).toEqual({ ...planned, frei: '11-25T11:00' });
    await undoWrite(person(), undone.event);
    expect(await begins()).toMatchObject({ anruf: '11-26T09:00', mail: '11-27T09:30', ende: '12-01T09:30' });
  });

  it('is not undone when one that went along was changed since, and says so', async () => {
    const { event } = await moveActivity(person(), {
      id: await idOf('anruf'),
      dueAt: '2026-11-26T09:30:00.000Z',
      shiftFollowers: true,
    });
    await updateRecord(person(), modelOf(person(), 'activity'), { id: await idOf('ende'), patch: { note: 'wichtig' } });
    const moved = await begins();
    await expect(undoWrite(person(), event)).rejects.toMatchObject({
      code: 'Conflict',
      text: { de: expect.stringContaining('mitverschoben') },
    });
    expect(await begins()).toEqual(moved);
  });
});

describe('a new start of the plan', () => {
  const replan = { start: '2026-12-07T08:00:00.000Z' };
  const lead = (): Parameters<typeof replanProcess>[1] => modelOf(person(), 'lead');

  it('is shown before anything is written', async () => {
    const preview = await previewReplan(person(), lead(), { id: key.recordId, ...replan });
    expect(preview.activities.map(({ title, to }) => [title, to.slice(5, 16)]).toSorted()).toEqual([
      ['Anruf', '12-07T08:30'],
      ['Ende', '12-10T08:30'],
      ['Frei', '12-07T10:30'],
      ['Mail', '12-08T08:30'],
    ]);
    expect(await begins()).toEqual(planned);
  });

  it('gives every open step its time again, done ones keep theirs, and is undone', async () => {
    await completeActivity(person(), { id: await idOf('anruf') });
    const { event } = await replanProcess(person(), lead(), { id: key.recordId, ...replan });
    expect(await begins()).toEqual({
      anruf: '11-23T09:00',
      mail: '12-08T08:00',
      ende: '12-10T08:00',
      frei: '12-07T10:00',
    });
    await undoWrite(person(), event);
    expect(await begins()).toEqual(planned);
  });

  it('needs a readable start and an open step', async () => {
    await expect(replanProcess(person(), lead(), { id: key.recordId, start: 'bald' })).rejects.toMatchObject({
      code: 'InvalidInput',
      issues: [{ path: '/start' }],
    });
    for (const step of ['anruf', 'mail', 'ende', 'frei']) await completeActivity(person(), { id: await idOf(step) });
    await expect(replanProcess(person(), lead(), { id: key.recordId, ...replan })).rejects.toMatchObject({
      code: 'Locked',
    });
  });
});

describe('ticking an activity that moves its record on', () => {
  it('is undone while nothing has followed from it; then the stage stays, and that is said', async () => {
    await world.publish({
      key: 'a-test',
      entity: 'lead',
      label: text('Test'),
      stages: [
        {
          key: 'eins',
          label: text('Eins'),
          plan: [{ key: 'anruf', type: 'anruf', title: text('Anruf'), duration: { minutes: 30 } }],
          on: [{ event: 'activityDone', do: [{ goTo: 'zwei' }] }],
        },
        { key: 'zwei', label: text('Zwei') },
      ],
    });
    key = await world.addLead();
    await world.step(key);
    const id = await idOf('anruf');
    world.time = '2026-11-23T09:20:00.000Z';
    const early = await completeActivity(person(), { id });
    await undoWrite(person(), early.event);
    await world.step(key);
    expect(await world.lead(key)).toMatchObject({ stage: 'eins' });
    const { event } = await completeActivity(person(), { id });
    await world.step(key);
    expect(await world.lead(key)).toMatchObject({ stage: 'zwei' });
    await expect(undoWrite(person(), event)).rejects.toMatchObject({
      code: 'Conflict',
      text: { de: expect.stringContaining('„Zwei“') },
    });
    expect(await world.rows('SELECT `state` FROM `activity` WHERE `id` = ?', [id])).toEqual([{ state: 'done' }]);
  });
});

describe('the preview of a migration', () => {
  it('names what is set otherwise, by its title, and nothing where only words have changed', async () => {
    const pipeline = (of: { minutes: number; label: string; isLonger?: boolean }) => ({
      key: 'a-test',
      entity: 'lead',
      label: text('Test'),
      stages: [
        {
          key: 'eins',
          label: text('Eins'),
          timers: [
            { key: 'sla', label: text(of.label), after: { minutes: of.minutes }, do: [{ addTags: ['spaet'] }] },
            { key: 'rest', label: text('Rest'), after: { hours: 9 }, do: [{ addTags: ['rest'] }] },
          ],
          plan: [
            { key: 'anruf', type: 'anruf', title: text('Anruf'), offset: { minutes: of.minutes } },
            ...(of.isLonger === true ? [{ key: 'mail', type: 'anruf', title: text('Mail schreiben') }] : []),
          ],
        },
      ],
    });
    await world.publish(pipeline({ minutes: 60, label: 'Antwort' }));
    const { recordId: id } = await world.addLead();
    const preview = async (revision: number) =>
      await previewMigration(person(), modelOf(person(), 'lead'), { id, revision });
    const worded = await world.publish(pipeline({ minutes: 60, label: 'Rückmeldung' }));
    expect(await preview(worded)).toMatchObject({
      timers: { added: [], removed: [], changed: [] },
      planOnlyInNew: [],
      planChanged: [],
    });
    const changed = await world.publish(pipeline({ minutes: 30, label: 'Rückmeldung', isLonger: true }));
    expect(await preview(changed)).toMatchObject({
      timers: { added: [], removed: [], changed: [text('Rückmeldung')] },
      planOnlyInNew: [text('Mail schreiben')],
      planChanged: [text('Anruf')],
    });
  });
});
