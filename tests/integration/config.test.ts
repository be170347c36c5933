import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { archiveConfig } from '../../commands/archiveConfig.ts';
import { exportConfig } from '../../commands/exportConfig.ts';
import { importConfig, importShipped, validateConfig } from '../../commands/importConfig.ts';
import { keepLastGood } from '../../commands/keepLastGood.ts';
import { previewConfig, publishConfig } from '../../commands/publishConfig.ts';
import { restoreConfig } from '../../commands/restoreConfig.ts';
import { LeitwerkError } from '../../core/errors.ts';
import { readConfigFolder, writeConfigFolder, type ConfigFile } from '../../store/config-files.ts';
import { configHash, readConfigVersion, readHead, readHeads, readRevisions } from '../../store/config.ts';
import type { Database } from '../../store/database.ts';
import type { Registry } from '../../store/registry.ts';
import { openSqlite } from '../../store/sqlite.ts';
import { configContext, shipConfiguration, shippedFiles } from '../support/configuration.ts';

const tag = (label: string): string => `# Anmerkung\nkey: messe\nlabel: { de: ${label}, en: Fair }\n`;
const messe = { tenantId: 'main', kind: 'tags', key: 'messe' };

const failure = async (work: Promise<unknown>): Promise<LeitwerkError> => {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof LeitwerkError) return error;
  throw new Error('Expected a LeitwerkError', { cause: error });
};

