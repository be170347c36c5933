import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { dialects } from '../support/stores.ts';
import { anonymous, buildHouse, canary, type Caller, type House } from './house.ts';
import { makeTargets, perform, readOperations, renewTarget, type Operation } from './operations.ts';

type Judge = (operation: Operation) => boolean;

const everyone: Judge = ({ right }) => right === 'visitor';
const everyoneIn: Judge = (operation) => everyone(operation) || operation.right === 'signedIn';
const hasRight =
  (...rights: readonly string[]): Judge =>
  (operation) =>
    everyoneIn(operation) || rights.includes(operation.right ?? '');
const shown = ['lead', 'organization', 'person', 'opportunity', 'activity', 'timeline-entry', 'saved-view'];
const isWrite = ({ method, path }: Operation): boolean =>
  method !== 'GET' && !path.endsWith('/count') && !path.endsWith('/matches');
const nameOf = ({ method, path }: Operation): string => `${method} ${path}`;

/** Own rows of these may be written by sales of any team. */
const ofEveryTeam = new Set(['organizations', 'persons', 'saved-views', 'intake-messages']);

describe.each(dialects)('sweeps over every route, on %s', (dialect) => {
  let house: House;
  let operations: readonly Operation[];
  let built: Promise<House> | undefined;

  beforeEach(async ({ skip }) => {
    built ??= buildHouse({ skip }, dialect);
    house = await built;
    operations = await readOperations(house);
  });
  afterAll(async () => {
    await (await built)?.close();
  });

  /** Sends what the judge does not allow, and answers what was not refused as `expected`, or wrote, or showed the canary. */
  const sweep = async (caller: Caller, isAllowed: Judge, expected: readonly number[]): Promise<string[]> => {
    const found: string[] = [];
    const targets = await makeTargets(house);
    for (const operation of operations.filter((one) => !isAllowed(one))) {
      const before = isWrite(operation) ? await house.state() : '';
      const heard = await perform(house, caller, { operation, targets });
      if (!expected.includes(heard.status))
        found.push(`${nameOf(operation)} answers ${heard.status} to ${caller.name}`);
      if (heard.text.includes(canary)) found.push(`${nameOf(operation)} shows ${caller.name} what is not theirs`);
      if (isWrite(operation) && before !== (await house.state()))
        found.push(`${nameOf(operation)} writes for ${caller.name}`);
    }
    return found;
  };

  it('S02: every route declares its right', () => {
    expect(operations.length).toBeGreaterThan(80);
    expect(
      operations
        .filter(({ right }) => right === undefined || !/^(visitor|signedIn|may:\w+|[\w/-]+:[\w-]+)$/.test(right))
        .map(nameOf),
    ).toEqual([]);
  });

  it('S02: only signing in and the set-up are open to visitors', () => {
    expect(operations.filter(everyone).map(nameOf).toSorted()).toEqual([
      'GET /api/v1/setup',
      'POST /api/v1/session',
      'POST /api/v1/setup',
    ]);
  });

  it('S02: what the sweeps send is valid: the admin is refused nothing', async () => {
    const found: string[] = [];
    let targets = await makeTargets(house);
    // Notes have no mail behind them: tests/integration/mail-api.test.ts asks for those that do.
    for (const operation of operations.filter(
      (one) => !everyone(one) && !/session|\/me(\/|$)|timeline-entries\/.*(mail|attachments)/.test(one.path),
    )) {
      targets = await renewTarget(house, targets, operation);
      const heard = await perform(house, house.admin, { operation, targets });
      // 409: allowed and valid, and there is nothing to do: an open lead cannot be brought back from the archive.
      const isFine = heard.status < 300 || heard.status === 409;
      if (!isFine) found.push(`${nameOf(operation)} answers ${heard.status} ${heard.text.slice(0, 300)}`);
    }
    expect(found).toEqual([]);
  });

  it('S02: nobody gets in without signing in, and nothing changes', async () => {
    expect(await sweep(anonymous, everyone, [401])).toEqual([]);
  });

  it('S02: a viewer changes nothing', async () => {
    const isAllowed = hasRight(
      ...shown.map((entity) => `read:${entity}`),
      'create:saved-view',
      'update:saved-view',
      'delete:saved-view',
    );
    expect(await sweep(house.viewer, isAllowed, [403, 404])).toEqual([]);
  });

  it('S02: a key with one scope gets what the scope names', async () => {
    expect(await sweep(house.narrowKey, hasRight('read:saved-view'), [403, 404])).toEqual([]);
  });

  it('S02: sales of another team neither reads nor changes what is not theirs', async () => {
    const isAllowed: Judge = (operation) => {
      const first = operation.path.split('/')[3] ?? '';
      const isOnRecord = operation.path.includes('{id}');
      if (everyoneIn(operation)) return true;
      return !(operation.right ?? '').startsWith('may:') && (!isOnRecord || ofEveryTeam.has(first));
    };
    expect(await sweep(house.otherTeam, isAllowed, [403, 404])).toEqual([]);
  });

  it('S01, S02: nobody writes through a route that is open to all who are signed in', async () => {
    const found: string[] = [];
    for (const caller of [house.stranger, house.viewer, house.otherTeam, house.narrowKey]) {
      const targets = await makeTargets(house);
      for (const operation of operations.filter(
        (one) => one.right === 'signedIn' && isWrite(one) && !/session|\/me(\/|$)/.test(one.path),
      )) {
        const before = await house.state();
        const heard = await perform(house, caller, { operation, targets });
        // Own notices are marked as read, whoever asks.
        if (heard.status < 400 && !operation.path.startsWith('/api/v1/notices/'))
          found.push(`${nameOf(operation)} answers ${heard.status} to ${caller.name}`);
        if (before !== (await house.state())) found.push(`${nameOf(operation)} writes for ${caller.name}`);
      }
    }
    expect(found).toEqual([]);
  });

  it('S01: the superadmin of another company sees and changes nothing of this one', async () => {
    const found: string[] = [];
    const targets = await makeTargets(house);
    for (const operation of operations.filter((one) => !everyone(one) && one.path !== '/api/v1/session')) {
      const before = isWrite(operation) ? await house.state() : '';
      const heard = await perform(house, house.stranger, { operation, targets });
      const name = nameOf(operation);
      if (operation.path.includes('{id}') && heard.status !== 404)
        found.push(`${name} answers ${heard.status} for an id of another company`);
      if (heard.text.includes(canary)) found.push(`${name} shows what belongs to another company`);
      if (isWrite(operation) && before !== (await house.state())) found.push(`${name} writes in another company`);
    }
    expect(found).toEqual([]);
  });

  it('S01, S02: lists, search and counts show neither strangers nor other teams the records', async () => {
    const { ids } = await makeTargets(house);
    const found: string[] = [];
    const look = async (caller: Caller, plural: string): Promise<void> => {
      for (const path of [`/${plural}?limit=200`, `/${plural}.csv`, `/${plural}?q=${canary}`, `/search?q=${canary}`]) {
        const heard = await house.call(caller, `/api/v1${path}`);
        const isTheirs =
          heard.text.includes(ids[plural] ?? '') || (caller === house.stranger && heard.text.includes(canary));
        if (heard.status !== 200 || isTheirs)
          found.push(`${path} shows ${caller.name} ${heard.status} ${heard.text.slice(0, 100)}`);
      }
      const counted = await house.done(caller, `/api/v1/${plural}/count`, {
        method: 'POST',
        body: { filters: [`id = "${ids[plural] ?? ''}"`] },
      });
      if (JSON.stringify(counted['data']) !== '[0]') found.push(`/${plural}/count counts it for ${caller.name}`);
    };
    const entities = Object.keys(ids).filter(
      (plural) => !['users', 'keys', 'sessions', 'connections'].includes(plural),
    );
    for (const plural of entities) await look(house.stranger, plural);
    for (const plural of ['leads', 'opportunities', 'activities', 'timeline-entries'])
      await look(house.otherTeam, plural);
    expect(found).toEqual([]);
  });

  it('A35: what belongs to a record of another team is theirs as well, by whatever address', async () => {
    const { admin, otherTeam } = house;
    const idOf = (json: Readonly<Record<string, unknown>>): string => (json['data'] as { id: string }).id;
    const post = async (path: string, body: object): Promise<string> =>
      idOf(await house.done(admin, `/api/v1/${path}`, { method: 'POST', body }));
    const statusOf = async (path: string): Promise<number> => (await house.call(otherTeam, `/api/v1/${path}`)).status;
    const { ids } = await makeTargets(house);
    const message = ids['intake-messages'] ?? '';
    const received = await house.done(admin, `/api/v1/intake-messages/${message}`);
    const lead = String((received['data'] as Record<string, unknown>)['lead']);
    const assign = async (owner: string | null): Promise<void> =>
      void (await house.done(admin, `/api/v1/leads/${lead}/assign`, { method: 'POST', body: { owner } }));
    await assign(null);
    await house.done(admin, `/api/v1/leads/${lead}/link`, {
      method: 'POST',
      body: { organization: ids['organizations'] },
    });
    const me = (await house.done(otherTeam, '/api/v1/me'))['data'] as { user: { id: string } };
    const task = { title: 'Anruf', type: 'aufgabe', dueAt: '2030-01-07T09:00:00.000Z', lead };
    const entry = await post('timeline-entries', { text: canary, lead, organization: ids['organizations'] });
    const unowned = await post('activities', task);
    const given = await post('activities', { ...task, owner: me.user.id });
    const theirs = [
      `intake-messages/${message}`,
      `intake-messages/${message}/raw`,
      `intake-messages/${message}/parsed`,
      `intake-messages/${message}/attachments/0`,
      `timeline-entries/${entry}`,
      `activities/${unowned}`,
    ];
    expect(await Promise.all(theirs.map(statusOf))).toEqual(theirs.map(() => 200));
    await assign(house.owner);
    expect(await Promise.all(theirs.map(statusOf))).toEqual(theirs.map(() => 404));
    const found: string[] = [];
    for (const [plural, id] of [
      ['intake-messages', message],
      ['timeline-entries', entry],
      ['activities', unowned],
    ]) {
      for (const query of ['?limit=200', '?limit=200&sort=-updatedAt&total=exact', '.csv', `?q=${canary}`])
        if ((await house.call(otherTeam, `/api/v1/${plural}${query}`)).text.includes(id ?? ''))
          found.push(plural + query);
      const body = { filters: [`id = "${id}"`] };
      const counted = await house.done(otherTeam, `/api/v1/${plural}/count`, { method: 'POST', body });
      expect(counted['data']).toEqual([0]);
    }
    const response = await fetch(`${house.app.url}/api/v1/events`, {
      headers: { ...otherTeam.headers, 'last-event-id': '0' },
    });
    const reader = response.body?.getReader();
    const last = await post('leads', { title: 'für alle' });
    let told = '';
    while (!told.includes(last)) told += Buffer.from((await reader?.read())?.value ?? []).toString();
    await reader?.cancel();
    expect([told.includes(unowned), told.includes(given)]).toEqual([false, true]);
    expect(found).toEqual([]);
    // What is given to somebody by name, and entries of the company itself, stay theirs to read.
    const note = await post('timeline-entries', { text: 'Firma', organization: ids['organizations'] });
    expect(await Promise.all([`activities/${given}`, `timeline-entries/${note}`].map(statusOf))).toEqual([200, 200]);
  });

  it('S01: a reference to a record of another company is refused', async () => {
    const { ids } = await makeTargets(house);
    const body = { title: 'Fremd', email: 'fremd@example.org' };
    for (const reference of [
      { organization: ids['organizations'] },
      { person: ids['persons'] },
      { owner: house.owner },
    ]) {
      const heard = await house.call(house.stranger, '/api/v1/leads', {
        method: 'POST',
        body: { ...body, ...reference },
      });
      expect([heard.status, heard.text]).toEqual([422, expect.stringContaining('reference')]);
    }
  });

  it('S01: live events of another company are not sent', async () => {
    const before = await house.done(house.admin, '/api/v1/leads', { method: 'POST', body: { title: canary } });
    const response = await fetch(`${house.app.url}/api/v1/events`, {
      headers: { ...house.stranger.headers, 'last-event-id': String(Number(before['event']) - 50) },
    });
    const reader = response.body?.getReader();
    const own = await house.done(house.stranger, '/api/v1/leads', { method: 'POST', body: { title: 'eigenes' } });
    await house.done(house.admin, '/api/v1/leads', { method: 'POST', body: { title: canary } });
    const id = (own['data'] as { id: string }).id;
    let text = '';
    while (!text.includes(id)) text += Buffer.from((await reader?.read())?.value ?? []).toString();
    await reader?.cancel();
    const told = [...text.matchAll(/"id":"([\w-]+)"/g)].map((match) => match[1]);
    const leads = await house.store.foundation.db.all<{ id: string }>(
      "SELECT `id` FROM `lead` WHERE `tenantId` = 'main'",
    );
    expect(told.filter((one) => leads.some((lead) => lead.id === one))).toEqual([]);
  });
});
