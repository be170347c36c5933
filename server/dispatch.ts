import type { NextFunction, Request, Response } from 'express';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { systemActor, type Actor } from '../core/actor.ts';
import { presetRules } from '../connectors/registry.ts';
import type { EntityModel } from '../core/entity.ts';
import { issueOf, LeitwerkError } from '../core/errors.ts';
import { parseJson } from '../core/json.ts';
import { noAbility } from '../core/permissions.ts';
import { toIssue } from '../core/validation.ts';
import { forbidden, modelOf, type Context } from '../commands/context.ts';
import { sha256 } from '../store/secrets.ts';
import { assertSameOrigin } from './auth/same-origin.ts';
import { readBytes } from './json-body.ts';
import { languageOf, toProblem } from './problem.ts';
import { rateLimits } from './rate-limits.ts';
import { respond } from './respond.ts';
import type { Answer, Route } from './route.ts';
import type { Services } from './services.ts';

const bodyLimit = 2 * 1024 * 1024;
const mainTenant = 'main';

type Params = Readonly<Record<string, string>>;

interface Caller {
  readonly actor: Actor | undefined;
  readonly client: { readonly address: string; readonly isSecure: boolean };
}

const callerOf = async (services: Services, request: Request): Promise<Caller> => {
  const client = services.readClient({
    remoteAddress: request.socket.remoteAddress,
    forwardedFor: request.get('x-forwarded-for'),
    forwardedProto: request.get('x-forwarded-proto'),
  });
  const { authorization, cookie } = request.headers;
  const actor = await services.authenticator.authenticate({ authorization, cookie, isSecure: client.isSecure });
  if (actor !== undefined && authorization === undefined) {
    assertSameOrigin(request.method, {
      host: request.get('host'),
      origin: request.get('origin'),
      'sec-fetch-site': request.get('sec-fetch-site'),
    });
  }
  return { actor, client };
};

const contextOf = (
  services: Services,
  actor: Actor | undefined,
  call: { language: 'de' | 'en'; requestId: string },
): Context => {
  const base = { db: services.db, now: services.now, newId: services.newId, presets: presetRules, ...call };
  // A visitor acts for nobody: no right, whatever a handler tries.
  if (actor === undefined)
    return {
      ...base,
      snapshot: services.registry.snapshot(mainTenant),
      actor: systemActor(mainTenant),
      ability: noAbility,
    };
  const snapshot = services.registry.snapshot(actor.tenantId);
  return { ...base, snapshot, actor, ability: services.abilityOf(snapshot, actor) };
};

/** The entity that a call is about; undefined for routes that are about none. */
const modelOfRoute = (route: Route, ctx: Context, params: Params): EntityModel | undefined => {
  const name = (route.access.kind === 'verb' ? route.access.entity : undefined) ?? params['plural'];
  return name === undefined ? undefined : modelOf(ctx, name);
};

/** @throws LeitwerkError `Unauthenticated`, `Forbidden`. */
const assertAccess = (route: Route, ctx: Context, model: EntityModel | undefined): void => {
  const { access } = route;
  if (access.kind === 'visitor' || access.kind === 'signedIn') return;
  if (access.kind === 'may') {
    const wanted = route.method === 'get' ? 'read' : 'write';
    if (!ctx.ability.may(access.area, wanted)) throw forbidden(ctx, access.area, wanted);
    return;
  }
  const entity = model?.name ?? '';
  const isAllowed = ctx.ability.can(access.verb, entity) || (isAct(access.verb) && ctx.ability.can('update', entity));
  if (!isAllowed) throw forbidden(ctx, model?.plural ?? '', access.verb === 'read' ? 'read' : 'write');
};

const isAct = (verb: string): boolean => !['read', 'create', 'update', 'delete'].includes(verb);

const contentTypeOf = (request: Request): string =>
  (request.get('content-type') ?? '').split(';')[0]?.trim().toLowerCase() ?? '';

const readBody = async (route: Route, request: Request): Promise<{ body: unknown; bytes: Buffer }> => {
  if (request.method === 'GET' || request.method === 'DELETE' || route.isStreamed === true)
    return { body: undefined, bytes: Buffer.alloc(0) };
  const bytes = await readBytes(request, bodyLimit);
  if (bytes.byteLength === 0) return { body: undefined, bytes };
  if ((request.get('content-encoding') ?? 'identity') !== 'identity') {
    const text = { de: 'Komprimiertes wird nicht angenommen.', en: 'Nothing compressed is accepted.' };
    throw new LeitwerkError('UnsupportedMediaType', { text });
  }
  const type = contentTypeOf(request);
  if (route.accepts?.includes(type) === true && !type.endsWith('json')) return { body: bytes.toString('utf8'), bytes };
  if (type !== 'application/json' && route.accepts?.includes(type) !== true)
    throw new LeitwerkError('UnsupportedMediaType');
  return { body: parseJson(bytes), bytes };
};

