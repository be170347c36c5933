import type { EntityModel } from '../core/entity.ts';
import type { Snapshot } from '../store/registry.ts';
import type { JsonSchema, Route } from './route.ts';

interface Operation {
  readonly path: string;
  readonly method: string;
  readonly operation: JsonSchema;
}

const problemAnswers = (isVisitor: boolean): JsonSchema =>
  Object.fromEntries(
    [...(isVisitor ? [] : ['401', '403']), '400', '404', '409', '422', '429', '503'].map((status) => [
      status,
      { $ref: '#/components/responses/Problem' },
    ]),
  );

const parametersOf = (route: Route): JsonSchema[] => [
  ...[...route.path.matchAll(/:([a-zA-Z]+)/g)]
    .filter(([, name]) => name !== 'plural')
    .map(([, name]) => ({ name, in: 'path', required: true, schema: { type: 'string' } })),
  ...Object.entries(route.query ?? {}).map(([name, schema]) => ({ name, in: 'query', schema })),
];

const rightOf = (route: Route, entity: string | undefined): string => {
  const { access } = route;
  if (access.kind === 'verb') return `${access.verb}:${access.entity ?? entity ?? ''}`;
  return access.kind === 'may' ? `may:${access.area}` : access.kind;
};

const success = (route: Route, answer: JsonSchema | undefined): JsonSchema => {
  const schema = answer ?? {};
  return {
    description: route.summary.en,
    content: { 'application/json': { schema: { type: 'object', properties: { data: schema } } } },
  };
};

interface Target {
  readonly model: EntityModel | undefined;
  readonly snapshot: Snapshot;
}

/** A schema of the route; of the entity where it depends on one. */
const resolved = (schema: Route['body'], { model, snapshot }: Target): JsonSchema | undefined => {
  if (typeof schema !== 'function') return schema;
  return model === undefined ? undefined : schema(model, snapshot);
};

const operationOf = (route: Route, target: Target): Operation => {
  const { model } = target;
  const body = resolved(route.body, target);
  const answer = resolved(route.answer, target);
  const status = route.method === 'post' && route.path === '/:plural' ? '201' : '200';
  const types = ['application/json', ...(route.accepts ?? [])];
  return {
    path: `/api/v1${route.path.replace(':plural', model?.plural ?? '{plural}').replaceAll(/:([a-zA-Z]+)/g, '{$1}')}`,
    method: route.method,
    operation: {
      summary: model === undefined ? route.summary.en : `${model.label.en}: ${route.summary.en}`,
      tags: [model?.plural ?? route.path.split('/')[1] ?? ''],
      'x-right': rightOf(route, model?.name),
      parameters: parametersOf(route),
      ...(body === undefined
        ? {}
        : { requestBody: { content: Object.fromEntries(types.map((type) => [type, { schema: body }])) } }),
      responses: { [status]: success(route, answer), ...problemAnswers(route.access.kind === 'visitor') },
      ...(route.access.kind === 'visitor' ? { security: [] } : {}),
    },
  };
};

const problem: JsonSchema = {
  description: 'RFC 9457 problem',
  content: {
    'application/problem+json': {
      schema: {
        type: 'object',
        required: ['type', 'title', 'status', 'code', 'requestId'],
        properties: {
          type: { type: 'string' },
          title: { type: 'string' },
          status: { type: 'integer' },
          code: { type: 'string' },
          detail: { type: 'string' },
          requestId: { type: 'string' },
          errors: {
            type: 'array',
            items: {
              type: 'object',
              properties: { path: { type: 'string' }, code: { type: 'string' }, message: { type: 'string' } },
            },
          },
        },
      },
    },
  },
};

/** OpenAPI 3.1 of every route, a path an entity; made from the tenant's snapshot, so that new fields and entities are in it at once. */
export function describeApi(routes: readonly Route[], snapshot: Snapshot): JsonSchema {
  const paths: Record<string, Record<string, JsonSchema>> = {};
  for (const route of routes) {
    const models = route.path.includes(':plural')
      ? [...snapshot.models.values()].filter((model) => route.isFor?.(model) !== false)
      : [undefined];
    for (const model of models) {
      const { path, method, operation } = operationOf(route, { model, snapshot });
      paths[path] = { ...paths[path], [method]: operation };
    }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Leitwerk',
      version: '1',
      description: 'Every write answers the number of its event, with which it can be undone.',
    },
    servers: [{ url: '/' }],
    security: [{ key: [] }, { session: [] }],
    paths,
    components: {
      securitySchemes: {
        key: { type: 'http', scheme: 'bearer' },
        session: { type: 'apiKey', in: 'cookie', name: 'leitwerk' },
      },
      responses: { Problem: problem },
    },
  };
}
