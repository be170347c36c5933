import { describe, expect, it } from 'vitest';
import { compilePipeline } from '../../core/pipeline/compile.ts';
import { toDefinition } from '../../core/pipeline/definition.ts';
import { canEnter } from '../../core/pipeline/enter.ts';
import { leadModel, lookup, text, stage, pipeline, note, monday, lead, issuesOf } from './pipeline-fixtures.ts';

describe('compilePipeline', () => {
  it('names everything that does not exist, at once', () => {
    const value = pipeline(
      stage('a', {
        requires: { fields: ['shoeSize'], anyOf: [['email', 'tenantId']] },
        enter: [
          { assign: { role: 'chef' } },
          { notify: { to: ['user:nobody@example.org', 'mail:a@b.de'], text: text('x') } },
          {
            setFields: {
              shoeSize: 44,
              createdAt: monday,
              budget: 'much',
              priority: 'extreme',
              title: null,
              score: { cel: 'record.nothing' },
            },
          },
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
    expect(issues).toMatchObject([
      { path: '/entity', code: 'unknown', text: { de: expect.stringContaining('planet') } },
    ]);
  });

  it('finds stages that nothing leads to and entries that jump in a circle', () => {
    expect(issuesOf(pipeline(stage('a', { next: ['b'] }), stage('b', { next: [] }), stage('c')))).toEqual([
      '/stages/2 unreachable',
    ]);
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
  it.each(expressions.map(([expression, isRight]) => ({ expression, isRight, name: expression.slice(0, 80) })))(
    'checks the condition $name',
    ({ expression, isRight }) => {
      expect(issuesOf(pipeline(stage('a', { enter: [{ if: expression, ...note('x') }] })))).toEqual(
        isRight ? [] : ['/stages/0/enter/0/if expression'],
      );
    },
  );
});

describe('a wrong condition', () => {
  it.each([
    ['record.buget > 5', 'Zeichen 8: „buget“ gibt es nicht. Gemeint war „budget“?'],
    ['recrd.budget > 5', 'Zeichen 1: „recrd“ gibt es nicht. Gemeint war „record“?'],
    ['record.budget >', 'Zeichen 16: Der Ausdruck endet zu früh.'],
    ['(record.city == ""', 'Zeichen 19: Der Ausdruck endet zu früh.'],
    ['record.city = "x"', 'Zeichen 13: „= "x"“ passt hier nicht. Gleich ist „==“.'],
    ['record.city == "x', 'Zeichen 16: Das Anführungszeichen wird nicht geschlossen.'],
    ['for == 1', 'Zeichen 1: „for“ geht nicht als Name.'],
    [
      'record.budget > "a"',
      'Zeichen 1: „double > string“ gibt es nicht: Diese Arten von Werten passen nicht zusammen.',
    ],
    ['size(1, 2) > 1', 'Zeichen 1: Die Funktion „size(int, int)“ gibt es mit diesen Angaben nicht.'],
    ['record.city && true', 'Zeichen 1: Hier wird wahr oder falsch erwartet, dies ist string.'],
    [`${'1 + '.repeat(210)}1 == 1`, 'Zeichen 1: Der Ausdruck hat zu viele Teile.'],
    ['record.tags["a"] == ""', "Zeichen 1: Das ist nicht lesbar: „List index must be int, got 'string'“"],
  ])('%s is named in German, with its place', (expression, sentence) => {
    const value = pipeline(stage('a', { enter: [{ if: expression, ...note('x') }] }));
    expect(compilePipeline(value, lookup).issues.map((issue) => issue.text.de)).toEqual([sentence]);
  });
});

describe('canEnter', () => {
  const definition = toDefinition(
    pipeline(
      stage('a', { next: ['b'] }),
      stage('b', {
        requires: {
          fields: ['company'],
          anyOf: [['email', 'phone']],
          conditions: [{ if: 'record.budget > 100', text: text('Budget fehlt.') }],
        },
      }),
      stage('c'),
    ),
    leadModel,
  );

  it('names every missing field and failed condition', () => {
    const faults = canEnter(definition, 'b', { record: lead({ email: '' }), now: monday });
    expect(faults.map((fault) => [fault.path, fault.code])).toEqual([
      ['/company', 'required'],
      ['/email', 'required'],
      ['/stage', 'condition'],
    ]);
    expect(faults[1]?.text.de).toContain('E-Mail oder Telefon');
    expect(faults.map((fault) => fault.alternatives)).toEqual([undefined, ['/phone'], undefined]);
  });

  it('lets a complete record in, and only along the ways there are', () => {
    expect(canEnter(definition, 'b', { record: lead({ company: 'X', budget: 200 }), now: monday })).toEqual([]);
    expect(canEnter(definition, 'c', { record: lead(), now: monday })).toMatchObject([
      { path: '/stage', code: 'move' },
    ]);
  });

  it('throws for a stage that does not exist', () => {
    expect(() => canEnter(definition, 'z', { record: lead(), now: monday })).toThrow(
      expect.objectContaining({ code: 'Misconfigured' }),
    );
  });
});
