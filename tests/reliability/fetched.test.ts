import { describe, expect, it } from 'vitest';
import { createApi } from '../support/api.ts';
import { feedIn } from '../support/feeds.ts';
import { openGoogle } from '../support/google.ts';
import { deliver, delivery, openMeta } from '../support/meta.ts';
import { until } from '../support/processes.ts';
import { addKey, createStore, dialects } from '../support/stores.ts';

describe.each(dialects)('what is fetched survives, on %s', (dialect) => {
  it('a delivery that was acknowledged is fetched once, though everything was killed before', async (context) => {
    const store = await createStore(context, dialect);
    const meta = await openMeta();
    const env = { CONNECTOR_URLS: `facebook=${meta.url}`, ALLOW_PRIVATE_ADDRESSES: '1' };
    try {
      for (const id of ['1', '2']) meta.addLead({ id });
      const key = await addKey(store, { role: 'superadmin' });
      const receiving = await store.start({ env, args: ['--role', 'api'] });
      const { credentials, pageId } = meta;
      const connection = { kind: 'facebook', id: 'facebook', name: 'F', settings: { pageId }, credentials };
      expect((await createApi(receiving.url, key).post('/connections', connection)).status).toBe(201);
      const sent = await deliver(receiving.url, delivery(['1', '2']), { secret: credentials.appSecret });
      expect([sent.status, meta.calls]).toEqual([200, []]);
      await receiving.kill();

      const app = await store.start({ env });
      try {
        await app.temporalReady();
        const api = createApi(app.url, key);
        await until('everything is fetched', async () => {
          const { data } = (await api.get(`/intake-messages/${String(sent.json['id'])}`)).json;
          return data['state'] === 'accepted';
        });
        const leads = await store.foundation.db.all("SELECT `externalId` FROM `lead` WHERE `source` = 'facebook'");
        expect(leads).toHaveLength(2);
      } finally {
        await app.stop();
      }
    } finally {
      await meta.close();
      await store.clear();
    }
  });

  it('R28: a worker that dies between taking rows in and writing back is followed by one that finishes', async (context) => {
    const store = await createStore(context, dialect);
    const google = await openGoogle();
    const env = { CONNECTOR_URLS: `google-sheets=${google.url}`, ALLOW_PRIVATE_ADDRESSES: '1' };
    const rows = Array.from({ length: 300 }, (_, index) => [
      `${index}`,
      `Muster ${index}`,
      `m${index}@example.org`,
      '',
    ]);
    const sheet = google.addSheet([['Nr', 'Nachname', 'E-Mail', 'Leitwerk'], ...rows]);
    const app = await store.start({ env });
    try {
      await app.temporalReady();
      const api = createApi(app.url, await addKey(store, { role: 'superadmin' }));
      const credentials = { serviceAccount: google.serviceAccount };
      await api.post('/connections', { kind: 'google-sheets', id: 'google', name: 'G', settings: {}, credentials });
      // The second look at the sheet comes behind the rows' import, before anything is written back.
      const held = google.hold('/values/', 2);
      const source = {
        key: 'tabelle',
        label: { de: 'Tabelle', en: 'Table' },
        auth: 'hmac',
        preset: 'google-sheets',
        connection: 'google',
        sheet: { spreadsheetId: sheet.id, keyColumn: 'Nr', writeBack: { status: 'Leitwerk' } },
      };
      expect((await api.put('/config/sources/tabelle', source)).status).toBe(201);
      await api.post('/sources/tabelle/fetch');
      await held.reached;
      process.kill(await app.workerPid(), 'SIGKILL');
      held.release();
      expect((await feedIn(api, 'tabelle', 'ok', 60_000)).figures).toMatchObject({ read: 300, rejected: 0 });
      const leads = await store.foundation.db.all("SELECT `id` FROM `lead` WHERE `source` = 'tabelle'");
      expect(leads).toHaveLength(300);
      expect(sheet.cells.slice(1).filter((row) => row[3] !== 'übernommen')).toEqual([]);
    } finally {
      await app.stop();
      await google.close();
      await store.clear();
    }
  });
});
