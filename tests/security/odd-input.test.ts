import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { createRandom, chooseSeed } from '../support/random.ts';
import { dialects } from '../support/stores.ts';
import { anonymous, buildHouse, type House } from './house.ts';
import { makeTargets, readOperations, toBody, toPath, type Operation, type Targets } from './operations.ts';

const seed = chooseSeed();

/** What must never reach a client: stacks, SQL, drivers, paths of this machine. */
const inside =
  /\bat .+:\d+:\d+|node:internal|node_modules|\.ts:\d|SQLITE_|ER_[A-Z_]{4,}|\bSELECT .+ FROM\b|\bINSERT INTO\b|better-sqlite3|mysql2|ECONN|\/(work|home|root|tmp|usr)\/|TypeError|RangeError|Cannot read prop/;

const oddIds = [
  "'",
  '%00',
  '..%2f..%2fetc%2fpasswd',
  'x'.repeat(3_000),
  '%F0%9F%90%A6',
  '%E0%A4%A',
  '1%20or%201=1',
  '-1',
  'null',
  '__proto__',
  'constructor',
  '%0d%0aX-Evil:%201',
];
const oddBodies = [
  '',
  'null',
  '[]',
  '"text"',
  '1',
  'true',
  '{',
  '{"a":',
  '\u0000',
  '{"__proto__":{"isAdmin":true}}',
  '{"constructor":{"prototype":{"isAdmin":true}}}',
  `${'['.repeat(5_000)}${']'.repeat(5_000)}`,
  `${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}`,
  '{"a":1e999}',
];
const oddValues: readonly unknown[] = [
  null,
  true,
  -1,
  1e308,
  0.1,
  '',
  ' ',
  '\u0000',
  'x'.repeat(70_000),
  "'; DROP TABLE lead; --",
  '{{constructor}}',
  [],
  {},
  [[[]]],
  { $ne: 1 },
  ['a', 1, null],
  '9999-99-99',
  '2026-02-30T25:00:00Z',
  '🐦'.repeat(100),
  '\ud800',
];
const oddQueries = [
  'filter=',
  'filter=((((',
  `filter=${'('.repeat(3_000)}`,
  'filter=title ~ "\\',
  "filter=title = '; DROP TABLE lead; --",
  'filter=createdAt: >=99.99.9999',
  `filter=${'id = "x" or '.repeat(300)}id = "y"`,
  'filter=budget > 1e400',
  'sort=;DROP TABLE lead',
  'sort=-,-,-',
  'sort=__proto__',
  'limit=-1',
  'limit=1e9',
  'limit=NaN',
  'cursor=%00',
  'cursor=bm9uc2Vuc2U',
  'cursor=eyJhIjoxfQ',
  'fields=*',
  'fields=__proto__,constructor',
  'total=2',
  `q=${'%25'.repeat(200)}`,
  'q=%00',
  'q=%F0%9F%90%A6_%25',
  'expand=__proto__,owner,x',
  'dryRun=x&confirm=%00',
  '%E0%A4%A=%E0%A4%A',
];

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

