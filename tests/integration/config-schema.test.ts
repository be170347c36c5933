import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemTables } from '../../bin/foundation.ts';
import { previewSchema, publishSchema } from '../../commands/publishSchema.ts';
import { restoreConfig } from '../../commands/restoreConfig.ts';
import { isReservedName } from '../../core/config/meaning-schema.ts';
import type { EntitySchema, PropertySchema } from '../../core/entity.ts';
import { LeitwerkError } from '../../core/errors.ts';
import { publishRevision, readHead } from '../../store/config.ts';
import type { Database } from '../../store/database.ts';
import { createRegistry, type Registry } from '../../store/registry.ts';
import { openSqlite } from '../../store/sqlite.ts';
import { configContext, shipConfiguration } from '../support/configuration.ts';

type Properties = Readonly<Record<string, PropertySchema>>;

const failure = async (work: Promise<unknown>): Promise<LeitwerkError> => {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof LeitwerkError) return error;
  throw new Error('Expected a LeitwerkError', { cause: error });
};

const without = (properties: Properties, name: string): Properties =>
  Object.fromEntries(Object.entries(properties).filter(([key]) => key !== name));

describe('publishing an entity schema', () => {
  let db: Database;
  let registry: Registry;
  beforeEach(async () => {
    db = openSqlite(':memory:');
    registry = await shipConfiguration(db);
  });
  afterEach(async () => {
    await db.close();
  });

  const lead = (): EntitySchema => {
    const model = registry.snapshot('main').models.get('lead');
    if (model === undefined) throw new Error('lead is shipped');
    return model.schema;
  };
  const withProperties = (change: (properties: Properties) => Properties): EntitySchema => ({
    ...lead(),
    properties: change(lead().properties),
  });
  const withField = (name: string, property: PropertySchema): EntitySchema =>
    withProperties((properties) => ({ ...properties, [name]: property }));
  const publish = (schema: unknown, confirm?: string) =>
    publishSchema(configContext(db), { entity: 'lead', schema, confirm });
  const insertLead = async (id: string, fields: Record<string, string>): Promise<void> => {
    const row: Record<string, string> = { id, tenantId: 'main', title: id, ...fields };
    const names = Object.keys(row);
    const sql = `INSERT INTO \`lead\` (${names.map((name) => `\`${name}\``).join(', ')}) VALUES (${names.map(() => '?').join(', ')})`;
    await db.write((tx) => tx.run(sql, Object.values(row)));
  };

  it('adds a field at once: its column is there after the next refresh', async () => {
    const { impact, revision } = await publish(
      withField('branche', { type: 'string', maxLength: 100, 'x-label': { de: 'Branche', en: 'Industry' } }),
    );
    await registry.refresh();
    await insertLead('a', { branche: 'Handwerk' });
    expect(revision).toBe(2);
    expect(impact).toMatchObject({
      isDestructive: false,
      changes: [{ change: 'field-added', field: 'branche', isDestructive: false }],
    });
    expect(registry.snapshot('main').models.get('lead')?.fields.get('branche')?.kind).toBe('text');
    expect(await db.get('SELECT `branche` FROM `lead`')).toEqual({ branche: 'Handwerk' });
  });

  it('adds a whole entity with its table', async () => {
    const schema = {
      $id: 'vehicle',
      type: 'object',
      'x-entity': {
        plural: 'vehicles',
        label: { de: 'Fahrzeug', en: 'Vehicle' },
        pluralLabel: { de: 'Fahrzeuge', en: 'Vehicles' },
        titleField: 'plate',
      },
      required: ['plate'],
      properties: { plate: { type: 'string', maxLength: 20 }, lead: { 'x-reference': 'lead' } },
    };
    await publishSchema(configContext(db), { entity: 'vehicle', schema });
    await registry.refresh();
    expect(registry.snapshot('main').modelsByPlural.get('vehicles')?.name).toBe('vehicle');
    expect(await db.all('SELECT `plate`, `lead` FROM `vehicle`')).toEqual([]);
  });

  it('shows the impact of removing a field and publishes it only with the hash of that impact', async () => {
    await insertLead('a', { jobTitle: 'Einkauf' });
    await insertLead('b', {});
    await db.write((tx) =>
      tx.run(
        "INSERT INTO `saved_view` (`id`, `tenantId`, `name`, `entity`, `filter`, `columns`) VALUES ('v', 'main', 'Einkäufer', 'lead', 'jobTitle ~ \"Einkauf\"', '[]')",
      ),
    );
    const schema = withProperties((properties) => without(properties, 'jobTitle'));
    const error = await failure(publish(schema));
    const impact = error.facts['impact'];
    expect(error.code).toBe('Conflict');
    expect(impact).toMatchObject({
      isDestructive: true,
      changes: [{ change: 'removed', field: 'jobTitle', records: 1 }],
      views: [{ id: 'v', name: 'Einkäufer' }],
    });
    expect(impact).toMatchObject({ config: [{ kind: 'mappings', key: 'facebook' }] });
    expect((await failure(publish(schema, 'geraten'))).code).toBe('Conflict');

    await publish(schema, String(error.facts['confirm']));
    await registry.refresh();
    expect(registry.snapshot('main').models.get('lead')?.fields.has('jobTitle')).toBe(false);
    expect(await db.get("SELECT `jobTitle` FROM `lead` WHERE `id` = 'a'")).toEqual({ jobTitle: 'Einkauf' });
  });

  it('brings a removed field back with its values when the revision is restored', async () => {
    await insertLead('a', { jobTitle: 'Einkauf' });
    const schema = withProperties((properties) => without(properties, 'jobTitle'));
    const impact = await previewSchema(configContext(db), { entity: 'lead', schema });
    await publish(schema, impact.hash);
    await restoreConfig(configContext(db), { kind: 'schemas', key: 'lead', revision: 1 });
    await registry.refresh();
    expect(registry.snapshot('main').models.get('lead')?.fields.get('jobTitle')?.kind).toBe('text');
    expect(await db.get('SELECT `jobTitle` FROM `lead`')).toEqual({ jobTitle: 'Einkauf' });
  });

  it.each<readonly [string, string, Properties]>([
    ['fewer values', 'narrowed', { qualification: { type: 'string', enum: ['cold'] } }],
    ['a shorter text', 'narrowed', { company: { type: 'string', maxLength: 10 } }],
    ['a retired field', 'retired', { campaign: { type: 'string', maxLength: 200, 'x-retired': true } }],
    ['a unique field', 'unique', { externalId: { type: 'string', maxLength: 200, 'x-unique': true } }],
  ])('counts %s as destructive', async (_, change, changed) => {
    const schema = withProperties((properties) => ({ ...properties, ...changed }));
    const impact = await previewSchema(configContext(db), { entity: 'lead', schema });
    expect(impact.isDestructive).toBe(true);
    expect(impact.changes.filter((one) => one.isDestructive).map((one) => one.change)).toContain(change);
  });

  it('counts the records that lack a value when a field becomes required', async () => {
    await insertLead('a', { company: 'A GmbH' });
    await insertLead('b', {});
    const schema = { ...withField('extra', { type: 'string' }), required: ['title', 'company', 'extra'] };
    const { changes } = await previewSchema(configContext(db), { entity: 'lead', schema });
    const required = changes.filter((one) => one.change === 'required').map((one) => [one.field, one.records]);
    expect(required).toEqual([
      ['company', 1],
      ['extra', 2],
    ]);
  });

  it('refuses what the column cannot hold, even when confirmed', async () => {
    const error = await failure(publish(withField('budget', { type: 'string', maxLength: 50 }), 'egal'));
    expect(error.code).toBe('InvalidInput');
    expect(error.issues[0]).toMatchObject({ path: '/properties/budget', code: 'type' });
  });

  it('refuses to make a field unique while records share a value', async () => {
    await insertLead('a', { externalId: '1' });
    await insertLead('b', { externalId: '1' });
    const error = await failure(publish(withField('externalId', { type: 'string', maxLength: 200, 'x-unique': true })));
    expect(error.issues[0]).toMatchObject({ path: '/properties/externalId', code: 'unique' });
  });

  it('refuses what the database cannot do, and nothing is half-published', async () => {
    const roof = (name: string): EntitySchema => withField(name, { type: 'string', maxLength: 50 });
    await publish(roof('roofArea'));
    await registry.refresh();
    await insertLead('a', { company: 'Meyer', city: 'Berlin' });
    await insertLead('b', { company: 'Meyer', city: 'Berlin' });
    const pair = { ...lead(), 'x-entity': { ...lead()['x-entity'], unique: [['company', 'city']] } };

    const refused = [
      [withField('firstname', { type: 'string', maxLength: 50 }), '/properties/firstname', 'taken'],
      [roof('roofarea'), '/properties/roofarea', 'taken'],
      [pair, '/x-entity/unique', 'unique'],
    ] as const;
    for (const [schema, path, code] of refused)
      expect((await failure(publish(schema))).issues).toMatchObject([{ path, code }]);

    await registry.refresh();
    expect(lead()['x-entity'].unique).toBeUndefined();
    await expect(publish(withField('after', { type: 'string', maxLength: 50 }))).resolves.toMatchObject({
      isNew: true,
    });
  });

  it('refuses a name whose column an earlier revision has left behind in other letters', async () => {
    await publish(withField('roofArea', { type: 'string', maxLength: 50 }));
    await registry.refresh();
    const { facts } = await failure(publish(withProperties((properties) => without(properties, 'roofArea'))));
    await publish(
      withProperties((properties) => without(properties, 'roofArea')),
      String(facts['confirm']),
    );
    await registry.refresh();

    expect((await failure(publish(withField('roofarea', { type: 'string', maxLength: 50 })))).issues).toMatchObject([
      { path: '/properties/roofarea', code: 'column' },
    ]);
  });

  it('starts with the last good revision where the database cannot have the one in force (R33)', async () => {
    await insertLead('a', { company: 'Meyer' });
    await insertLead('b', { company: 'Meyer' });
    const schema = withProperties((properties) => ({
      ...properties,
      company: { ...properties['company'], 'x-unique': true },
    }));
    const head = await readHead(db, { tenantId: 'main', kind: 'schemas', key: 'lead' });
    await db.write(async (tx) => {
      await publishRevision(tx, {
        tenantId: 'main',
        kind: 'schemas',
        key: 'lead',
        yaml: JSON.stringify(schema),
        value: schema,
        author: 'somebody',
        at: new Date(0).toISOString(),
      });
    });

    await registry.refresh();
    expect(registry.snapshot('main').faults).toMatchObject([{ entity: 'lead' }]);
    const started = await createRegistry(db);
    expect(started.snapshot('main').models.get('lead')?.revision).toBe(head?.revision);
    expect(started.snapshot('main').faults).toMatchObject([{ entity: 'lead' }]);
  });

  it('refuses a name that an earlier field of another type has left its column behind for', async () => {
    const schema = withProperties((properties) => without(properties, 'score'));
    await publish(schema, (await previewSchema(configContext(db), { entity: 'lead', schema })).hash);
    const error = await failure(
      publish({ ...schema, properties: { ...schema.properties, score: { type: 'string', maxLength: 50 } } }),
    );
    expect(error.issues[0]).toMatchObject({ path: '/properties/score', code: 'column' });
  });

  it('refuses a schema that names what does not exist, every fault at once', async () => {
    const error = await failure(
      publish({
        ...withProperties((properties) => ({
          ...properties,
          boss: { 'x-reference': 'persn' },
          mood: { type: 'string', 'x-config': 'moods' },
          Bad: { type: 'string' },
        })),
        required: ['title', 'nowhere'],
      }),
    );
    expect(error.code).toBe('InvalidInput');
    expect(error.issues.map((issue) => issue.path)).toContain('/properties/Bad');
    const second = await failure(
      publish({
        ...withProperties((properties) => ({ ...properties, boss: { 'x-reference': 'persn' } })),
        required: ['title', 'nowhere'],
      }),
    );
    expect(second.issues.map((issue) => issue.path)).toEqual(
      expect.arrayContaining(['/properties/boss/x-reference', '/required']),
    );
  });

  it('keeps the names of all its own tables', () => {
    const names = systemTables.map(({ name }) => name.replaceAll('_', '-'));

    expect(names.filter((name) => !isReservedName(name))).toEqual([]);
  });

  it('refuses a default that its own field refuses, and a least that is above the most', async () => {
    const schema = withProperties((properties) => ({
      ...properties,
      rang: { type: 'integer', minimum: 1, maximum: 5, default: 9 },
      farbe: { type: 'string', enum: ['rot', 'blau'], default: 'lila' },
      wunsch: { type: 'string', 'x-config': 'priorities', default: 'gibt-es-nicht' },
      note: { type: 'number', minimum: 6, maximum: 1 },
      kennung: { type: 'string', minLength: 9, maxLength: 3 },
      gut: { type: 'string', 'x-config': 'priorities', default: 'hoch' },
    }));
    expect((await failure(publish(schema))).issues.map(({ path }) => path).toSorted()).toEqual([
      '/properties/farbe/default',
      '/properties/kennung/minLength',
      '/properties/note/minimum',
      '/properties/rang/default',
      '/properties/wunsch/default',
    ]);
  });

  it('refuses names that the product itself uses', async () => {
    const label = { de: 'x', en: 'x' };
    const schema = {
      $id: 'event',
      type: 'object',
      'x-entity': { plural: 'leads', label, pluralLabel: label, titleField: 'name' },
      properties: { name: { type: 'string' } },
    };
    const error = await failure(publishSchema(configContext(db), { entity: 'event', schema }));
    expect(error.issues.map((issue) => issue.path)).toEqual(['/$id', '/x-entity/plural']);
  });

  it('refuses a field that the filter language would read as its own word, and starts with one that is there', async () => {
    const schema = withProperties((properties) => ({
      ...properties,
      noT: { type: 'string' },
      empty: { type: 'boolean' },
    }));
    const error = await failure(publish(schema));
    expect(error.issues).toMatchObject([
      {
        path: '/properties/noT',
        code: 'name',
        message: expect.stringContaining('„noT“ ist ein Wort der Filtersprache'),
      },
    ]);

    await db.write(async (tx) => {
      const at = new Date(0).toISOString();
      const text = { yaml: JSON.stringify(schema), value: schema, author: 'somebody', at };
      await publishRevision(tx, { tenantId: 'main', kind: 'schemas', key: 'lead', ...text });
    });
    const started = (await createRegistry(db)).snapshot('main');
    expect([started.models.get('lead')?.fields.has('noT'), started.faults]).toEqual([true, []]);
  });

  it('refuses every keyword that does not go with the type of its field', async () => {
    const unfit: Properties = {
      kosten: { type: 'string', 'x-money': true },
      raten: { type: 'array', 'x-money': true },
      verweis: { type: 'integer', 'x-reference': 'lead' },
      verweise: { type: 'array', 'x-reference': 'lead' },
      betrag: { 'x-reference': 'lead', 'x-money': true },
      art: { type: 'integer', 'x-config': 'priorities' },
      zeilen: { type: 'number', 'x-multiline': true },
      suche: { type: 'object', 'x-searchable': true },
      liste: { type: 'array', 'x-unique': true },
      schnell: { type: 'object', 'x-indexed': true },
      tag: { type: 'integer', format: 'date' },
      wahl: { type: 'boolean', enum: ['ja'] },
      namen: { type: 'number', 'x-labels': { a: { de: 'A', en: 'A' } } },
    };
    const fine: Properties = {
      summe: { 'x-money': true },
      ganz: { type: 'integer', 'x-money': true },
      kein: { type: 'string', 'x-money': false, 'x-searchable': true, 'x-unique': true },
      bezug: { type: 'string', 'x-reference': 'lead', 'x-indexed': true },
      marken: { type: 'array', 'x-config': 'tags' },
    };
    const { issues } = await failure(publish(withProperties((properties) => ({ ...properties, ...fine, ...unfit }))));
    expect(issues.map(({ path }) => path.split('/')[2]).toSorted()).toEqual(Object.keys(unfit).toSorted());
    expect(issues).toContainEqual(
      expect.objectContaining({
        path: '/properties/kosten/x-money',
        code: 'keyword',
        message: '„x-money“ passt nicht zu „string“, nur zu number, integer.',
      }),
    );
    await publish(withProperties((properties) => ({ ...properties, ...fine })));
    await registry.refresh();
    const snapshot = registry.snapshot('main');
    const model = snapshot.models.get('lead');
    const found = model && snapshot.validatorOf(model).issues({ title: 'A', source: 'facebook', summe: 'abc' }, 'en');
    expect(found).toMatchObject([{ path: '/summe', code: 'type' }]);
  });

  it('starts with the last good revision where a stored one has such a keyword, and lets it be mended', async () => {
    await publish(withField('kosten', { type: 'number', 'x-money': true }));
    await registry.refresh();
    const schema = withProperties((properties) => ({
      ...properties,
      kosten: { type: 'string', 'x-money': true },
      neu: { type: 'string', 'x-money': true },
    }));
    await db.write(async (tx) => {
      const at = new Date(0).toISOString();
      const text = { yaml: JSON.stringify(schema), value: schema, author: 'somebody', at };
      await publishRevision(tx, { tenantId: 'main', kind: 'schemas', key: 'lead', ...text });
    });
    const started = (await createRegistry(db)).snapshot('main');
    expect(started.models.get('lead')?.revision).toBe(2);
    expect(started.faults).toEqual([
      { entity: 'lead', message: expect.stringContaining('/properties/kosten/x-money: "x-money" does not go') },
    ]);

    const plain = await failure(publish(withField('neu', { type: 'string' })));
    expect(plain.issues).toMatchObject([{ path: '/properties/neu', code: 'column' }]);
    await publish(withField('neu', { type: 'number', 'x-money': true }));
    await registry.refresh();
    expect(registry.snapshot('main').faults).toEqual([]);
  });

  it('tells the second of two editors that the schema has changed meanwhile', async () => {
    await publish(withField('a1', { type: 'string' }));
    const error = await failure(
      publishSchema(configContext(db), {
        entity: 'lead',
        schema: withField('b1', { type: 'string' }),
        expectedRevision: 1,
      }),
    );
    expect(error.code).toBe('Conflict');
    expect(error.facts).toMatchObject({ currentRevision: 2 });
  });

  it('keeps the JSON text as it was written', async () => {
    const text = JSON.stringify(withField('a1', { type: 'string' }), null, 4);
    await publishSchema(configContext(db), { entity: 'lead', text });
    expect((await readHead(db, { tenantId: 'main', kind: 'schemas', key: 'lead' }))?.yaml).toBe(text);
  });
});
