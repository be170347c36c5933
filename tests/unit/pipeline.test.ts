import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { createCalendar } from '../../core/calendar.ts';
import { toEntityModel, type EntitySchema } from '../../core/entity.ts';
import { compilePipeline, type PipelineLookup } from '../../core/pipeline/compile.ts';
import type { PipelineConfig, StageConfig } from '../../core/pipeline/config.ts';
import { decide } from '../../core/pipeline/decide.ts';
import { toDefinition } from '../../core/pipeline/definition.ts';
import { canEnter } from '../../core/pipeline/enter.ts';
import { newProcess, type Decision, type DecideInput, type Effect } from '../../core/pipeline/state.ts';

const root = new URL('../../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8');
const leadModel = toEntityModel(JSON.parse(read('schemas/entities/lead.json')) as EntitySchema, 1);
const inbox = parse(read('config/pipelines/inbox.yaml')) as PipelineConfig;

const known: Readonly<Record<string, readonly string[]>> = {
  roles: ['sales', 'sales-manager'],
  'activity-types': ['anruf', 'aufgabe', 'besprechung', 'wiedervorlage', 'e-mail'],
  templates: ['erstkontakt'],
  calendars: ['standard'],
  tags: ['messe'],
  priorities: ['normal', 'hoch', 'dringend'],
};
const lookup: PipelineLookup = {
  model: (entity) => (entity === 'lead' ? leadModel : undefined),
  has: (kind, key) => known[kind]?.includes(key) ?? false,
  hasUser: (email) => email === 'anna@example.org',
};
const text = (word: string): { de: string; en: string } => ({ de: word, en: word });
const stage = (key: string, more: Partial<StageConfig> = {}): StageConfig => ({ key, label: text(key), ...more });
const pipeline = (...stages: StageConfig[]): PipelineConfig => ({ key: 'p', entity: 'lead', label: text('p'), stages });
const note = (word: string): { timeline: { de: string; en: string } } => ({ timeline: text(word) });

const week = ['09:00-17:00'];
const calendar = createCalendar({ key: 'c', label: text('c'), timeZone: 'UTC', week: { mo: week, tu: week, we: week, th: week, fr: week } });
const monday = '2026-11-23T09:00:00.000Z';
const at = (time: string): string => `2026-11-${time}:00.000Z`;
const lead = (more: Record<string, unknown> = {}): Record<string, unknown> => ({
  id: 'l1',
  state: 'open',
  stage: 'a',
  stageSince: monday,
  createdAt: monday,
  email: 'a@b.de',
  tags: [],
  ...more,
});
const step = (value: PipelineConfig, more: Partial<DecideInput> = {}): Decision =>
  decide({ definition: toDefinition(value, leadModel), process: newProcess, record: lead(), activities: [], events: [], now: monday, calendar, ...more });
const words = (effects: readonly Effect[]): string[] => effects.map((effect) => (effect.kind === 'timeline' ? effect.text.en : effect.kind));
const issuesOf = (value: PipelineConfig): string[] => compilePipeline(value, lookup).issues.map((issue) => `${issue.path} ${issue.code}`);

