import { expect, test } from 'vitest';
import { publishConfig } from '../../commands/publishConfig.ts';
import { publishSchema } from '../../commands/publishSchema.ts';
import { keepLastGood } from '../../commands/keepLastGood.ts';
import { LeitwerkError } from '../../core/errors.ts';
import { readHead, readRevisions } from '../../store/config.ts';
import { openMysql } from '../../store/mysql.ts';
import { configContext, shipConfiguration, shippedFiles } from '../support/configuration.ts';
import { createMariadbDatabase } from '../support/mariadb.ts';
import { need } from '../support/provided.ts';

const messe = { tenantId: 'main', kind: 'tags', key: 'messe' };
const tag = (label: string): string => `# Größe 📐\nkey: messe\nlabel: { de: ${label}, en: Fair }\n`;

test('MariaDB keeps configuration as SQLite does, with any number of publishers at once', async (context) => {
  const url = await createMariadbDatabase(need(context, 'mariadbUrl'));
  const [db, other] = [await openMysql(url), await openMysql(url)];
  try {
    const registry = await shipConfiguration(db);
    expect(registry.snapshot('main').config('roles').size).toBe(5);
    expect(registry.snapshot('main').models.size).toBe(
      (await shippedFiles()).filter((file) => file.kind === 'schemas').length,
    );

    const labels = ['A', 'B', 'C', 'D', 'E', 'F'];
    const work = labels.map((label, index) =>
      publishConfig(configContext(index % 2 === 0 ? db : other), { kind: 'tags', key: 'messe', yaml: tag(label) }),
    );
    const published = await Promise.all(work);
    const revisions = await readRevisions(db, messe);
    expect(published.map((one) => one.revision).toSorted((a, b) => a - b)).toEqual([2, 3, 4, 5, 6, 7]);
    expect(revisions.map((one) => one.revision)).toEqual([7, 6, 5, 4, 3, 2, 1]);
    expect(await readHead(db, messe)).toMatchObject({ revision: 7, yaml: revisions[0]?.yaml });

    const edits = [db, other].map(
      async (each) =>
        await publishConfig(configContext(each), {
          kind: 'tags',
          key: 'messe',
          yaml: tag(each === db ? 'X' : 'Y'),
          expectedRevision: 7,
        }),
    );
    const outcomes = await Promise.allSettled(edits);
    expect(outcomes.map((outcome) => outcome.status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect(outcomes.find((outcome) => outcome.status === 'rejected')?.reason).toBeInstanceOf(LeitwerkError);

    const schema = registry.snapshot('main').models.get('lead')?.schema;
    await publishSchema(configContext(db), {
      entity: 'lead',
      schema: { ...schema, properties: { ...schema?.properties, branche: { type: 'string', maxLength: 80 } } },
    });
    await registry.refresh();
    expect(await db.all('SELECT `branche` FROM `lead`')).toEqual([]);

    await db.write((tx) =>
      tx.run("UPDATE `config_revision` SET `yaml` = 'key: [' WHERE `key` = 'messe' AND `revision` = 8"),
    );
    expect((await keepLastGood(configContext(db))).map((issue) => issue.file)).toEqual(['tags/messe.yaml']);
    expect((await readHead(db, messe))?.yaml).toBe(revisions[0]?.yaml);
  } finally {
    await Promise.all([db.close(), other.close()]);
  }
});