describe('configuration in the database', () => {
  let db: Database;
  beforeEach(async () => {
    db = openSqlite(':memory:');
    await shipConfiguration(db);
  });
  afterEach(async () => {
    await db.close();
  });

  it('has every shipped text in force after the first start, and changes nothing at the second', async () => {
    const files = await shippedFiles();
    const before = await readConfigVersion(db, 'main');
    const again = await importShipped(configContext(db), files);
    expect((await readHeads(db, 'main')).length).toBe(files.length);
    expect(again).toEqual({ published: [], issues: [] });
    expect(await readConfigVersion(db, 'main')).toBe(before);
  });

  it('keeps the text as written and counts revisions up', async () => {
    const ctx = configContext(db);
    const published = await publishConfig(ctx, {
      kind: 'tags',
      key: 'messe',
      yaml: tag('Messe Köln'),
      comment: 'neuer Name',
    });
    const head = await readHead(db, messe);
    expect(published.revision).toBe(2);
    expect(head).toMatchObject({
      revision: 2,
      yaml: tag('Messe Köln'),
      author: 'user/anna',
      comment: 'neuer Name',
      createdAt: '2026-03-02T09:00:00.000Z',
    });
    expect((await readRevisions(db, messe)).map((one) => one.revision)).toEqual([2, 1]);
  });

  it('makes no revision of the same text and no noise for other processes', async () => {
    const ctx = configContext(db);
    await publishConfig(ctx, { kind: 'tags', key: 'messe', yaml: tag('A') });
    const version = await readConfigVersion(db, 'main');
    const again = await publishConfig(ctx, { kind: 'tags', key: 'messe', yaml: tag('A') });
    expect(again).toMatchObject({ revision: 2, isNew: false });
    expect(await readConfigVersion(db, 'main')).toBe(version);
  });

  it('writes one event a publish with the revision before and after', async () => {
    await publishConfig({ ...configContext(db), requestId: 'r1' }, { kind: 'tags', key: 'messe', yaml: tag('A') });
    const events = await db.all(
      'SELECT `act`, `entity`, `recordId`, `actor`, `changes`, `requestId` FROM `event` ORDER BY `seq` DESC LIMIT 1',
    );
    expect(events).toEqual([
      {
        act: 'config.publish',
        entity: 'tags',
        recordId: 'messe',
        actor: 'user/anna',
        changes: '{"revision":[1,2]}',
        requestId: 'r1',
      },
    ]);
  });

  it('lets the second of two editors see both texts instead of overwriting the first (R34)', async () => {
    const ctx = configContext(db);
    await publishConfig(ctx, { kind: 'tags', key: 'messe', yaml: tag('Erste'), expectedRevision: 1 });
    const error = await failure(
      publishConfig(ctx, { kind: 'tags', key: 'messe', yaml: tag('Zweite'), expectedRevision: 1 }),
    );
    expect(error.code).toBe('Conflict');
    expect(error.facts).toMatchObject({ currentRevision: 2, current: tag('Erste'), yours: tag('Zweite') });
  });

  it('restores an earlier revision as a new one', async () => {
    const ctx = configContext(db);
    const first = await readHead(db, messe);
    await publishConfig(ctx, { kind: 'tags', key: 'messe', yaml: tag('A') });
    const restored = await restoreConfig(ctx, { kind: 'tags', key: 'messe', revision: 1 });
    expect(restored.revision).toBe(3);
    expect(await readHead(db, messe)).toMatchObject({ yaml: first?.yaml, comment: 'Fassung 1 wiederhergestellt' });
  });

  it('answers NotFound for a revision and for a kind that do not exist', async () => {
    const ctx = configContext(db);
    expect((await failure(restoreConfig(ctx, { kind: 'tags', key: 'messe', revision: 9 }))).code).toBe('NotFound');
    expect((await failure(publishConfig(ctx, { kind: 'colours', key: 'x', yaml: 'key: x' }))).code).toBe('NotFound');
  });

  it('previews the difference without publishing', async () => {
    const preview = await previewConfig(configContext(db), { kind: 'tags', key: 'messe', yaml: tag('A') });
    expect(preview.diff.lines.filter((line) => line.change === 'added').map((line) => line.text)).toContain(
      'label: { de: A, en: Fair }',
    );
    expect((await readHead(db, messe))?.revision).toBe(1);
  });

  it('keeps comments when a value is published', async () => {
    const ctx = configContext(db);
    await publishConfig(ctx, { kind: 'tags', key: 'messe', yaml: tag('A') });
    await publishConfig(ctx, {
      kind: 'tags',
      key: 'messe',
      value: { key: 'messe', label: { de: 'B', en: 'Fair' }, color: '#112233' },
    });
    const yaml = (await readHead(db, messe))?.yaml ?? '';
    expect(yaml).toContain('# Anmerkung');
    expect(yaml).toContain('de: B');
    expect(yaml).toContain('#112233');
  });

  it('refuses an invalid text with line and column of every fault and publishes nothing', async () => {
    const yaml = 'key: messe\nlabel: { de: A }\ncolour: red\n';
    const error = await failure(publishConfig(configContext(db), { kind: 'tags', key: 'messe', yaml }));
    expect(error.code).toBe('InvalidInput');
    expect(error.issues.map((issue) => [issue.line, issue.column, issue.code])).toEqual([
      [2, 1, 'required'],
      [3, 1, 'unknown'],
    ]);
    expect((await readHead(db, messe))?.revision).toBe(1);
  });

  it('refuses whoever may not configure, and granting more than one has', async () => {
    const label = { de: 'x', en: 'x' };
    const sales = configContext(db, { key: 'sales', label, can: [], may: [] });
    const manager = configContext(db, {
      key: 'organization-manager',
      label,
      can: [],
      may: ['config', 'users', 'audit'],
    });
    const role = 'key: boss\nlabel: { de: Chef, en: Boss }\ncan: [{ do: [read], on: lead }]\nmay: [operate]\n';
    expect((await failure(publishConfig(sales, { kind: 'tags', key: 'messe', yaml: tag('A') }))).code).toBe(
      'Forbidden',
    );
    expect((await failure(publishConfig(manager, { kind: 'roles', key: 'boss', yaml: role }))).code).toBe('Forbidden');
    expect(
      (await publishConfig(manager, { kind: 'roles', key: 'boss', yaml: role.replace('operate', 'audit') })).revision,
    ).toBe(1);
  });

  it('archives what nobody needs and names who needs the rest', async () => {
    const ctx = configContext(db);
    await archiveConfig(ctx, { kind: 'tags', key: 'messe' });
    const error = await failure(archiveConfig(ctx, { kind: 'priorities', key: 'niedrig' }));
    expect((await readHead(db, messe))?.isArchived).toBe(true);
    expect(error.code).toBe('Conflict');
    expect(error.facts['references']).toContainEqual(
      expect.objectContaining({ kind: 'sources', key: 'kaltakquise', path: '/defaults/priority' }),
    );
    expect((await failure(archiveConfig(ctx, { kind: 'roles', key: 'superadmin' }))).code).toBe('Conflict');
  });

  it('does not bring back what was archived or changed when it starts again', async () => {
    const ctx = configContext(db);
    await archiveConfig(ctx, { kind: 'tags', key: 'messe' });
    await publishConfig(ctx, {
      kind: 'tags',
      key: 'newsletter',
      yaml: 'key: newsletter\nlabel: { de: Rundbrief, en: Newsletter }\n',
    });
    const { published } = await importShipped(ctx, await shippedFiles());
    expect(published).toEqual([]);
  });

  it('renews a shipped text that nobody has changed when an update brings a new one', async () => {
    const files = (await shippedFiles()).map((file) =>
      file.file === 'tags/messe.yaml' ? { ...file, text: tag('Messe 2027') } : file,
    );
    const { published } = await importShipped(configContext(db), files);
    expect(published).toEqual([{ kind: 'tags', key: 'messe', revision: 2, isNew: true }]);
  });

  it('exports what it can import again, with nothing left to change', async () => {
    const ctx = configContext(db);
    const folder = await mkdtemp(join(tmpdir(), 'leitwerk-config-'));
    try {
      await writeConfigFolder(folder, await exportConfig(ctx));
      const read = await readConfigFolder(folder, 'de');
      expect(read.issues).toEqual([]);
      expect(read.files.length).toBe((await shippedFiles()).length);
      expect(await validateConfig(ctx, read)).toEqual([]);
      expect(await importConfig(ctx, read)).toEqual([]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('imports a folder as a whole, whatever order its files refer to each other in', async () => {
    const files: ConfigFile[] = [
      {
        kind: 'sources',
        key: 'messe',
        file: 'sources/messe.yaml',
        text: 'key: messe\nlabel: { de: Messe, en: Fair }\nauth: api-key\nmapping: messe\n',
      },
      {
        kind: 'mappings',
        key: 'messe',
        file: 'mappings/messe.yaml',
        text: 'key: messe\nlabel: { de: Messe, en: Fair }\nrows: [{ from: a, to: company }]\n',
      },
    ];
    const published = await importConfig(configContext(db), { files, issues: [] }, 'Messe');
    expect(published.map((one) => [one.kind, one.revision])).toEqual([
      ['sources', 1],
      ['mappings', 1],
    ]);
  });

  it('imports nothing when one file is wrong, and names file, line and column of every fault', async () => {
    const version = await readConfigVersion(db, 'main');
    const files: ConfigFile[] = [
      { kind: 'tags', key: 'gut', file: 'tags/gut.yaml', text: 'key: gut\nlabel: { de: Gut, en: Good }\n' },
      {
        kind: 'sources',
        key: 'x',
        file: 'sources/x.yaml',
        text: 'key: x\nlabel: { de: X, en: X }\nauth: api-key\nmapping: nirgends\n',
      },
      { kind: 'tags', key: 'y', file: 'tags/y.yaml', text: 'key: y\n  label: [' },
    ];
    const error = await failure(importConfig(configContext(db), { files, issues: [] }));
    const places = error.issues.map((issue) =>
      'file' in issue ? `${String(issue.file)}:${issue.line}:${issue.column}` : '',
    );
    expect(places).toContain('sources/x.yaml:4:10');
    expect(places.some((place) => place.startsWith('tags/y.yaml:2:'))).toBe(true);
    expect(await readConfigVersion(db, 'main')).toBe(version);
  });
});

describe('a start with wrong shipped files', () => {
  it('leaves the wrong ones out, and what names them, and brings the rest in (R33)', async () => {
    const db = openSqlite(':memory:');
    const files = (await shippedFiles()).map((file) =>
      file.file === 'mappings/facebook.yaml' ? { ...file, text: 'key: [' } : file,
    );
    const registry = await shipConfiguration(db, files);
    const snapshot = registry.snapshot('main');
    expect([...snapshot.config('sources').keys()].toSorted()).toEqual([
      'csv-datei',
      'kaltakquise',
      'lead-agentur',
      'mail',
      'webformular',
    ]);
    expect(snapshot.models.has('lead')).toBe(true);
    await db.close();
  });
});

describe('a start with damaged rows (R33)', () => {
  let db: Database;
  const damage = async (key: string, column: 'yaml' | 'value', text: string): Promise<void> => {
    await db.write((tx) =>
      tx.run(
        `UPDATE \`config_revision\` SET \`${column}\` = ? WHERE \`key\` = ? AND \`revision\` = (SELECT MAX(\`revision\`) FROM \`config_revision\` WHERE \`key\` = ?)`,
        [text, key, key],
      ),
    );
  };
  const start = async (): Promise<{ files: (string | undefined)[]; registry: Registry }> => {
    const issues = await keepLastGood(configContext(db));
    const registry = await shipConfiguration(db);
    return { files: issues.map((issue) => issue.file), registry };
  };
  beforeEach(async () => {
    db = openSqlite(':memory:');
    await shipConfiguration(db);
    await keepLastGood(configContext(db));
  });
  afterEach(async () => {
    await db.close();
  });

  it.each([
    ['yaml', 'key: ['],
    ['value', '{'],
  ] as const)('goes back to the last good revision when the %s is damaged, and says so', async (column, text) => {
    await publishConfig(configContext(db), { kind: 'tags', key: 'messe', yaml: tag('A') });
    await publishConfig(configContext(db), { kind: 'tags', key: 'messe', yaml: tag('B') });
    await damage('messe', column, text);
    const { files, registry } = await start();
    expect(files).toEqual(['tags/messe.yaml']);
    expect(registry.snapshot('main').config('tags').get('messe')).toMatchObject({
      revision: 4,
      value: { label: { de: 'A' } },
    });
    expect((await start()).files).toEqual([]);
  });

  it('takes the shipped text again when no other revision is left', async () => {
    await damage('inbox', 'value', '');
    const { files, registry } = await start();
    expect(files).toEqual(['pipelines/inbox.yaml']);
    expect(registry.snapshot('main').config('pipelines').get('inbox')).toMatchObject({
      revision: 2,
      isArchived: false,
    });
  });

  it('takes a key out of use that has no good revision at all', async () => {
    await publishConfig(configContext(db), {
      kind: 'tags',
      key: 'eigen',
      yaml: 'key: eigen\nlabel: { de: E, en: O }\n',
    });
    await damage('eigen', 'yaml', 'key: eigen\n');
    const { files, registry } = await start();
    expect(files).toEqual(['tags/eigen.yaml']);
    expect(registry.snapshot('main').config('tags').has('eigen')).toBe(false);
  });

  it('reads everything again after the schemas of the product have changed', async () => {
    const yaml = 'key: alt\nlabel: { de: Alt, en: Old }\nshape: round\n';
    const row = [yaml, '{"key":"alt"}', configHash(yaml)];
    await publishConfig(configContext(db), {
      kind: 'tags',
      key: 'alt',
      yaml: 'key: alt\nlabel: { de: Alt, en: Old }\n',
    });
    await publishConfig(configContext(db), {
      kind: 'tags',
      key: 'alt',
      yaml: 'key: alt\nlabel: { de: Neu, en: New }\n',
    });
    await db.write((tx) =>
      tx.run(
        "UPDATE `config_revision` SET `yaml` = ?, `value` = ?, `hash` = ? WHERE `key` = 'alt' AND `revision` = 2",
        row,
      ),
    );
    expect((await start()).files).toEqual([]);
    await db.write((tx) => tx.run("UPDATE `config_version` SET `checkedWith` = 'an earlier version'"));
    const { files, registry } = await start();
    expect(files).toEqual(['tags/alt.yaml']);
    expect(registry.snapshot('main').config('tags').get('alt')).toMatchObject({
      revision: 3,
      value: { label: { de: 'Alt' } },
    });
  });
});