describe('the shipped inbox', () => {
  it('passes its schema and has no fault', () => {
    const ajv = addFormats.default(new Ajv2020({ allErrors: true, strict: true, allowUnionTypes: true }));
    ajv.validate(JSON.parse(read('schemas/config/pipelines.json')), inbox);
    expect(ajv.errors).toBeNull();
    expect(issuesOf(inbox)).toEqual([]);
    const calendars = parse(read('config/calendars/standard.yaml')) as unknown;
    ajv.validate(JSON.parse(read('schemas/config/calendars.json')), calendars);
    expect(ajv.errors).toBeNull();
  });

  it('gives a new lead an owner, a plan and a deadline', () => {
    const result = step(inbox, { record: lead({ stage: 'neu' }) });
    expect(result.effects.map((effect) => effect.key)).toEqual(['lead/l1/neu/1/enter/0', 'lead/l1/neu/1/enter/1', 'lead/l1/neu/1/plan/sichten', 'lead/l1/neu/1/plan/erstkontakt']);
    expect(result.next).toMatchObject({ at: at('23T13:00'), kind: 'sla', timer: 'sla-erstkontakt' });
  });

  it('raises the priority when the first contact is late, once, and then reminds', () => {
    const first = step(inbox, { record: lead({ stage: 'neu' }) });
    const late = step(inbox, { record: lead({ stage: 'neu', priority: 'normal', owner: 'u' }), process: first.process, now: at('23T13:00') });
    expect(late.effects).toMatchObject([{ kind: 'notify', to: ['owner', 'role:sales-manager'] }, { kind: 'setFields', values: { priority: 'hoch' } }]);
    expect(late.next).toMatchObject({ at: at('24T09:00'), timer: 'erinnerung' });
    expect(step(inbox, { record: lead({ stage: 'neu' }), process: late.process, now: at('23T13:00') }).effects).toEqual([]);
  });

  it('moves on when the first contact is done', () => {
    const first = step(inbox, { record: lead({ stage: 'neu' }) });
    const event = { seq: 7, at: at('23T10:00'), act: 'activity.complete', fields: ['state'], step: 'erstkontakt', activityType: 'anruf', result: '' };
    const activities = [{ stage: 'neu', planKey: 'sichten', state: 'open' as const, isMandatory: true, createdAt: monday }];
    const moved = step(inbox, { record: lead({ stage: 'neu', owner: 'u' }), process: first.process, events: [event], activities, now: at('23T10:00') });
    expect(moved.process).toMatchObject({ stage: 'in-klaerung', entry: 2 });
    expect(moved.effects.map((effect) => effect.kind)).toEqual(['cancelActivities', 'moveStage', 'createActivity', 'createActivity']);
  });
});

describe('compilePipeline', () => {
  it('names everything that does not exist, at once', () => {
    const value = pipeline(
      stage('a', {
        requires: { fields: ['shoeSize'], anyOf: [['email', 'tenantId']] },
        enter: [
          { assign: { role: 'chef' } },
          { notify: { to: ['user:nobody@example.org', 'mail:a@b.de'], text: text('x') } },
          { setFields: { shoeSize: 44, createdAt: monday, budget: 'much', priority: 'extreme', title: null, score: { cel: 'record.nothing' } } },
          { addTags: ['nothing'] },
          { sendMail: { template: 'nothing', to: ['owner', 'field:mail'] } },
          { callWebhook: { url: 'file:///etc/passwd', event: 'x' } },
          { goTo: 'nowhere' },
          { cancelActivities: { steps: ['nothing'] } },
        ],
        plan: [{ key: 'one', type: 'dance', title: text('x'), after: ['two'] }],
        timers: [
          { key: 't', label: text('t'), at: { field: 'title' }, do: [note('x')] },
          { key: 't', label: text('t'), do: [{}] },
        ],
        on: [{ event: 'fullMoon', do: [{ timeline: text('a'), goTo: 'a' }] }],
      }),
    );
    expect(issuesOf({ ...value, calendar: 'moon' }).toSorted()).toEqual(
      [
        '/calendar unknown',
        '/stages/0/requires/fields/0 unknown',
        '/stages/0/requires/anyOf/0/1 unknown',
        '/stages/0/enter/0/assign/role unknown',
        '/stages/0/enter/1/notify/to/0 unknown',
        '/stages/0/enter/1/notify/to/1 recipient',
        '/stages/0/enter/2/setFields/shoeSize unknown',
        '/stages/0/enter/2/setFields/createdAt system',
        '/stages/0/enter/2/setFields/budget value',
        '/stages/0/enter/2/setFields/priority value',
        '/stages/0/enter/2/setFields/title value',
        '/stages/0/enter/2/setFields/score/cel expression',
        '/stages/0/enter/3/addTags/0 unknown',
        '/stages/0/enter/4/sendMail/template unknown',
        '/stages/0/enter/4/sendMail/to/1 unknown',
        '/stages/0/enter/5/callWebhook/url url',
        '/stages/0/enter/6/goTo unknown',
        '/stages/0/enter/7 unreachable',
        '/stages/0/enter/7/cancelActivities/steps/0 unknown',
        '/stages/0/plan/0/after unknown',
        '/stages/0/plan/0/type unknown',
        '/stages/0/timers/1/key duplicate',
        '/stages/0/timers/0/at/field type',
        '/stages/0/timers/1 start',
        '/stages/0/timers/1/do/0 action',
        '/stages/0/on/0/event unknown',
        '/stages/0/on/0/do/0 action',
      ].toSorted(),
    );
  });

  it('refuses an entity without a pipeline', () => {
    const { definition, issues } = compilePipeline({ ...pipeline(stage('a')), entity: 'planet' }, lookup);
    expect(definition).toBeUndefined();
    expect(issues).toMatchObject([{ path: '/entity', code: 'unknown', text: { de: expect.stringContaining('planet') } }]);
  });

  it('finds stages that nothing leads to and entries that jump in a circle', () => {
    expect(issuesOf(pipeline(stage('a', { next: ['b'] }), stage('b', { next: [] }), stage('c')))).toEqual(['/stages/2 unreachable']);
    const circle = pipeline(stage('a', { enter: [{ goTo: 'b' }] }), stage('b', { enter: [{ goTo: 'a' }] }));
    expect(issuesOf(circle)).toEqual(['/stages/0/enter loop', '/stages/1/enter loop']);
  });

  const longTitle = 'x'.repeat(1_000);
  const expressions: [string, boolean][] = [
    ['record.budget >= 1000 && record.owner == ""', true],
    ['record.budget == 1000 || record.budget * 2 > 3', true],
    ['"messe" in record.tags', true],
    ['now - record.createdAt > duration("48h")', true],
    ['has(record.budget)', true],
    ['has(record.email)', false],
    ['record.email.matches("^(a+)+$")', false],
    ['record.budget', false],
    ['record.budget > "viel"', false],
    ['record.intakeSecret == ""', false],
    ['record.tenantId == "x"', false],
    ['record.budget >=', false],
    ['record.tags.exists(a, record.tags.exists(b, record.tags.exists(c, a == c)))', false],
    [`record.title == "${longTitle}"`, false],
    [`${'('.repeat(40)}true${')'.repeat(40)} == ${'!'.repeat(40)}true`, false],
  ];
  it.each(expressions.map(([expression, isRight]) => ({ expression, isRight, name: expression.slice(0, 80) })))('checks the condition $name', ({ expression, isRight }) => {
    expect(issuesOf(pipeline(stage('a', { enter: [{ if: expression, ...note('x') }] })))).toEqual(isRight ? [] : ['/stages/0/enter/0/if expression']);
  });
});

