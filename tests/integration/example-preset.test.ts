import { createHmac } from 'node:crypto';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { expect, it } from 'vitest';
import { rootFolder } from '../../bin/settings.ts';
import { createApi } from '../support/api.ts';
import { startApp } from '../support/app.ts';
import { until } from '../support/processes.ts';
import { addKey, openStore } from '../support/stores.ts';

const left = new Set(['node_modules', '.git', 'data', 'tests', 'bench', 'docs']);

/** The program without its tests, in a folder of its own. */
const copyProgram = async (): Promise<string> => {
  const root = await mkdtemp(join(tmpdir(), 'leitwerk-copy-'));
  await cp(rootFolder, root, {
    recursive: true,
    filter: (path) => !left.has(relative(rootFolder, path).split('/')[0] ?? ''),
  });
  await symlink(join(rootFolder, 'node_modules'), join(root, 'node_modules'));
  return root;
};

/** What a person does who adds a connector: a folder and a line. */
const addExample = async (root: string): Promise<void> => {
  const text = await readFile(join(rootFolder, 'tests/support/example-preset/index.ts'), 'utf8');
  const folder = join(root, 'connectors/example');
  await cp(join(rootFolder, 'tests/support/example-preset'), folder, { recursive: true });
  const nearer = text.replaceAll('../../../connectors/', '../').replaceAll('../../../core/', '../../core/');
  await writeFile(join(folder, 'index.ts'), nearer);
  const registry = join(root, 'connectors/presets.ts');
  await writeFile(registry, `${await readFile(registry, 'utf8')}export { example } from './example/index.ts';\n`);
};

it('a preset is a folder and one line: with them it receives, fetches and is set up; without them it is unknown', async () => {
  const root = await copyProgram();
  const portal = createServer((request, response) => {
    const isKnown = request.headers.authorization === 'Bearer token';
    response.writeHead(isKnown ? 200 : 401, { 'content-type': 'application/json' });
    response.end(
      JSON.stringify({ lastName: `Portal ${request.url?.split('/').at(-1) ?? ''}`, email: 'p@example.org' }),
    );
  });
  await new Promise<void>((resolve) => void portal.listen(0, '127.0.0.1', resolve));
  const store = await openStore('sqlite', {});
  const env = {
    CONNECTOR_URLS: `example=http://127.0.0.1:${(portal.address() as AddressInfo).port}`,
    ALLOW_PRIVATE_ADDRESSES: '1',
  };
  const connection = { kind: 'example', name: 'Portal', settings: {}, credentials: { secret: 's', token: 'token' } };
  try {
    const key = await addKey(store, { role: 'superadmin' });
    const without = await startApp({ folder: store.folder, root, env, args: ['--role', 'api'] });
    const refused = await createApi(without.url, key).post('/connections', connection);
    expect([refused.status, refused.json.errors[0]?.path]).toEqual([422, '/kind']);
    await without.stop();

    await addExample(root);
    const app = await startApp({ folder: store.folder, root, env });
    try {
      await app.temporalReady();
      const api = createApi(app.url, key);
      expect((await api.post('/connections', connection)).status).toBe(201);
      expect((await api.post('/connections/portal/test')).json.data['state']).toBe('ok');
      const source = {
        key: 'portal',
        label: { de: 'Portal', en: 'Portal' },
        auth: 'hmac',
        preset: 'example',
        connection: 'portal',
      };
      expect((await api.put('/config/sources/portal', source)).status).toBe(201);
      const body = JSON.stringify({ enquiries: ['a1', 'a2'] });
      const signature = createHmac('sha256', 's').update(body).digest('hex');
      const headers = { 'content-type': 'application/json', 'x-portal-signature': signature };
      const sent = await fetch(`${app.url}/intake/portal`, { method: 'POST', headers, body });
      expect(sent.status).toBe(200);
      const names = await until('both leads', async () => {
        const leads = await store.foundation.db.all<{ lastName: string }>(
          "SELECT `lastName` FROM `lead` WHERE `source` = 'portal' ORDER BY `lastName`",
        );
        return leads.length === 2 ? leads.map(({ lastName }) => lastName) : undefined;
      });
      expect(names).toEqual(['Portal a1', 'Portal a2']);
    } finally {
      await app.stop();
    }
  } finally {
    await new Promise((resolve) => void portal.close(resolve));
    await store.clear();
    await rm(root, { recursive: true, force: true });
  }
});
