/** The least that could answer a list: node:http and one prepared statement each for page and total. `node bench/bare-list.ts <file>`; the queries come in on stdin. */
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import Sqlite from 'better-sqlite3';

export interface BareQuery {
  readonly page: string;
  readonly total: string;
  readonly params: readonly string[];
}

const queries = JSON.parse(await text(process.stdin)) as Record<string, BareQuery>;
const db = new Sqlite(process.argv[2] ?? '', { readonly: true });
db.pragma('cache_size = -16000');
db.pragma('mmap_size = 268435456');
const prepared = new Map(
  Object.entries(queries).map(([path, query]) => [
    path,
    { page: db.prepare(query.page), total: db.prepare(query.total).pluck(), params: query.params },
  ]),
);

const server = createServer((request, response) => {
  const query = prepared.get(request.url ?? '');
  if (query === undefined || request.headers.authorization !== 'Bearer bare-key')
    return void response.writeHead(404).end();
  const body = JSON.stringify({ data: query.page.all(query.params), page: { total: query.total.get(query.params) } });
  response.writeHead(200, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
  });
  response.end(body);
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.stdout.write(`ready http://127.0.0.1:${typeof address === 'object' ? (address?.port ?? 0) : 0}\n`);
});
process.on('SIGTERM', () => process.exit(0));
