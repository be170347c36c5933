import Sqlite from 'better-sqlite3';
import { createApp } from './app.ts';
import { compare, type Effort, type Figure } from './measure.ts';
import { seedApp } from './seed.ts';
import { startServer, type Server } from './server.ts';
import type { BareQuery } from './bare-list.ts';

const leads = 100_000;
const pageSize = 50;
const leastRatio = 0.6;
/** As fast, but for what a noisy machine does to two equal things. */
const leastLateRatio = 0.85;
/** Not shown by the API. */
const hidden = new Set(['tenantId', 'deletedAt']);

interface List {
  readonly filter: readonly [field: string, value: string];
  readonly sort: string;
}

const lists: readonly List[] = [
  { filter: ['stage', 'neu'], sort: '-budget' },
  { filter: ['source', 'facebook'], sort: '-createdAt' },
  { filter: ['owner', '0190a000-0000-7000-8000-000000000003'], sort: '-budget' },
  { filter: ['priority', 'dringend'], sort: '-createdAt' },
  { filter: ['state', 'open'], sort: 'priority' },
  { filter: ['stage', 'in-klaerung'], sort: 'title' },
];

const nameOf = ({ filter: [field, value], sort }: List): string => `list ${field} = ${value.slice(-12)}, sort ${sort}`;

const bareQuery = ({ filter: [field, value], sort }: List, columns: readonly string[]): BareQuery => {
  const column = sort.replace('-', '');
  const direction = sort.startsWith('-') ? 'DESC' : 'ASC';
  const from = `FROM lead WHERE tenantId = 'main' AND deletedAt IS NULL AND "${field}" = ?`;
  return {
    page: `SELECT ${columns.map((name) => `"${name}"`).join(', ')} ${from} ORDER BY "${column}" ${direction}, id ${direction} LIMIT ${pageSize + 1}`,
    total: `SELECT COUNT(*) ${from}`,
    params: [value],
  };
};

const addressOf = (server: Server, { filter: [field, value], sort }: List, cursor?: string): string => {
  const query = new URLSearchParams({
    filter: `${field} = "${value}"`,
    sort,
    limit: `${pageSize}`,
    total: 'exact',
    ...(cursor === undefined ? {} : { cursor }),
  });
  return `${server.url}/api/v1/leads?${query.toString()}`;
};

const cursorOfPage = async (
  server: Server,
  list: List,
  wanted: { page: number; headers: Readonly<Record<string, string>> },
): Promise<string> => {
  let cursor: string | undefined;
  for (let page = 1; page < wanted.page; page += 1) {
    const answer = await fetch(addressOf(server, list, cursor), { headers: wanted.headers });
    const body = (await answer.json()) as { page: { next: string | null } };
    if (body.page.next === null) throw new Error(`${nameOf(list)} has no page ${page + 1}`);
    cursor = body.page.next;
  }
  return cursor ?? '';
};

const columnsOf = (file: string): string[] => {
  const db = new Sqlite(file, { readonly: true });
  const rows = db.prepare("SELECT name FROM pragma_table_info('lead')").all() as { name: string }[];
  db.close();
  return rows.map((row) => row.name).filter((name) => !hidden.has(name));
};

interface Sides {
  readonly server: Server;
  readonly bare: Server;
  readonly headers: Readonly<Record<string, string>>;
}

/** First page against the bare query, then the twentieth page against the first. */
const measureList = async (effort: Effort, list: List, { server, bare, headers }: Sides): Promise<Figure[]> => {
  const one = { ...effort, connections: 1 };
  const first = { pid: server.pid, url: addressOf(server, list), headers };
  const bareFirst = {
    pid: bare.pid,
    url: `${bare.url}/${lists.indexOf(list)}`,
    headers: { authorization: 'Bearer bare-key' },
  };
  const compared = await compare(one, first, bareFirst);
  const cursor = await cursorOfPage(server, list, { page: 20, headers });
  const late = await compare(one, { ...first, url: addressOf(server, list, cursor) }, first);
  const unit = 'pages/s';
  return [
    { name: nameOf(list), ...compared, unit, target: `≥ ${leastRatio}`, isMet: compared.ratio >= leastRatio },
    {
      name: '  20th page to 1st',
      ...late,
      unit,
      target: `≥ ${leastLateRatio}`,
      isMet: late.ratio >= leastLateRatio,
    },
  ];
};

/** First page with exact total of 100,000 leads, filtered by one column and sorted by another, one connection. */
export async function measureLists(effort: Effort): Promise<Figure[]> {
  const app = await createApp();
  await seedApp(app, leads);
  const { key } = await app.command('key', 'create', '--name', 'bench', '--role', 'superadmin');
  const columns = columnsOf(app.database);
  const server = await app.start('api');
  const queries = Object.fromEntries(lists.map((list, index) => [`/${index}`, bareQuery(list, columns)]));
  const bare = await startServer({ file: 'bench/bare-list.ts', args: [app.database], input: JSON.stringify(queries) });
  try {
    const figures: Figure[] = [];
    const headers = { authorization: `Bearer ${String(key)}` };
    for (const list of lists) figures.push(...(await measureList(effort, list, { server, bare, headers })));
    return figures;
  } finally {
    await bare.stop();
    await server.stop();
    await app.clear();
  }
}