describe('canEnter', () => {
  const definition = toDefinition(
    pipeline(
      stage('a', { next: ['b'] }),
      stage('b', { requires: { fields: ['company'], anyOf: [['email', 'phone']], conditions: [{ if: 'record.budget > 100', text: text('Budget fehlt.') }] } }),
      stage('c'),
    ),
    leadModel,
  );

  it('names every missing field and failed condition', () => {
    const faults = canEnter(definition, 'b', { record: lead({ email: '' }), now: monday });
    expect(faults.map((fault) => [fault.path, fault.code])).toEqual([['/company', 'required'], ['/email', 'required'], ['/stage', 'condition']]);
    expect(faults[1]?.text.de).toContain('E-Mail oder Telefon');
  });

  it('lets a complete record in, and only along the ways there are', () => {
    expect(canEnter(definition, 'b', { record: lead({ company: 'X', budget: 200 }), now: monday })).toEqual([]);
    expect(canEnter(definition, 'c', { record: lead(), now: monday })).toMatchObject([{ path: '/stage', code: 'move' }]);
  });

  it('throws for a stage that does not exist', () => {
    expect(() => canEnter(definition, 'z', { record: lead(), now: monday })).toThrowError(expect.objectContaining({ code: 'Misconfigured' }));
  });
});