describe.each(dialects)('odd input, on %s', (dialect) => {
  let house: House;
  let built: Promise<House> | undefined;
  let targets: Targets;
  let operations: readonly Operation[];

  beforeEach(async ({ skip }) => {
    built ??= buildHouse({ skip }, dialect);
    house = await built;
    targets = await makeTargets(house);
    operations = (await readOperations(house)).filter(
      ({ path }) => !path.endsWith('/events') && !path.endsWith('/setup') && !path.endsWith('/session'),
    );
  });
  afterAll(async () => {
    await (await built)?.close();
  });

  /** Sends what is odd and answers every answer that is a failure of ours, or tells of our inside. */
  const probe = async (
    operation: Operation,
    path: string,
    sent: Parameters<House['call']>[2] = {},
  ): Promise<string[]> => {
    const heard = await house.call(house.admin, path, { method: operation.method, ...sent });
    const what = `${operation.method} ${path.slice(0, 120)} ${String(sent.body ?? '').slice(0, 80)}: ${heard.status}`;
    if (heard.headers.has('x-evil')) return [`${what} has a header of the sender`];
    if (heard.status === 429) return [];
    if (heard.status >= 500) return [`${what} ${heard.text.slice(0, 200)}`];
    if (heard.status >= 400 && inside.test(heard.text)) return [`${what} tells ${inside.exec(heard.text)?.[0] ?? ''}`];
    if (heard.status >= 400 && heard.headers.get('content-type')?.startsWith('application/problem+json') !== true)
      return [`${what} is not a problem document`];
    return [];
  };

  it('S13, S43: odd addresses are answered with problems that tell nothing of our inside', async () => {
    const found: string[] = [];
    for (const operation of operations.filter(({ path, method }) => path.includes('{') && method !== 'PUT')) {
      for (const odd of oddIds) found.push(...(await probe(operation, operation.path.replaceAll(/\{\w+\}/g, odd))));
    }
    expect(found).toEqual([]);
  });

  it('S16, S43: odd bodies are refused by every route that takes one, and write nothing', async () => {
    const found: string[] = [];
    const before = await house.state();
    for (const operation of operations.filter(({ method }) => ['POST', 'PUT', 'PATCH'].includes(method))) {
      // An act without a body does not look at one, but what cannot be read is refused everywhere.
      const bodies = operation.schema === undefined ? oddBodies.filter((body) => !isJson(body)) : oddBodies;
      for (const body of bodies.filter((one) => one !== '')) {
        found.push(...(await probe(operation, toPath(operation, targets), { body })));
      }
    }
    expect(found).toEqual([]);
    expect(await house.state()).toBe(before);
  });

  it('S43: a wrong value in any field of any body is refused or stored, never a failure', async () => {
    const random = createRandom(seed);
    const found: string[] = [];
    for (const operation of operations.filter(
      ({ method, schema }) => method !== 'PUT' && schema?.['properties'] !== undefined,
    )) {
      const valid = ((await toBody(house, operation, targets)) ?? {}) as Record<string, unknown>;
      const names = Object.keys(operation.schema?.['properties'] as object);
      for (const name of [...names, ...names, ...names]) {
        const body = JSON.stringify({ ...valid, [name]: random.pick(oddValues) });
        found.push(...(await probe(operation, toPath(operation, targets), { body })));
      }
    }
    expect(found).toEqual([]);
  });

  it('S43: odd queries are refused with what was expected', async () => {
    const found: string[] = [];
    for (const operation of operations.filter(({ method }) => method === 'GET')) {
      for (const query of oddQueries) found.push(...(await probe(operation, `${toPath(operation, targets)}?${query}`)));
    }
    expect(found).toEqual([]);
  });

  it('S16: nothing sent reaches the prototype of anything', async () => {
    const body = '{"title":"Anfrage","__proto__":{"isAdmin":true},"constructor":{"prototype":{"isAdmin":true}}}';
    const heard = await house.call(house.admin, '/api/v1/leads', { method: 'POST', body });
    expect([400, 422]).toContain(heard.status);
    expect((await house.call(anonymous, '/api/v1/keys')).status).toBe(401);
    expect((await house.call(house.viewer, '/api/v1/keys')).status).toBe(403);
  });

  it('S16, S43: the intake refuses odd bodies without a failure, and keeps those whose sender is known', async () => {
    const rotated = await house.done(house.admin, '/api/v1/sources/kaltakquise/rotate', { method: 'POST' });
    const { secret } = rotated['data'] as { secret: string };
    const found: string[] = [];
    const types = [
      'application/json',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'multipart/form-data',
      'text/xml',
      'application/json; charset=utf-99',
      'x',
    ];
    for (const type of types) {
      for (const body of [
        ...oddBodies,
        'a=1&a=2&__proto__=3',
        '--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1',
        '%',
        `a=${'x'.repeat(200_000)}`,
      ]) {
        const response = await fetch(`${house.app.url}/intake/kaltakquise`, {
          method: 'POST',
          body,
          headers: { authorization: `Bearer ${secret}`, 'content-type': type },
        });
        const text = await response.text();
        if (response.status >= 500 || inside.test(text))
          found.push(`${type} ${body.slice(0, 60)}: ${response.status} ${text.slice(0, 300)}`);
      }
    }
    expect(found).toEqual([]);
  });
});
