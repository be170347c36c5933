import { stringify } from 'csv-stringify/sync';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { pipeline } from 'node:stream/promises';
import type { EntityModel } from '../../core/entity.ts';
import { modelOf } from '../../commands/context.ts';
import { withoutClosedFacts } from '../../commands/visibleFacts.ts';
import { listRecords, type ListPage, type ListQuery } from '../../store/record-list.ts';
import { listParameters, readListQuery } from '../list-query.ts';
import { rateLimits } from '../rate-limits.ts';
import type { Answer, Call, Route } from '../route.ts';

const pageSize = 200;

const cellOf = (value: unknown): string => {
  if (value === null || value === undefined) return '';
  if (Array.isArray(value))
    return value.map((item) => (typeof item === 'string' ? item : JSON.stringify(item))).join(', ');
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
};

interface Export {
  readonly model: EntityModel;
  readonly query: ListQuery;
  readonly first: ListPage;
}

async function* linesOf(call: Call, { model, query, first }: Export): AsyncGenerator<string> {
  const columns = query.fields.map((field) => field.name);
  yield `\uFEFF${stringify([columns], { delimiter: ';' })}`;
  for (let page = first; ; page = await listRecords(call.services.db, model, { ...query, cursor: page.next ?? '' })) {
    const cells = page.data
      .map((record) => withoutClosedFacts(call.ctx, model, record))
      .map((record) => columns.map((name) => cellOf(record[name])));
    yield stringify(cells, { delimiter: ';', escape_formulas: true });
    if (page.next === null) return;
    // Others get a turn between two pages.
    await nextTurn();
  }
}

const hasLeft = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE';

/** A table of every record that the filter has, safe to open in a spreadsheet; sent page by page, as fast as the client reads. */
const exportCsv = async (call: Call): Promise<Answer> => {
  const model = modelOf(call.ctx, call.params['plural'] ?? '');
  const query: ListQuery = { ...readListQuery(call.ctx, model, call.query), limit: pageSize, total: 'none' };
  // Read before the answer begins: what is wrong with the query can still be said.
  const first = await listRecords(call.services.db, model, query);
  call.response.writeHead(200, {
    'content-type': 'text/csv; charset=utf-8',
    'content-disposition': `attachment; filename="${model.plural}.csv"`,
  });
  try {
    await pipeline(linesOf(call, { model, query, first }), call.response);
  } catch (error) {
    if (!hasLeft(error)) throw error;
  }
  return { isHandled: true };
};

export const exportRoute: Route = {
  method: 'get',
  path: '/:plural.csv',
  summary: { de: 'Export als CSV', en: 'Export as CSV' },
  access: { kind: 'verb', verb: 'read' },
  query: listParameters,
  limit: rateLimits.heavy,
  handle: exportCsv,
};