describe('decide', () => {
  it('carries out enter actions in order, under their conditions, each seeing what the last one set', () => {
    const value = pipeline(
      stage('a', {
        enter: [
          { setFields: { score: 5, budget: { cel: 'double(record.title.size()) * 2' } } },
          { if: 'record.score == 5', ...note('score is 5') },
          { if: 'record.budget > 1000', ...note('never') },
          { addTags: ['messe'] },
          { addTags: ['messe'] },
          { assign: { role: 'sales' } },
          { if: 'record.owner != ""', ...note('someone owns it') },
          { assign: { role: 'sales' } },
        ],
      }),
    );
    const { effects } = step(value, { record: lead({ title: 'abc' }) });
    expect(words(effects)).toEqual(['setFields', 'score is 5', 'addTags', 'assign', 'someone owns it']);
    expect(effects[0]).toMatchObject({ values: { score: 5, budget: 6 } });
  });

  it('does nothing a second time', () => {
    const value = pipeline(stage('a', { enter: [note('in')], plan: [{ key: 'p', type: 'anruf', title: text('p') }] }));
    const first = step(value);
    expect(step(value, { process: first.process }).effects).toEqual([]);
  });

  it('jumps through stages, leaving the rest of the list and plans on the way undone', () => {
    const value = pipeline(
      stage('a', { enter: [note('a'), { if: 'true', goTo: 'b' }, note('never')], plan: [{ key: 'p', type: 'anruf', title: text('p') }] }),
      stage('b', { enter: [{ goTo: 'c' }] }),
      stage('c', { enter: [note('c')] }),
    );
    const { effects, process } = step(value);
    expect(words(effects)).toEqual(['a', 'moveStage', 'moveStage', 'c']);
    expect(process).toMatchObject({ stage: 'c', entry: 3 });
    expect(new Set(effects.map((effect) => effect.key)).size).toBe(effects.length);
  });

  it('stops a pipeline that runs in circles', () => {
    const value = pipeline(stage('a', { enter: [{ if: 'true', goTo: 'b' }] }), stage('b', { enter: [{ if: 'true', goTo: 'a' }] }));
    expect(() => step(value)).toThrowError(expect.objectContaining({ code: 'Misconfigured' }));
  });

  it('tells the owner instead of jumping where fields are missing', () => {
    const value = pipeline(stage('a', { enter: [{ goTo: 'b' }] }), stage('b', { requires: { fields: ['company'] } }));
    const { effects, process } = step(value);
    expect(process.stage).toBe('a');
    expect(effects).toMatchObject([{ kind: 'notify', to: ['owner'], text: { de: expect.stringContaining('Firma') } }]);
  });

  it('follows a move by hand: open activities of the old stage are cancelled, the new deadline counts from the move', () => {
    const value = pipeline(
      stage('a', { plan: [{ key: 'p', type: 'anruf', title: text('p') }] }),
      stage('b', { enter: [note('b')], timers: [{ key: 't', label: text('t'), after: { hours: 2 }, do: [note('t')] }] }),
    );
    const { process } = step(value);
    const activities = [{ stage: 'a', planKey: 'p', state: 'open' as const, isMandatory: false, createdAt: monday }];
    const moved = step(value, { process, activities, record: lead({ stage: 'b', stageSince: at('23T11:00') }), now: at('23T11:30') });
    expect(words(moved.effects)).toEqual(['cancelActivities', 'b']);
    expect(moved.next?.at).toBe(at('23T13:00'));
  });

  it('leaves out plan steps whose condition does not hold and lets their followers begin at once', () => {
    const value = pipeline(
      stage('a', {
        plan: [
          { key: 'p', type: 'anruf', title: text('p'), if: 'record.budget > 5', duration: { workingDays: 3 } },
          { key: 'q', type: 'anruf', title: text('q'), after: ['p'] },
        ],
      }),
    );
    expect(step(value).effects).toMatchObject([{ kind: 'createActivity', activity: { planKey: 'q', startAt: monday } }]);
  });

  it('ends with its record and with an end stage, and begins again when the record is open again', () => {
    const value = pipeline(stage('a', { enter: [note('a')], timers: [{ key: 't', label: text('t'), after: { hours: 2 }, do: [note('t')] }] }), stage('b', { end: true, enter: [note('b')] }));
    const first = step(value);
    const archived = step(value, { process: first.process, record: lead({ state: 'archived' }) });
    expect(archived).toMatchObject({ process: { isDone: true }, next: undefined });
    expect(step(value, { process: first.process, record: null }).process.isDone).toBe(true);
    const again = step(value, { process: archived.process, now: at('25T09:00') });
    expect(words(again.effects)).toEqual(['a']);
    expect(again.next?.at).toBe(at('25T11:00'));
    const ended = step(value, { process: first.process, record: lead({ stage: 'b' }) });
    expect(ended).toMatchObject({ process: { isDone: true, stage: 'b' }, next: undefined });
    expect(step(value, { process: ended.process, record: lead({ stage: 'b' }) }).effects).toEqual([]);
  });

  it('refuses a stage that the revision does not have', () => {
    expect(() => step(pipeline(stage('a')), { record: lead({ stage: 'gone' }) })).toThrowError(expect.objectContaining({ code: 'Misconfigured' }));
  });
});

