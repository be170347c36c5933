import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createApi, type Api } from '../support/api.ts';
import type { App } from '../support/app.ts';
import { until } from '../support/processes.ts';
import { addKey, createStore, dialects, type Store } from '../support/stores.ts';
import { readRunning } from '../support/workflows.ts';

const text = (word: string): { de: string; en: string } => ({ de: word, en: word });

/** One revision of the inbox: its first stage has another name each time, and what is told at the second one names the revision. */
const pipelineOf = (first: string): object => ({
  key: 'inbox',
  entity: 'lead',
  label: text('Anfragen'),
  stages: [
    {
      key: first,
      label: text(first),
      plan: [{ key: `sichten-${first}`, type: 'aufgabe', title: text(`Sichten ${first}`) }],
      timers: [{ key: `frist-${first}`, label: text(first), after: { days: 30 }, do: [{ timeline: text('Frist') }] }],
    },
    { key: 'kontaktversuch', label: text('Kontaktversuch'), enter: [{ timeline: text(`Kontakt nach ${first}`) }] },
    { key: 'erledigt', label: text('Erledigt'), end: true },
  ],
});

interface Stand {
  readonly id: string;
  readonly revision: number;
  readonly stage: string;
  readonly state: string;
}

describe.each(dialects)('a pipeline published while leads run, on %s', (dialect) => {
  let store: Store;
  let app: App;
  let api: Api;
  beforeEach(async (context) => {
    store = await createStore(context, dialect);
    app = await store.start();
    api = createApi(app.url, await addKey(store, { role: 'superadmin' }));
  });
  afterEach(async () => {
    await app.kill();
    await store.clear();
  });

  const all = async <T>(sql: string): Promise<T[]> => await store.foundation.db.all<T>(sql);
  const publish = async (first: string): Promise<number> => {
    const published = await api.put('/config/pipelines/inbox', pipelineOf(first));
    expect(published.status).toBe(200);
    return Number(published.json.data['revision']);
  };
  const addLeads = async (count: number): Promise<string[]> => {
    const made = await Promise.all(
      Array.from(
        { length: count },
        async (_, at) => await api.post('/leads', { title: `Lead ${at}`, email: `l${at}@example.org` }),
      ),
    );
    return made.map((answer) => String(answer.json.data['id']));
  };
  const stands = async (): Promise<Stand[]> =>
    await all<Stand>('SELECT `recordId` AS `id`, `revision`, `stage`, `state` FROM `process`');
  /** All of these stand there under that revision. */
  const standing = async (ids: readonly string[], wanted: Omit<Stand, 'id'>): Promise<void> =>
    void (await until(
      `${ids.length} at ${wanted.stage} under ${wanted.revision}`,
      async () => {
        const found = new Map((await stands()).map(({ id, ...stand }) => [id, JSON.stringify(stand)]));
        return ids.every((id) => found.get(id) === JSON.stringify(wanted));
      },
      60_000,
    ));
  /** Open steps by title, with how many leads have them. */
  const openSteps = async (): Promise<Record<string, number>> =>
    Object.fromEntries(
      (
        await all<{ title: string; n: number }>(
          "SELECT `title`, COUNT(*) AS `n` FROM `activity` WHERE `state` = 'open' AND `planKey` IS NOT NULL GROUP BY `title` ORDER BY `title`",
        )
      ).map(({ title, n }) => [title, Number(n)]),
    );
  const told = async (id: string): Promise<string[]> =>
    (
      await all<{ lead: string; text: string }>("SELECT `lead`, `text` FROM `timeline_entry` WHERE `kind` = 'process'")
    ).flatMap((entry) => (entry.lead === id ? [entry.text] : []));
  const move = async (id: string): Promise<void> =>
    void expect((await api.post(`/leads/${id}/move`, { stage: 'kontaktversuch' })).status).toBe(200);

  it('R32: running ones keep their revision, new ones get the new one, and half are migrated with a preview', async () => {
    await app.temporalReady();
    const old = await publish('neu');
    const leads = await addLeads(50);
    await standing(leads, { revision: old, stage: 'neu', state: 'running' });

    const next = await publish('eingang');
    const later = await addLeads(10);
    await standing(later, { revision: next, stage: 'eingang', state: 'running' });
    await standing(leads, { revision: old, stage: 'neu', state: 'running' });
    expect(await openSteps()).toEqual({ 'Sichten eingang': 10, 'Sichten neu': 50 });
    const [byHand = '', staying = '', ...rest] = leads;
    await move(byHand);
    await standing([byHand], { revision: old, stage: 'kontaktversuch', state: 'running' });
    expect(await told(byHand)).toEqual(['Kontakt nach neu']);

    const migrating = rest.slice(0, 25);
    const [first = ''] = migrating;
    const path = `/leads/${first}/process/migrate`;
    const unmapped = await api.post(`${path}?dryRun=1`, { revision: next });
    expect([unmapped.status, unmapped.json.errors[0]?.path]).toEqual([422, '/stageMap/neu']);
    const stageMap = { neu: 'eingang' };
    const preview = await api.post(`${path}?dryRun=1`, { revision: next, stageMap });
    expect(preview.json.data).toMatchObject({
      from: old,
      to: next,
      stage: { from: 'neu', to: 'eingang' },
      timers: { added: [text('eingang')], removed: [text('neu')] },
    });
    await standing([first], { revision: old, stage: 'neu', state: 'running' });
    const migrated = await Promise.all(
      migrating.map(
        async (id) => (await api.post(`/leads/${id}/process/migrate`, { revision: next, stageMap })).status,
      ),
    );
    expect(new Set(migrated)).toEqual(new Set([200]));
    await standing(migrating, { revision: next, stage: 'eingang', state: 'running' });
    expect(await openSteps()).toEqual({ 'Sichten eingang': 35, 'Sichten neu': 24 });

    // Both kinds go on under their own revision after a start from the same data.
    await app.kill();
    app = await store.start({ ports: app.ports });
    await app.temporalReady();
    await move(staying);
    await move(first);
    await standing([staying], { revision: old, stage: 'kontaktversuch', state: 'running' });
    await standing([first], { revision: next, stage: 'kontaktversuch', state: 'running' });
    expect([await told(staying), await told(first)]).toEqual([['Kontakt nach neu'], ['Kontakt nach eingang']]);
    expect((await stands()).filter(({ state }) => state !== 'running')).toEqual([]);
    expect(new Set(await readRunning(`127.0.0.1:${app.ports.TEMPORAL_PORT}`)).size).toBe(60);
  });
});
