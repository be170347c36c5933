import * as fc from 'fast-check';
import { stringify } from 'yaml';
import { describe, expect, it } from 'vitest';
import { diffLines } from '../../core/config/diff.ts';
import { parseConfig } from '../../core/config/parse.ts';
import { writeYaml } from '../../core/config/write.ts';
import { readYaml } from '../../core/config/yaml.ts';

const placesOf = (kind: Parameters<typeof parseConfig>[0], text: string): string[] =>
  parseConfig(kind, text).issues.map((issue) => `${issue.line}:${issue.column} ${issue.path} ${issue.code}`);

describe('reading a config text', () => {
  it('reports every fault at once, each at the line and column of its name or value', () => {
    const text = [
      'key: web',
      'labl: { de: x, en: y }',
      'auth: hmack',
      'form:',
      '  title: 5',
      '  fields: []',
      '  thanks: { de: a }',
      'rateLimit:',
      '  perMinute: -1',
    ].join('\n');
    expect(placesOf('sources', text)).toEqual([
      '1:1  required',
      '2:1 /labl unknown',
      '3:7 /auth enum',
      '5:10 /form/title type',
      '6:11 /form/fields minItems',
      '7:3 /form/thanks required',
      '9:14 /rateLimit/perMinute minimum',
    ]);
  });

  it('tells where a bracket opens that is not closed, not where the next line begins', () => {
    const issues = (text: string): string[] =>
      parseConfig('tags', text, { language: 'en' }).issues.map((one) => `${one.line}:${one.column} ${one.message}`);
    const sentence = 'This bracket is not closed, or what stands in it is not indented far enough.';
    expect(issues('key: a\nlabel: { de: a, en: b\norder: 1\n')).toEqual([`2:8 ${sentence}`]);
    expect(issues('key: a\nlist:\n  - { de: a, en: [1, 2 }\n')).toEqual([`3:5 ${sentence}`, `3:18 ${sentence}`]);
  });

  it('suggests the name that was probably meant, in German and English', () => {
    const text = 'key: a\nlabl: { de: x, en: y }\n';
    const message = (language: 'de' | 'en'): string | undefined =>
      parseConfig('tags', text, { language }).issues.find((issue) => issue.code === 'unknown')?.message;
    expect(message('de')).toBe('„labl“ gibt es hier nicht. Gemeint war „label“?');
    expect(message('en')).toBe('There is no "labl" here. Did you mean "label"?');
  });

  it('blames only the branch that was meant where several forms are allowed', () => {
    const row = (from: string): string => `key: a\nlabel: { de: a, en: b }\nrows:\n  - ${from}\n`;
    expect(placesOf('mappings', row('{ from: [], to: email }'))).toEqual(['4:13 /rows/0/from minItems']);
    expect(placesOf('mappings', row('{ from: 5, to: email }'))).toEqual(['4:13 /rows/0/from anyOf']);
    expect(
      parseConfig('mappings', row('{ to: email }'), { language: 'en' }).issues.map((issue) => issue.message),
    ).toEqual(['One of these is needed: from, default.']);
  });

  it('wants the key of the file name', () => {
    const { issues } = parseConfig('tags', 'key: a\nlabel: { de: a, en: b }\n', {
      key: 'b',
      file: 'tags/b.yaml',
      language: 'en',
    });
    expect(issues).toEqual([
      {
        path: '/key',
        code: 'key',
        message: '"key" must be "b" as in the name.',
        file: 'tags/b.yaml',
        line: 1,
        column: 6,
      },
    ]);
  });

  it('finds the place of a fault behind umlauts, comments and aliases', () => {
    const text = '# Größe\nkey: a # ä\nlabel: &l { de: ä, en: 5 }\ndescription: *l\nauth: public\n';
    expect(placesOf('sources', text)).toEqual(['3:24 /label/en type', '3:24 /description/en type']);
  });
});

