import type { EntityModel } from '../../core/entity.ts';
import { allOf } from '../../core/filter/index.ts';
import { modelOf } from '../../commands/context.ts';
import { updateRecord } from '../../commands/updateRecord.ts';
import { DryRun } from '../../store/dry-run.ts';
import { countRecords, listRecords } from '../../store/record-list.ts';
import type { RecordData } from '../../store/record-table.ts';
import { asObject, asText, dryRunParameter, invalidInput, isDryRun, optionalText } from '../input.ts';
import { readFilter } from '../list-query.ts';
import { toProblem } from '../problem.ts';
import { rateLimits } from '../rate-limits.ts';
import type { Answer, Call, Route } from '../route.ts';
import { acts, hasAct } from './acts.ts';

const mostRecords = 1_000;

/** What one call works, and what matches beyond that. */
interface Chosen {
  readonly ids: readonly string[];
  readonly left: number;
  /** Where the next call goes on. */
  readonly next: string | null;
}

const chosenBy = async (call: Call, model: EntityModel, body: RecordData): Promise<Chosen> => {
  if (Array.isArray(body['ids'])) return { ids: body['ids'].map((id) => asText(id, '/ids')), left: 0, next: null };
  const { db } = call.services;
  const fields = [...model.fields.values()].filter((field) => field.name === 'id');
  const filter = readFilter(call.ctx, model, asText(body['filter'], '/filter'));
  const seen = { tenantId: call.ctx.actor.tenantId, rows: call.ctx.ability.rowFilter('read', model.name) };
  const { data, next } = await listRecords(db, model, {
    ...seen,
    filter,
    // By what no act changes, so that the next call goes on behind the last record of this one.
    sort: [{ field: 'id', isDescending: true }],
    limit: mostRecords,
    cursor: optionalText(body['cursor'], '/cursor'),
    fields,
    total: 'none',
  });
  const ids = data.map((record) => String(record['id']));
  const behind = allOf([filter, { is: 'compare', field: 'id', kind: 'text', operator: '<', value: ids.at(-1) ?? '' }]);
  return { ids, left: next === null ? 0 : await countRecords(db, model, { ...seen, filter: behind }), next };
};

/** Of two ways to say something a request takes one. */
const assertOneOf = (body: RecordData, one: string, other: string): void => {
  if ((body[one] === undefined) !== (body[other] === undefined)) return;
  const text = { de: `Erwartet wird ${one} oder ${other}.`, en: `Either ${one} or ${other} is expected.` };
  throw invalidInput(`/${one}`, body[one] === undefined ? 'required' : 'oneOf', text);
};

/** The same act or patch on many records, each with its own rights, validation and event; one that fails stops no other. */
const performBulk = async (call: Call): Promise<Answer> => {
  const model = modelOf(call.ctx, call.params['plural'] ?? '');
  const body = asObject(call.body);
  assertOneOf(body, 'ids', 'filter');
  assertOneOf(body, 'patch', 'act');
  if (body['cursor'] !== undefined && body['filter'] === undefined) {
    throw invalidInput('/cursor', 'unknown', {
      de: 'cursor gibt es nur zu einem filter.',
      en: 'cursor goes with a filter only.',
    });
  }
  const act = acts.find((one) => one.name === body['act'] && hasAct(one, model));
  if (body['act'] !== undefined && act === undefined) {
    const name = asText(body['act'], '/act');
    const text = { de: `„${name}“ gibt es hier nicht.`, en: `There is no act "${name}" here.` };
    throw invalidInput('/act', 'choice', text);
  }
  const { ids, left, next } = await chosenBy(call, model, body);
  const ctx = isDryRun(call.query) ? { ...call.ctx, db: new DryRun(call.ctx.db) } : call.ctx;
  const input = asObject(act === undefined ? body['patch'] : (body['input'] ?? {}));
  const failed: RecordData[] = [];
  const events: number[] = [];
  for (const id of ids) {
    try {
      const result =
        act === undefined
          ? await updateRecord(ctx, model, { id, patch: input })
          : await act.perform(ctx, model, { ...input, id });
      events.push(result.event);
    } catch (error) {
      const context = {
        language: call.ctx.language,
        requestId: call.ctx.requestId ?? '',
        onUnexpected: (cause: unknown) => call.services.log.error({ err: cause }, 'bulk'),
      };
      failed.push({ id, error: toProblem(error, context).body });
    }
  }
  return {
    json: {
      data: {
        changed: events.filter((event) => event > 0).length,
        unchanged: events.filter((event) => event === 0).length,
        left,
        next,
        failed,
        // Of a dry run there are none to undo.
        events: ctx === call.ctx ? events : [],
      },
    },
  };
};

/** `POST /<plural>/bulk {ids | filter, patch | act + input}`: a thousand records a call; of a filter, `next` as `cursor` works the following ones. */
export const bulkRoute: Route = {
  method: 'post',
  path: '/:plural/bulk',
  summary: { de: 'Viele auf einmal ändern', en: 'Change many at once' },
  access: { kind: 'verb', verb: 'read' },
  query: dryRunParameter,
  body: {
    type: 'object',
    properties: {
      ids: { type: 'array', items: { type: 'string' }, maxItems: mostRecords },
      filter: { type: 'string' },
      cursor: { type: 'string', description: 'With the same filter: `next` of the answer before.' },
      patch: { type: 'object' },
      act: { type: 'string' },
      input: { type: 'object' },
    },
    additionalProperties: false,
  },
  isFor: (model) => !model.isReadOnly,
  limit: rateLimits.heavy,
  handle: performBulk,
};
