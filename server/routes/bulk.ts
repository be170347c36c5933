import type { EntityModel } from '../../core/entity.ts';
import { modelOf } from '../../commands/context.ts';
import { updateRecord } from '../../commands/updateRecord.ts';
import { listRecords } from '../../store/record-list.ts';
import type { RecordData } from '../../store/record-table.ts';
import { asObject, asText, invalidInput } from '../input.ts';
import { readFilter } from '../list-query.ts';
import { toProblem } from '../problem.ts';
import { rateLimits } from '../rate-limits.ts';
import type { Answer, Call, Route } from '../route.ts';
import { acts, hasAct } from './acts.ts';

const mostRecords = 1_000;

const idsOf = async (call: Call, model: EntityModel, body: RecordData): Promise<string[]> => {
  if (Array.isArray(body['ids'])) return body['ids'].map((id) => asText(id, '/ids'));
  const page = await listRecords(call.services.db, model, {
    tenantId: call.ctx.actor.tenantId,
    rows: call.ctx.ability.rowFilter('read', model.name),
    filter: readFilter(call.ctx, model, asText(body['filter'], '/filter')),
    sort: [{ field: 'createdAt', isDescending: true }],
    limit: mostRecords,
    fields: [...model.fields.values()].filter((field) => field.name === 'id'),
    total: 'none',
  });
  return page.data.map((record) => String(record['id']));
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
  const act = acts.find((one) => one.name === body['act'] && hasAct(one, model));
  if (body['act'] !== undefined && act === undefined) {
    const name = asText(body['act'], '/act');
    const text = { de: `„${name}“ gibt es hier nicht.`, en: `There is no act "${name}" here.` };
    throw invalidInput('/act', 'choice', text);
  }
  const ids = await idsOf(call, model, body);
  const input = asObject(act === undefined ? body['patch'] : (body['input'] ?? {}));
  const failed: RecordData[] = [];
  const events: number[] = [];
  for (const id of ids) {
    try {
      const result =
        act === undefined
          ? await updateRecord(call.ctx, model, { id, patch: input })
          : await act.perform(call.ctx, model, { ...input, id });
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
        failed,
        events,
      },
    },
  };
};

/** `POST /<plural>/bulk {ids | filter, patch | act + input}`. */
export const bulkRoute: Route = {
  method: 'post',
  path: '/:plural/bulk',
  summary: { de: 'Viele auf einmal ändern', en: 'Change many at once' },
  access: { kind: 'verb', verb: 'read' },
  body: {
    type: 'object',
    properties: {
      ids: { type: 'array', items: { type: 'string' }, maxItems: mostRecords },
      filter: { type: 'string' },
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