describe('hostile YAML (S15)', () => {
  const bomb = [
    'a: &a [x,x,x,x,x,x,x,x,x]',
    ...'bcdefghi'
      .split('')
      .map(
        (name, index) => `${name}: &${name} [${Array.from({ length: 9 }, () => `*${'abcdefgh'[index]}`).join(',')}]`,
      ),
  ].join('\n');

  it.each([
    ['a billion laughs', bomb],
    ['an alias to itself', 'a: &a [*a]'],
    ['an alias to nowhere', 'a: *nowhere'],
    ['deep flow nesting', '['.repeat(200_000)],
    ['deep block nesting', `${'- '.repeat(100_000)}a`],
    ['many names', Array.from({ length: 24_000 }, (_, index) => `k${index}: 1`).join('\n')],
    ['a large text', 'a'.repeat(300_000)],
    ['a tag', 'a: !!js/function "x"'],
    ['a binary', 'a: !!binary aGFsbG8='],
    ['two documents', 'a: 1\n---\nb: 2\n'],
    ['a number without end', 'a: .inf'],
    ['a list as a name', '? [a]\n: b\n'],
  ])('refuses %s', (_, text) => {
    const { value, faults } = readYaml(text);
    expect(faults.length).toBeGreaterThan(0);
    expect(value).toBeUndefined();
  });

  it.each(['__proto__: { isAdmin: true }\n', 'a: { __proto__: { isAdmin: true } }\n', '"__proto__": 1\n'])(
    'refuses %j and leaves objects alone',
    (text) => {
      expect(readYaml(text).faults.map((fault) => fault.code)).toEqual(['name']);
      expect(Object.hasOwn(Object.prototype, 'isAdmin')).toBe(false);
    },
  );

  it('refuses a name that occurs twice, at the second place', () => {
    const { faults, locate } = readYaml('a: 1\nb: 2\na: 3\n');
    expect(faults.map((fault) => fault.position ?? locate(fault.path))).toEqual([{ line: 3, column: 1 }]);
  });

  it('either reads a text or says why not, and never throws', () => {
    const yamlish = fc.stringMatching(/^[-:?{}[\],&*!|>'"%@` \na-c0]{0,60}$/);
    fc.assert(
      fc.property(fc.oneof(yamlish, fc.string({ unit: 'binary', maxLength: 200 })), (text) => {
        const { value, faults } = readYaml(text);
        expect(faults.length === 0 ? value : undefined).toBe(value);
      }),
    );
  });

  it('reads back what YAML writes', () => {
    const name = fc.stringMatching(/^[a-z]{1,8}$/);
    const value = fc.letrec((tie) => ({
      any: fc.oneof(
        { maxDepth: 3 },
        fc.string({ maxLength: 20 }),
        fc.integer(),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie('any'), { maxLength: 4 }),
        fc.dictionary(name, tie('any'), { maxKeys: 4 }),
      ),
    })).any;
    fc.assert(
      fc.property(fc.dictionary(name, value, { minKeys: 1, maxKeys: 5 }), (written) => {
        expect(JSON.stringify(readYaml(stringify(written, { aliasDuplicateObjects: false })).value)).toBe(
          JSON.stringify(written),
        );
      }),
    );
  });
});

describe('writing a config text', () => {
  const before = '# oben\nkey: a\nlabel:\n  de: Alt # bleibt\n  en: Old\n# vor der Liste\nrows:\n  - a\n  - b # zwei\n';

  it('changes only what differs, so comments stay', () => {
    const after = writeYaml('tags', { key: 'a', label: { de: 'Neu', en: 'Old' }, rows: ['a', 'b'] }, before);
    expect(after).toBe(before.replace('Alt', 'Neu'));
  });

  it('adds and removes names and entries', () => {
    const after = writeYaml('tags', { key: 'a', label: { de: 'Alt' }, rows: ['a'], color: '#ffffff' }, before);
    expect(readYaml(after).value).toEqual({ key: 'a', label: { de: 'Alt' }, rows: ['a'], color: '#ffffff' });
    expect(after).toContain('# vor der Liste');
  });

  it('writes any value so that it reads back, from any text', () => {
    const value = fc.dictionary(
      fc.stringMatching(/^[a-z]{1,5}$/),
      fc.oneof(
        fc.string(),
        fc.integer(),
        fc.array(fc.string(), { maxLength: 3 }),
        fc.dictionary(fc.stringMatching(/^[a-z]{1,3}$/), fc.string()),
      ),
      { minKeys: 1 },
    );
    fc.assert(
      fc.property(value, value, (first, second) => {
        const text = writeYaml('tags', second, writeYaml('tags', first));
        expect(readYaml(text).value).toEqual(readYaml(stringify(second, { aliasDuplicateObjects: false })).value);
      }),
    );
  });

  it('names the schema for editors in its first line', () => {
    expect(writeYaml('tags', { key: 'a' })).toBe(
      '# yaml-language-server: $schema=../../schemas/config/tags.json\nkey: a\n',
    );
  });
});

describe('comparing two texts', () => {
  it('numbers the lines of both sides', () => {
    expect(diffLines('a\nb\nc\n', 'a\nx\nc\n')).toEqual({
      added: 1,
      removed: 1,
      lines: [
        { change: 'same', text: 'a', before: 1, after: 1 },
        { change: 'removed', text: 'b', before: 2 },
        { change: 'added', text: 'x', after: 2 },
        { change: 'same', text: 'c', before: 3, after: 3 },
      ],
    });
  });
});
