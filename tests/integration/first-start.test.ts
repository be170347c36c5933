import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openFoundation } from '../../bin/foundation.ts';
import { readSettings } from '../../bin/settings.ts';
import { createMariadbDatabase } from '../support/mariadb.ts';
import { need } from '../support/provided.ts';
import { dialects } from '../support/stores.ts';

test.for(dialects)('several processes may begin on an empty database at once (%s)', async (dialect, context) => {
  const folder = await mkdtemp(join(tmpdir(), 'leitwerk-first-'));
  const url = dialect === 'mariadb' ? await createMariadbDatabase(need(context, 'mariadbUrl')) : undefined;
  const settings = readSettings([], { LEITWERK_DATA: folder, DATABASE_URL: url });

  const begun = await Promise.allSettled(Array.from({ length: 6 }, async () => await openFoundation(settings)));

  expect(begun.flatMap((one) => (one.status === 'rejected' ? [String(one.reason)] : []))).toEqual([]);
  const foundations = begun.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  expect(await foundations[0]?.db.all('SELECT `id` FROM `tenant`')).toEqual([{ id: 'main' }]);
  const sizes = foundations.map(({ registry }) => registry.snapshot('main').config('roles').size);
  expect(new Set(sizes)).toEqual(new Set([5]));
  await Promise.all(foundations.map(async (foundation) => await foundation.close()));
  await rm(folder, { recursive: true });
});