describe('timers', () => {
  const timers = (...list: NonNullable<StageConfig['timers']>): PipelineConfig => pipeline(stage('a', { timers: list }), stage('b'));
  const repeat = { key: 'r', label: text('r'), after: { hours: 1 }, repeat: { every: { hours: 1 }, max: 3 }, do: [note('r')] };

  it('fire in the order they are due, once each', () => {
    const value = timers(
      { key: 'late', label: text('late'), after: { hours: 3 }, do: [note('late')] },
      { key: 'early', label: text('early'), after: { hours: 1 }, do: [note('early')] },
    );
    const { process } = step(value);
    const both = step(value, { process, now: at('23T20:00') });
    expect(words(both.effects)).toEqual(['early', 'late']);
    expect(both.next).toBeUndefined();
  });

  it('repeat up to their number with a key for each', () => {
    let { process } = step(timers(repeat));
    const keys: string[] = [];
    for (const hour of ['10', '11', '12', '13', '14']) {
      const next = step(timers(repeat), { process, now: at(`23T${hour}:00`) });
      keys.push(...next.effects.map((effect) => effect.key));
      process = next.process;
    }
    expect(keys).toEqual(['lead/l1/a/1/timers/r/1/0', 'lead/l1/a/1/timers/r/2/0', 'lead/l1/a/1/timers/r/3/0']);
  });

  it('make up once for what was missed while nobody was there', () => {
    const { process } = step(timers(repeat));
    const back = step(timers(repeat), { process, now: at('23T20:30') });
    expect(words(back.effects)).toEqual(['r']);
    expect(back.next?.at).toBe(at('23T21:00'));
  });

  it('do nothing when their condition does not hold at that time', () => {
    const value = timers({ key: 't', label: text('t'), after: { hours: 1 }, if: 'record.budget > 5', do: [note('t')] });
    const { process } = step(value);
    expect(step(value, { process, now: at('23T11:00') }).effects).toEqual([]);
  });

  it('count anew when a person does something, where they count from the last change', () => {
    const value = timers({ key: 'rot', label: text('rot'), after: { hours: 5 }, since: 'change', do: [note('rot')] });
    const { process } = step(value);
    const touched = step(value, { process, touchedAt: at('23T13:00'), now: at('23T15:00') });
    expect(touched).toMatchObject({ effects: [], next: { at: at('23T18:00') } });
  });

  it('follow a date field, before and at, and wait while it is empty', () => {
    const value = timers(
      { key: 'before', label: text('before'), before: { field: 'qualifiedAt', by: { workingDays: 1 } }, do: [note('before')] },
      { key: 'at', label: text('at'), at: { field: 'qualifiedAt' }, do: [note('at')] },
    );
    const empty = step(value);
    expect(empty.next).toBeUndefined();
    const filled = step(value, { process: empty.process, record: lead({ qualifiedAt: at('25T12:00') }) });
    expect(filled.next).toMatchObject({ at: at('24T12:00'), timer: 'before' });
    const shifted = step(value, { process: filled.process, record: lead({ qualifiedAt: at('26T12:00') }) });
    expect(shifted.next?.at).toBe(at('25T12:00'));
  });

  it('wait while the record is snoozed', () => {
    const value = timers(repeat);
    const { process } = step(value);
    const snoozed = step(value, { process, record: lead({ snoozedUntil: at('24T09:00') }), now: at('23T12:00') });
    expect(snoozed).toMatchObject({ effects: [], next: { at: at('24T09:00') } });
  });

  it('can move the record on; the new stage has its own timers', () => {
    const value = pipeline(
      stage('a', { timers: [{ key: 't', label: text('t'), after: { hours: 1 }, do: [{ goTo: 'b' }] }] }),
      stage('b', { timers: [{ key: 't', label: text('t'), after: { hours: 1 }, do: [note('b')] }] }),
    );
    const { process } = step(value);
    const moved = step(value, { process, now: at('23T10:30') });
    expect(moved.process.stage).toBe('b');
    expect(moved.next?.at).toBe(at('23T11:30'));
  });
});

