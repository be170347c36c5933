import { modelOf } from '../../commands/context.ts';
import { listPairs, settlePair, type ShownPair } from '../../commands/duplicates/decide.ts';
import { comparedEntities } from '../../commands/duplicates/follow.ts';
import { visibleRecord } from '../../commands/record-write.ts';
import { tellable } from '../../core/duplicate-score.ts';
import { LeitwerkError } from '../../core/errors.ts';
import type { EntityModel } from '../../core/entity.ts';
import { asObject, asText, invalidInput } from '../input.ts';
import { actorLabel } from '../record-names.ts';
import type { Answer, Call, Route } from '../route.ts';

const pageSize = 50;
const states = ['open', 'distinct', 'merged'] as const;

const present = (call: Call, model: EntityModel, pair: ShownPair) => ({
  state: pair.state,
  score: pair.score,
  reasons: tellable(
    pair.reasons,
    (field) => model.fields.has(field) && !call.ctx.ability.isReadable(model.name, field),
  ),
  decidedAt: pair.decidedAt,
  decidedBy: pair.decidedBy === null ? null : actorLabel(call.ctx, pair.decidedBy),
  records: pair.records.map((record) => visibleRecord(call.ctx, model, record)),
});

interface Position {
  readonly score: number;
  readonly one: string;
  readonly other: string;
}

const badCursor = (): LeitwerkError =>
  new LeitwerkError('InvalidFilter', {
    text: {
      de: 'Der Seitenzeiger (cursor) passt nicht zu dieser Abfrage.',
      en: 'The cursor does not belong to this query.',
    },
  });

const cursorOf = ({ score, one, other }: Position): string => `${score}.${one}.${other}`;

const readCursor = (text: string | null): Position | undefined => {
  if (text === null || text === '') return undefined;
  const [score, one, other] = text.split('.');
  if (!/^\d{1,3}$/.test(score ?? '') || one === undefined || other === undefined) throw badCursor();
  return { score: Number(score), one, other };
};

const list = async (call: Call): Promise<Answer> => {
  const { ctx, query } = call;
  const model = modelOf(ctx, call.params['plural'] ?? '');
  const state = states.find((one) => one === (query.get('state') ?? 'open'));
  if (state === undefined)
    throw new LeitwerkError('InvalidFilter', {
      text: { de: `state ist ${states.join(', ')}.`, en: `state is one of ${states.join(', ')}.` },
    });
  const page = await listPairs(ctx, model, { state, limit: pageSize, after: readCursor(query.get('cursor')) });
  return {
    json: {
      data: page.data.map((pair) => present(call, model, pair)),
      page: { next: page.next === undefined ? null : cursorOf(page.next) },
    },
  };
};

const settle = async (call: Call): Promise<Answer> => {
  const model = modelOf(call.ctx, call.params['plural'] ?? '');
  const body = asObject(call.body);
  const state = body['isDuplicate'] === true ? 'open' : 'distinct';
  const id = call.params['id'] ?? '';
  const other = asText(body['other'], '/other');
  if (id === other)
    throw invalidInput('/other', 'same', { de: 'Das ist derselbe Datensatz.', en: 'This is the same record.' });
  await settlePair(call.ctx, model, { id, other, state });
  return { status: 204 };
};

const isCompared = (model: EntityModel): boolean => comparedEntities.includes(model.name);

/** Likely doubles and what people decided about them. Merging and splitting are acts of the records. */
export const duplicateRoutes: readonly Route[] = [
  {
    method: 'get',
    path: '/:plural/duplicates',
    summary: { de: 'Mögliche Dubletten, paarweise', en: 'Likely duplicates, in pairs' },
    access: { kind: 'verb', verb: 'read' },
    query: { state: { enum: states, default: 'open' }, cursor: { type: 'string' } },
    isFor: isCompared,
    handle: list,
  },
  {
    method: 'post',
    path: '/:plural/:id/distinct',
    summary: { de: 'Keine Dublette (oder doch)', en: 'Not a duplicate (or one after all)' },
    access: { kind: 'verb', verb: 'merge' },
    body: {
      type: 'object',
      properties: { other: { type: 'string' }, isDuplicate: { type: 'boolean', default: false } },
      required: ['other'],
      additionalProperties: false,
    },
    isFor: isCompared,
    handle: settle,
  },
];
