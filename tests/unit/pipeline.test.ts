import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { type DecideInput } from '../../core/pipeline/state.ts';
import {
  read,
  inbox,
  text,
  stage,
  pipeline,
  note,
  monday,
  at,
  lead,
  step,
  words,
  issuesOf,
} from './pipeline-fixtures.ts';

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
    expect(result.effects.map((effect) => effect.key)).toEqual([
      'lead/l1/neu/1/enter/0',
      'lead/l1/neu/1/enter/1',
      'lead/l1/neu/1/plan/sichten',
      'lead/l1/neu/1/plan/erstkontakt',
    ]);
    expect(result.next).toMatchObject({ at: at('23T13:00'), kind: 'sla', timer: 'sla-erstkontakt' });
  });

  it('raises the priority when the first contact is late, once, and then reminds', () => {
    const first = step(inbox, { record: lead({ stage: 'neu' }) });
    const late = step(inbox, {
      record: lead({ stage: 'neu', priority: 'normal', owner: 'u' }),
      process: first.process,
      now: at('23T13:00'),
    });
    expect(late.effects).toMatchObject([
      { kind: 'notify', to: ['owner', 'role:sales-manager'] },
      { kind: 'setFields', values: { priority: 'hoch' } },
    ]);
    expect(late.next).toMatchObject({ at: at('24T09:00'), timer: 'erinnerung' });
    expect(step(inbox, { record: lead({ stage: 'neu' }), process: late.process, now: at('23T13:00') }).effects).toEqual(
      [],
    );
  });

  it('moves on when the first contact is done', () => {
    const first = step(inbox, { record: lead({ stage: 'neu' }) });
    const event = {
      seq: 7,
      at: at('23T10:00'),
      act: 'activity.complete',
      fields: ['state'],
      step: 'erstkontakt',
      activityType: 'anruf',
      result: '',
    };
    const activities = [
      { stage: 'neu', planKey: 'sichten', state: 'open' as const, isMandatory: true, createdAt: monday },
    ];
    const moved = step(inbox, {
      record: lead({ stage: 'neu', owner: 'u' }),
      process: first.process,
      events: [event],
      activities,
      now: at('23T10:00'),
    });
    expect(moved.process).toMatchObject({ stage: 'in-klaerung', entry: 2 });
    expect(moved.effects.map((effect) => effect.kind)).toEqual([
      'cancelActivities',
      'moveStage',
      'createActivity',
      'createActivity',
    ]);
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
      stage('a', {
        enter: [note('a'), { if: 'true', goTo: 'b' }, note('never')],
        plan: [{ key: 'p', type: 'anruf', title: text('p') }],
      }),
      stage('b', { enter: [{ goTo: 'c' }] }),
      stage('c', { enter: [note('c')] }),
    );
    const { effects, process } = step(value);
    expect(words(effects)).toEqual(['a', 'moveStage', 'moveStage', 'c']);
    expect(process).toMatchObject({ stage: 'c', entry: 3 });
    expect(new Set(effects.map((effect) => effect.key)).size).toBe(effects.length);
  });

  it('stops a pipeline that runs in circles', () => {
    const value = pipeline(
      stage('a', { enter: [{ if: 'true', goTo: 'b' }] }),
      stage('b', { enter: [{ if: 'true', goTo: 'a' }] }),
    );
    expect(() => step(value)).toThrow(expect.objectContaining({ code: 'Misconfigured' }));
  });

  it('tells the owner instead of jumping where fields are missing', () => {
    const value = pipeline(stage('a', { enter: [{ goTo: 'b' }] }), stage('b', { requires: { fields: ['company'] } }));
    const { effects, process } = step(value, { record: lead({ owner: 'u1' }) });
    expect(process.stage).toBe('a');
    expect(effects).toMatchObject([{ kind: 'notify', to: ['owner'], text: { de: expect.stringContaining('Firma') } }]);
  });

  it('goes on with a refused jump when the record has what is missing, unless what it followed from was taken back', () => {
    const value = pipeline(
      stage('a', { on: [{ event: 'activityDone', steps: ['p'], do: [{ if: 'record.budget > 5', goTo: 'b' }] }] }),
      stage('b', { enter: [note('b')], requires: { anyOf: [['company', 'phone']] } }),
    );
    const base = { seq: 5, act: 'activity.complete', fields: ['state'], step: 'p', activityType: '', result: '' };
    const activity = { stage: 'a', planKey: 'p', state: 'done' as const, isMandatory: true, createdAt: monday };
    const without = { record: lead({ budget: 6 }), activities: [activity] };
    const events = [{ ...base, at: at('23T10:00') }];
    const { process } = step(value, { ...without, process: step(value).process, events, now: at('23T10:00') });
    expect(process).toMatchObject({
      stage: 'a',
      refused: { stage: 'b', text: { en: '"b" needs: Company or Phone.' } },
    });
    expect(step(value, { ...without, process, now: at('23T11:00') })).toMatchObject({ effects: [], process });
    const filled = { record: lead({ budget: 6, phone: '+49 30 1' }), activities: [activity], process };
    const gone = step(value, { ...filled, now: at('23T11:00') });
    expect(words(gone.effects)).toEqual(['moveStage', 'b']);
    expect(gone.process).toMatchObject({ stage: 'b', refused: null });
    for (const off of [
      { activities: [{ ...activity, state: 'open' as const }] },
      { record: lead({ budget: 5, phone: '+49 30 1' }) },
    ])
      expect(step(value, { ...filled, ...off, now: at('23T11:00') }).process).toMatchObject({
        stage: 'a',
        refused: null,
      });
  });

  it('follows a move by hand: open activities of the old stage are cancelled, the new deadline counts from the move', () => {
    const value = pipeline(
      stage('a', { plan: [{ key: 'p', type: 'anruf', title: text('p') }] }),
      stage('b', {
        enter: [note('b')],
        timers: [{ key: 't', label: text('t'), after: { hours: 2 }, do: [note('t')] }],
      }),
    );
    const { process } = step(value);
    const activities = [{ stage: 'a', planKey: 'p', state: 'open' as const, isMandatory: false, createdAt: monday }];
    const moved = step(value, {
      process,
      activities,
      record: lead({ stage: 'b', stageSince: at('23T11:00') }),
      now: at('23T11:30'),
    });
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
    expect(step(value).effects).toMatchObject([
      { kind: 'createActivity', activity: { planKey: 'q', startAt: monday } },
    ]);
  });

  it('ends with its record and with an end stage, and begins again when the record is open again', () => {
    const value = pipeline(
      stage('a', {
        enter: [note('a')],
        timers: [{ key: 't', label: text('t'), after: { hours: 2 }, do: [note('t')] }],
      }),
      stage('b', { end: true, enter: [note('b')] }),
    );
    const first = step(value);
    const archived = step(value, { process: first.process, record: lead({ state: 'archived' }) });
    expect(archived).toMatchObject({ process: { isDone: true }, next: undefined });
    expect(step(value, { process: first.process, record: null }).process.isDone).toBe(true);
    const back = lead({ stageSince: at('25T09:00') });
    const again = step(value, { process: archived.process, record: back, now: at('25T09:00') });
    expect(words(again.effects)).toEqual(['a']);
    expect(again.next?.at).toBe(at('25T11:00'));
    const ended = step(value, { process: first.process, record: lead({ stage: 'b' }) });
    expect(ended).toMatchObject({ process: { isDone: true, stage: 'b' }, next: undefined });
    expect(step(value, { process: ended.process, record: lead({ stage: 'b' }) }).effects).toEqual([]);
  });

  it('goes on with an entry that an undo leads back into: nothing again, what was cancelled is open, deadlines as before', () => {
    const value = pipeline(
      stage('a', {
        enter: [note('a')],
        plan: ['p', 'q'].map((key) => ({ key, type: 'anruf', title: text(key) })),
        timers: [{ key: 't', label: text('t'), after: { hours: 2 }, do: [note('t')] }],
        on: [{ event: 'recordChanged', do: [note('changed')] }],
      }),
      stage('b', { enter: [note('b')] }),
      stage('c', { end: true }),
    );
    const { process } = step(value);
    const plan = (p: 'open' | 'cancelled') => [
      { stage: 'a', planKey: 'p', state: p, isMandatory: false, createdAt: monday },
      { stage: 'a', planKey: 'q', state: 'done' as const, isMandatory: false, createdAt: monday },
    ];
    const undo = { seq: 9, at: at('23T10:30'), act: 'lead.undo', fields: ['stage', 'stageSince'] };
    const events = [{ ...undo, step: '', activityType: '', result: '' }];
    for (const away of [{ stage: 'b', stageSince: at('23T10:00') }, { stage: 'c' }, { state: 'archived' }]) {
      const left = step(value, { process, activities: plan('open'), record: lead(away), now: at('23T10:00') });
      const back = step(value, { process: left.process, activities: plan('cancelled'), events, now: at('23T10:30') });
      expect(back.effects).toMatchObject([{ kind: 'reopenActivities', stage: 'a', steps: ['p'] }]);
      expect(back).toMatchObject({
        process: { stage: 'a', entry: 1, enteredAt: monday },
        next: { at: at('23T11:00') },
      });
      const on = step(value, { process: back.process, activities: plan('open'), now: at('23T10:31') });
      expect(on).toMatchObject({ effects: [], process: back.process });
    }
  });

  it('begins an entry of its own when somebody moves on again after an undo', () => {
    const value = pipeline(stage('a', { enter: [note('a')] }), stage('b', { enter: [note('b')] }));
    const first = step(value, { record: lead({ stage: 'b' }) });
    const moved = step(value, { process: first.process, record: lead({ stageSince: at('23T10:00') }) });
    const back = step(value, { process: moved.process, record: lead({ stage: 'b' }) });
    const again = step(value, { process: back.process, record: lead({ stageSince: at('23T11:00') }) });
    expect(back.effects).toEqual([]);
    expect(again.effects).toMatchObject([{ key: 'lead/l1/a/3/enter/0' }]);
  });

  it('refuses a stage that the revision does not have', () => {
    expect(() => step(pipeline(stage('a')), { record: lead({ stage: 'gone' }) })).toThrow(
      expect.objectContaining({ code: 'Misconfigured' }),
    );
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
        {
          event: 'recordChanged',
          fields: ['budget'],
          if: 'record.budget > 10 && "budget" in event.fields',
          do: [note('budget')],
        },
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
    const happened = [
      event(),
      event({ act: 'lead.assign', fields: ['owner'] }),
      event({ act: 'activity.cancel', step: 'x' }),
      event({ fields: ['title'] }),
    ];
    const { effects } = step(value, {
      process,
      activities: [activity],
      record: lead({ budget: 20 }),
      events: happened,
      now: at('23T11:00'),
    });
    expect(words(effects)).toEqual(['budget', 'assigned', 'cancelled']);
  });

  it('from before the stage was entered are not its business', () => {
    const moved = step(value, {
      process,
      record: lead({ stage: 'b', stageSince: at('23T10:30') }),
      events: [event()],
      now: at('23T11:00'),
    });
    expect(words(moved.effects)).toEqual([]);
  });

  it('planDone comes when all mandatory steps are done, not when all were cancelled', () => {
    const done = step(value, { process, activities: [{ ...activity, state: 'done' }], now: at('23T11:00') });
    expect(done.process.stage).toBe('b');
    const cancelled = step(value, { process, activities: [{ ...activity, state: 'cancelled' }], now: at('23T11:00') });
    expect(cancelled.process.stage).toBe('a');
  });
});
