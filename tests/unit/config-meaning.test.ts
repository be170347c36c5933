import { beforeAll, describe, expect, it } from 'vitest';
import { checkConfig } from '../../core/config/check.ts';
import { configDefinitions, configKinds, configSchema } from '../../core/config/kinds.ts';
import type { ConfigLookup } from '../../core/config/lookup.ts';
import { patternTexts } from '../../core/config/schema-faults.ts';
import type { EntityModel } from '../../core/entity.ts';
import { shippedFiles, shippedModel } from '../support/configuration.ts';

let lookup: ConfigLookup;
let leadModel: EntityModel;
beforeAll(async () => {
  const files = await shippedFiles();
  const entities = files.filter((file) => file.kind === 'schemas').map((file) => file.key);
  const models = new Map(await Promise.all(entities.map(async (name) => [name, await shippedModel(name)] as const)));
  const keys = (kind: string): string[] => files.filter((file) => file.kind === kind).map((file) => file.key);
  leadModel = await shippedModel('lead');
  lookup = {
    model: (name) => models.get(name),
    entities,
    keys,
    has: (kind, key) => keys(kind).includes(key),
    configOf: (kind, key) => (kind === 'mappings' && key === 'facebook' ? facebookMapping : undefined),
    presets: [
      { key: 'facebook', connection: 'facebook', hasTable: false },
      { key: 'google-sheets', connection: 'google-sheets', hasTable: true },
    ],
    connectionKind: (id) => ({ seite: 'facebook', google: 'google-sheets' })[id],
    hasUser: (email) => email === 'anna@firma.de',
  };
});

type Kind = (typeof configKinds)[number];

const faults = (kind: Kind, text: string): string[] =>
  checkConfig(kind, text, { lookup }).issues.map(
    (issue) => `${issue.line}:${issue.column} ${issue.path} ${issue.code}`,
  );
const firstMessage = (kind: Kind, text: string): string =>
  checkConfig(kind, text, { lookup, language: 'en' }).issues[0]?.message ?? '';
const facebookMapping = { unmapped: 'additional', rows: [{ from: 'Stand der Dinge', to: 'message' }] };
const head = 'key: x\nlabel: { de: X, en: X }\n';