const createBodyCheck = (): ((route: Route, body: unknown, language: 'de' | 'en') => void) => {
  const ajv = new Ajv2020({ allErrors: true, strict: false, validateFormats: false });
  const compiled = new Map<Route, ValidateFunction>();
  return (route, body, language) => {
    // Records are judged by their command, with every fault at once.
    if (typeof route.body !== 'object' || route.method === 'delete' || route.isStreamed === true) return;
    const validate = compiled.get(route) ?? ajv.compile(route.body);
    compiled.set(route, validate);
    const value = body ?? (typeof route.body['required'] === 'object' ? undefined : {});
    if (typeof value === 'string' || validate(value)) return;
    throw new LeitwerkError('InvalidInput', {
      issues: (validate.errors ?? []).map((error) => toIssue(error, language)),
    });
  };
};

const withIdempotency = (ctx: Context, request: Request, bytes: Buffer): Context => {
  const key = request.get('idempotency-key');
  if (request.method !== 'POST' || key === undefined || request.path.endsWith('/bulk')) return ctx;
  if (key.length > 190 || key === '')
    throw new LeitwerkError('Unreadable', {
      text: { de: 'Idempotency-Key hat 1 bis 190 Zeichen.', en: 'Idempotency-Key has 1 to 190 characters.' },
    });
  return {
    ...ctx,
    idempotency: {
      key,
      requestHash: sha256(Buffer.concat([Buffer.from(`${request.method} ${request.originalUrl}\n`), bytes])),
    },
  };
};

const queryOf = (url: string): URLSearchParams => {
  const mark = url.indexOf('?');
  return new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1));
};

const mostNamed = 5;

/** @throws LeitwerkError `Unreadable` naming the parameters that the route does not have, and those that it has. */
const readQuery = (route: Route, url: string): URLSearchParams => {
  const query = queryOf(url);
  const known = Object.keys(route.query ?? {});
  const unknown = [...new Set(query.keys())].filter((name) => !known.includes(name)).slice(0, mostNamed);
  if (unknown.length === 0) return query;
  const issues = unknown.map((name) => {
    const text =
      known.length === 0
        ? {
            de: `Den Parameter „${name}“ gibt es hier nicht; es gibt keine.`,
            en: `There is no parameter "${name}" here; there are none.`,
          }
        : {
            de: `Den Parameter „${name}“ gibt es hier nicht. Es gibt: ${known.join(', ')}.`,
            en: `There is no parameter "${name}" here. There are: ${known.join(', ')}.`,
          };
    return { name, text };
  });
  const said = (language: 'de' | 'en'): string => issues.map(({ text }) => text[language]).join(' ');
  throw new LeitwerkError('Unreadable', {
    text: { de: said('de'), en: said('en') },
    issues: issues.map(({ name, text }) => issueOf({ path: name, code: 'unknown' }, text, 'en')),
  });
};

interface Incoming {
  readonly request: Request;
  readonly response: Response;
  readonly language: 'de' | 'en';
  readonly requestId: string;
}

type Handler = (request: Request, response: Response, next: NextFunction) => Promise<void>;

/** Serves one route: client, sign-in, origin, rights, rate, body, handler, answer; every failure becomes a problem. */
export function createDispatcher(services: Services): (route: Route) => Handler {
  const checkBody = createBodyCheck();

  /** Undefined when the entity has another route of this address, or none. */
  const perform = async (route: Route, { request, response, ...call }: Incoming): Promise<Answer | undefined> => {
    const { actor, client } = await callerOf(services, request);
    const key = actor === undefined ? client.address : `${actor.tenantId}/${actor.id}`;
    services.limiter.take(actor === undefined ? rateLimits.visitor : rateLimits.api, key);
    if (route.limit !== undefined) services.limiter.take(route.limit, key);
    if (actor === undefined && route.access.kind !== 'visitor') throw new LeitwerkError('Unauthenticated');
    const params = request.params as Params;
    const caller = contextOf(services, actor, call);
    const model = modelOfRoute(route, caller, params);
    if (model !== undefined && route.isFor?.(model) === false) return undefined;
    assertAccess(route, caller, model);
    const query = readQuery(route, request.originalUrl);
    const { body, bytes } = await readBody(route, request);
    checkBody(route, body, call.language);
    const ctx = withIdempotency(caller, request, bytes);
    return await route.handle({
      ctx,
      services,
      params,
      query,
      body,
      headers: request.headers,
      request,
      client,
      response,
    });
  };

  const fail = (error: unknown, { response, language, requestId }: Incoming): void => {
    const problem = toProblem(error, {
      language,
      requestId,
      onUnexpected: (cause) => services.log.error({ err: cause, requestId }, 'request failed'),
    });
    if (response.headersSent) response.destroy();
    else respond(response, { status: problem.status, headers: problem.headers, json: problem.body });
  };

  return (route) => async (request, response, next) => {
    const incoming = {
      request,
      response,
      requestId: services.newId(),
      language: languageOf(request.get('accept-language')),
    };
    response.setHeader('x-request-id', incoming.requestId);
    response.setHeader('cache-control', 'no-store');
    try {
      const answer = await perform(route, incoming);
      if (answer === undefined) return next();
      respond(response, answer);
      if (request.method !== 'GET') services.wakeRelay();
    } catch (error) {
      fail(error, incoming);
    }
  };
}