describe('events', () => {
  const event = (more: Partial<DecideInput['events'][number]> = {}): DecideInput['events'][number] => ({
    seq: 5,
    at: at('23T10:00'),
    act: 'lead.update',
    fields: ['budget'],
    step: '',
    activityType: '',
    result: '',
    ...more,
  });
  const value = pipeline(
    stage('a', {
      plan: [{ key: 'p', type: 'anruf', title: text('p'), mandatory: true }],
      on: [
        { event: 'recordChanged', fields: ['budget'], if: 'record.budget > 10 && "budget" in event.fields', do: [note('budget')] },
        { event: 'lead.assign', do: [note('assigned')] },
        { event: 'activityCancelled', do: [note('cancelled')] },
        { event: 'planDone', do: [{ goTo: 'b' }] },
      ],
    }),
    stage('b', { on: [{ event: 'recordChanged', do: [note('changed in b')] }] }),
  );
  const { process } = step(value);
  const activity = { stage: 'a', planKey: 'p', state: 'open' as const, isMandatory: true, createdAt: monday };

  it('start what is configured for them', () => {
    const happened = [event(), event({ act: 'lead.assign', fields: ['owner'] }), event({ act: 'activity.cancel', step: 'x' }), event({ fields: ['title'] })];
    const { effects } = step(value, { process, activities: [activity], record: lead({ budget: 20 }), events: happened, now: at('23T11:00') });
    expect(words(effects)).toEqual(['budget', 'assigned', 'cancelled']);
  });

  it('from before the stage was entered are not its business', () => {
    const moved = step(value, { process, record: lead({ stage: 'b', stageSince: at('23T10:30') }), events: [event()], now: at('23T11:00') });
    expect(words(moved.effects)).toEqual([]);
  });

  it('planDone comes when all mandatory steps are done, not when all were cancelled', () => {
    const done = step(value, { process, activities: [{ ...activity, state: 'done' }], now: at('23T11:00') });
    expect(done.process.stage).toBe('b');
    const cancelled = step(value, { process, activities: [{ ...activity, state: 'cancelled' }], now: at('23T11:00') });
    expect(cancelled.process.stage).toBe('a');
  });
});

describe('laws', () => {
  const hours = fc.integer({ min: 0, max: 30 });
  const timerLists = fc.array(fc.record({ hours, every: fc.integer({ min: 1, max: 9 }), max: fc.integer({ min: 2, max: 5 }) }), { maxLength: 5 });

  it('whenever it looks, a process fires the same timers no more often than configured, and never looks back', () => {
    fc.assert(
      fc.property(timerLists, fc.array(fc.integer({ min: 0, max: 100 }), { minLength: 1, maxLength: 20 }), (list, looks) => {
        const value = pipeline(
          stage('a', { timers: list.map((timer, index) => ({ key: `t${index}`, label: text('t'), after: { hours: timer.hours }, repeat: { every: { hours: timer.every }, max: timer.max }, do: [note(`t${index}`)] })) }),
        );
        let process = newProcess;
        const keys: string[] = [];
        for (const look of looks.toSorted((a, b) => a - b)) {
          const now = new Date(Date.parse(monday) + look * 3_600_000).toISOString();
          const result = step(value, { process, now });
          expect((result.next?.at ?? '9') > now).toBe(true);
          keys.push(...result.effects.map((effect) => effect.key));
          process = result.process;
        }
        expect(new Set(keys).size).toBe(keys.length);
        for (const [index, timer] of list.entries()) expect(keys.filter((key) => key.includes(`/t${index}/`)).length).toBeLessThanOrEqual(timer.max);
      }),
      { numRuns: 100 },
    );
  });
});