describe('the meaning of config texts', () => {
  it('finds nothing wrong with anything that is shipped', async () => {
    const issues = (await shippedFiles()).flatMap(
      (file) => checkConfig(file.kind, file.text, { key: file.key, file: file.file, lookup }).issues,
    );
    expect(issues).toEqual([]);
  });

  it('finds faults of meaning beside those of shape, where the rest can be judged, and invents none', () => {
    const role = `key: superadmin
label: { de: X }
can:
  - { do: [red], on: led }
  - { do: read, on: lead }
  - { do: [read], on: lead, where: stagee = x, fields: { hide: [budgett, 7] } }
`;
    expect(faults('roles', role)).toEqual([
      '2:1 /label required',
      '4:22 /can/0/on unknown',
      '5:11 /can/1/do type',
      '6:36 /can/2/where filter',
      '6:65 /can/2/fields/hide/0 unknown',
      '6:74 /can/2/fields/hide/1 type',
    ]);
    const source = `key: x
auth: api-key
mapping: facebok
preset: 7
connection: seite
allowedOrigins: [https://www.muster-bau.de, muster-bau.de]
colour: blau
defaults: { priority: eilig, tags: [mese], owner: 5 }
`;
    expect(faults('sources', source)).toEqual([
      '1:1  required',
      '3:10 /mapping unknown',
      '4:9 /preset type',
      '6:45 /allowedOrigins/1 pattern',
      '7:1 /colour unknown',
      '8:23 /defaults/priority unknown',
      '8:37 /defaults/tags/0 unknown',
      '8:51 /defaults/owner type',
    ]);
    const rows = 'rows:\n  - { from: a, to: nowhere, transform: shout }\n  - { from: "a[", to: email }\n';
    expect(faults('mappings', head + rows)).toEqual([
      '4:20 /rows/0/to unknown',
      '4:40 /rows/0/transform enum',
      '5:13 /rows/1/from path',
    ]);
    // Which fields there are depends on the entity.
    expect(faults('mappings', `${head}entity: 7\n${rows}`)).toEqual([
      '3:9 /entity type',
      '5:40 /rows/0/transform enum',
    ]);
    expect(faults('roles', `${head}can: read\n`)).toEqual(['3:6 /can type']);
  });

  it('says for every pattern of the schemas what is meant', () => {
    const patternsIn = (node: unknown): string[] =>
      typeof node !== 'object' || node === null
        ? []
        : Object.entries(node).flatMap(([name, inner]) =>
            name === 'pattern' && typeof inner === 'string' ? [inner] : patternsIn(inner),
          );
    const schemas = [configDefinitions, ...([...configKinds, 'schemas'] as const).map(configSchema)];
    expect(patternsIn(schemas).filter((pattern) => patternTexts[pattern] === undefined)).toEqual([]);
    const source = `${head}auth: public\nallowedOrigins: [https://www.muster-bau.de/]\n`;
    expect(checkConfig('sources', source, { lookup }).issues[0]?.message).toMatch(/^Eine Herkunft besteht aus https:/);
  });

  it('has a schema for every kind', () => {
    for (const kind of configKinds) expect(configSchema(kind)).toHaveProperty('title');
  });

  it('knows mappings, priorities, tags, users and form fields of sources', () => {
    const text = `${head}auth: public
mapping: facebok
defaults: { priority: eilig, tags: [messe, mese], owner: otto@firma.de }
form:
  title: { de: A, en: A }
  thanks: { de: A, en: A }
  fields:
    - field: emial
    - field: source
    - field: email
    - field: email
`;
    expect(faults('sources', text)).toEqual([
      '4:10 /mapping unknown',
      '5:23 /defaults/priority unknown',
      '5:44 /defaults/tags/1 unknown',
      '5:58 /defaults/owner unknown',
      '10:14 /form/fields/0/field unknown',
      '11:14 /form/fields/1/field unknown',
      '13:14 /form/fields/3/field duplicate',
    ]);
    expect(firstMessage('sources', text)).toBe(
      'There is no "facebok" among the field mappings. Did you mean "facebook"?',
    );
  });

  it('knows presets, and what belongs to one', () => {
    const text = `${head}auth: hmac\npreset: facebok\nconnection: facebook\n`;
    expect(faults('sources', text)).toEqual(['4:9 /preset unknown']);
    expect(firstMessage('sources', text)).toBe('There is no "facebok". Did you mean "facebook"?');
    expect(faults('sources', `${head}auth: hmac\npreset: facebook\npoll: { everyMinutes: 5 }\n`)).toEqual([
      '5:7 /poll required',
    ]);
    expect(faults('sources', `${head}auth: hmac\nconnection: facebook\n`)).toEqual(['4:13 /connection required']);
  });

  it('knows what kind of connection a preset works with, and whether it reads a table', () => {
    const sheet = 'sheet: { spreadsheetId: abcdefghij }\n';
    const source = (preset: string, connection: string, more: string): string =>
      `${head}auth: hmac\npreset: ${preset}\nconnection: ${connection}\n${more}`;
    expect(faults('sources', source('google-sheets', 'google', sheet))).toEqual([]);
    expect(faults('sources', source('google-sheets', 'spaeter', sheet))).toEqual([]);
    expect(faults('sources', source('google-sheets', 'seite', sheet))).toEqual(['5:13 /connection kind']);
    expect(faults('sources', source('google-sheets', 'google', ''))).toEqual(['4:9 /preset required']);
    expect(faults('sources', source('facebook', 'seite', sheet))).toEqual(['6:8 /sheet preset']);
  });

  it('refuses columns of a table that overwrite what is read, and a field or range that there is not', () => {
    const source = (sheet: string, more = ''): string =>
      `${head}auth: hmac\npreset: google-sheets\nconnection: google\n${more}sheet:\n  spreadsheetId: abcdefghij\n${sheet}`;
    const fine = '  columns: C:AA\n  keyColumn: Nr\n  matchKey: email\n  writeBack: { status: Leitwerk, link: Link }\n';
    expect(faults('sources', source(fine))).toEqual([]);
    const ownFaults = (writeBack: string, more = ''): string[] =>
      faults('sources', source(`  keyColumn: Zeile\n  writeBack: ${writeBack}\n`, more)).map((one) =>
        one.split(' ').slice(1).join(' '),
      );
    expect(ownFaults('{ status: Zeile, link: E-Mail }')).toEqual([
      '/sheet/writeBack/status column',
      '/sheet/writeBack/link column',
    ]);
    expect(ownFaults('{ status: Leitwerk, link: Leitwerk }')).toEqual(['/sheet/writeBack/link duplicate']);
    expect(ownFaults('{ status: Stand der Dinge, link: E-Mail }', 'mapping: facebook\n')).toEqual([
      '/sheet/writeBack/status column',
    ]);
    expect(faults('sources', source('  matchKey: emial\n  columns: Z:A\n'))).toEqual([
      '8:13 /sheet/matchKey unknown',
      '9:12 /sheet/columns range',
    ]);
    expect(firstMessage('sources', source('  columns: AA:Z\n'))).toBe(
      '"AA:Z" ends before it begins. Did you mean "Z:AA"?',
    );
  });

  it('wants a public source for a form', () => {
    const text = `${head}auth: hmac\nform: { title: { de: A, en: A }, thanks: { de: A, en: A }, fields: [{ field: email }] }\n`;
    expect(faults('sources', text)).toEqual(['4:7 /form auth']);
  });

  it('knows targets, paths and choice values of mappings', () => {
    const text = `${head}rows:
  - { from: a, to: emial }
  - { from: 'a..b', to: email }
  - { from: a, to: intakeMessage }
  - { from: a, to: priority, valueMap: { A: hoch, B: sehr-hoch }, default: egal }
  - { from: a, to: qualification, valueMap: { A: sql, B: kalt } }
`;
    expect(faults('mappings', text)).toEqual([
      '4:20 /rows/0/to unknown',
      '5:13 /rows/1/from path',
      '6:20 /rows/2/to system',
      '7:54 /rows/3/valueMap/B unknown',
      '7:76 /rows/3/default unknown',
      '8:58 /rows/4/valueMap/B unknown',
    ]);
  });

  it('knows entities and fields of roles and can read their filters', () => {
    const text = `${head}can:
  - { do: [read], on: leed }
  - { do: [read], on: lead, where: 'ownr = me' }
  - { do: [read], on: lead, fields: { hide: [budgt] } }
  - { do: [read], on: '*', where: 'owner = me' }
`;
    expect(faults('roles', text)).toEqual([
      '4:23 /can/0/on unknown',
      '5:36 /can/1/where filter',
      '6:46 /can/2/fields/hide/0 unknown',
      '7:23 /can/3/on entity',
    ]);
  });

  it('never takes a right from the superadmin', () => {
    const text = "key: superadmin\nlabel: { de: X, en: X }\ncan: [{ do: [read], on: '*' }]\nmay: ['*']\n";
    expect(faults('roles', text)).toEqual(['1:1  superadmin']);
  });

  it('knows what templates may name', () => {
    const text = `${head}entity: lead
subject: { de: '{{record.titel}}', en: '{{{record.title}}}' }
body:
  de: |
    Hallo
    {{recrd.email}}
  en: '{{#with record}}{{/with}}'
`;
    expect(faults('templates', text)).toEqual([
      '4:16 /subject/de unknown',
      '4:40 /subject/en unescaped',
      '6:7 /body/de unknown',
      '9:7 /body/en block',
    ]);
    expect(checkConfig('templates', text, { lookup }).issues[2]?.message).toContain(
      'Vorlage Zeile 2: „recrd.email“ gibt es nicht.',
    );
  });

  it('knows time zones, currencies and calendars of the company', () => {
    const text = 'key: main\nname: A\ncurrency: EUX\nlanguage: de\ntimeZone: Europe/Berlim\ncalendar: fehlt\n';
    expect(faults('company', text)).toEqual([
      '3:11 /currency unknown',
      '5:11 /timeZone unknown',
      '6:11 /calendar unknown',
    ]);
  });

  it('wants a number in the pattern of numbers, and a field to write it to', () => {
    const text = `${head}entity: opportunity\nfield: nummer\npattern: OPP-{zahl}\n`;
    expect(faults('numbering', text)).toEqual(['4:8 /field unknown', '5:10 /pattern number', '5:10 /pattern unknown']);
  });

  it('hands pipelines to the pipeline compiler and places its faults', () => {
    const text = `${head}entity: lead
stages:
  - key: a
    label: { de: A, en: A }
    requires: { fields: [emial] }
    next: [b]
`;
    expect(faults('pipelines', text)).toEqual([
      '7:26 /stages/0/requires/fields/0 unknown',
      '8:12 /stages/0/next/0 unknown',
    ]);
  });

  it.each([
    ['enter: [{ goTo: in-klärungg }]', '/stages/0/enter/0/goTo'],
    ['next: [in-klaerung, in-klärungg]', '/stages/0/next/1'],
  ])('names the stages there are where %s names none of them', (said, path) => {
    const label = 'label: { de: A, en: A }';
    const text = `${head}entity: lead\nstages:\n  - key: neu\n    ${label}\n    ${said}\n  - key: in-klaerung\n    ${label}\n`;
    const told = (language: 'de' | 'en') => checkConfig('pipelines', text, { lookup, language }).issues;
    expect(told('de')).toMatchObject([
      { path, message: 'Die Stufe „in-klärungg“ gibt es nicht. Es gibt: neu, in-klaerung.' },
    ]);
    expect(told('en')).toMatchObject([
      { path, message: 'There is no stage "in-klärungg". There are: neu, in-klaerung.' },
    ]);
  });

  it('offers only fields that people may see', () => {
    const hidden = [...leadModel.fields.values()].find((field) => field.isHidden)?.name ?? '';
    expect(firstMessage('roles', `${head}can: [{ do: [read], on: lead, fields: { hide: [${hidden}] } }]\n`)).toContain(
      `There is no "${hidden}"`,
    );
  });
});
