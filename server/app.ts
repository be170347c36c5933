import express, { type Express, type Request, type Response } from 'express';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { LeitwerkError } from '../core/errors.ts';
import { createDispatcher } from './dispatch.ts';
import { Health } from './health.ts';
import { formRoutes, isOfForm } from './intake/form.ts';
import { createIntake } from './intake/intake.ts';
import { LiveEvents } from './live-events.ts';
import { describeApi } from './openapi.ts';
import { languageOf, toProblem } from './problem.ts';
import { createReceiveDeadline } from './receive-deadline.ts';
import { respond } from './respond.ts';
import { apiRoutes, type ApiParts } from './routes/index.ts';
import { applyHeaders, securityHeaders } from './security-headers.ts';
import type { Route } from './route.ts';
import type { Services } from './services.ts';
import { docsRoutes, uiRoutes } from './static-files.ts';

/** The HTTP side of the product: intake in front, then API, hosted forms, health and the UI. */
export interface App {
  readonly server: Server;
  readonly health: Health;
  /** Something was committed by another process: live views look at once. */
  poke(): void;
  /** Ends streams; the server is closed by whoever listens. */
  close(): void;
}

const headersTimeoutMs = 10_000;
const sweepMs = 2_000;
/** 1 KB a second is slower than any line that somebody uploads a file on. */
const receiveRules = { wholeMs: 60_000, periodMs: 60_000, bytesPerPeriod: 60 * 1024 };
const isUpload = (url: string): boolean => /^\/api\/v1\/imports(?:\?|$)/.test(url);

const mountApi = (app: Express, services: Services, parts: ApiParts): void => {
  const dispatch = createDispatcher(services);
  const routes = apiRoutes(parts);
  const isOfEntities = (route: Route): boolean => route.path.startsWith('/:plural');
  const mount = (route: Route): unknown => app[route.method](`/api/v1${route.path}`, dispatch(route));
  routes.filter((route) => !isOfEntities(route)).forEach(mount);
  // `/openapi.json` and `/docs` describe the same list that is served.
  app.get(['/api/openapi.json', '/api/v1/openapi.json'], (_request: Request, response: Response) => {
    respond(response, { json: describeApi(routes, services.registry.snapshot('main')) });
  });
  // In front of the routes of entities: they would say of a fixed address that there is no such entity.
  app.use('/api/v1', refuseMethod(services, routes));
  routes.filter(isOfEntities).forEach(mount);
};

const answerError = (services: Services, error: unknown, { request, response }: Exchange): void => {
  const problem = toProblem(error, {
    language: languageOf(request.get('accept-language')),
    requestId: services.newId(),
    onUnexpected: (cause) => services.log.error({ err: cause }, 'request failed'),
  });
  if (response.headersSent) response.destroy();
  else respond(response, { status: problem.status, headers: problem.headers, json: problem.body });
};

interface Exchange {
  readonly request: Request;
  readonly response: Response;
}

/** Addresses of a route, with the name of the entity where it is part of them. */
const patternOf = ({ path }: Route): RegExp =>
  new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/:(\w+)/g, '(?<$1>[^/]+)')}/?$`);

/** Says which methods an address has to whoever comes with another one. */
const refuseMethod = (
  services: Services,
  routes: readonly Route[],
): ((request: Request, response: Response, next: () => void) => void) => {
  const known = routes.map((route) => ({ route, pattern: patternOf(route) }));
  return (request, response, next) => {
    const { models, modelsByPlural } = services.registry.snapshot('main');
    const present = known.flatMap(({ route, pattern }) => {
      const found = pattern.exec(request.path);
      if (found === null) return [];
      const name = found.groups?.['plural'];
      if (name === undefined) return [route];
      const model = models.get(name) ?? modelsByPlural.get(name);
      return model === undefined || route.isFor?.(model) === false ? [] : [route];
    });
    const own = [...new Set(present.map((route) => route.method.toUpperCase()))];
    const methods = own.includes('GET') ? [...own, 'HEAD'] : own;
    if (methods.length === 0 || request.method === 'OPTIONS' || methods.includes(request.method)) {
      next();
      return;
    }
    response.setHeader('allow', methods.join(', '));
    answerError(services, new LeitwerkError('MethodNotAllowed'), { request, response });
  };
};

const notFound =
  (services: Services) =>
  (request: Request, response: Response): void => {
    const text = { de: 'Diese Adresse gibt es nicht.', en: 'There is no such address.' };
    answerError(services, new LeitwerkError('NotFound', { text }), { request, response });
  };

/** Wires the HTTP server. It does not listen yet. */
export function createApp(services: Services): App {
  const headers = securityHeaders({ isHttps: services.isHttps });
  const intake = createIntake(services, headers);
  const live = new LiveEvents(services);
  const health = new Health(services, intake);

  const app = express();
  app.disable('x-powered-by');
  app.set('etag', false);
  app.use((_request, response, next) => {
    applyHeaders(response, headers);
    next();
  });
  app.get('/health/live', (_request, response) => void response.json({ status: 'alive' }));
  app.get('/health/ready', async (_request, response) => {
    const ready = await health.readiness();
    response.status(ready.isReady ? 200 : 503).json(ready.body);
  });
  app.get('/metrics', async (request, response) => await health.metrics(request, response));
  mountApi(app, services, { live, health, guard: intake.guard });
  docsRoutes(app);
  formRoutes(app, services, intake);
  app.use('/api', notFound(services));
  uiRoutes(app, services.uiFolder);
  app.use(notFound(services));
  app.use((error: unknown, request: Request, response: Response, _next: () => void) =>
    answerError(services, error, { request, response }),
  );

  const deadline = createReceiveDeadline(receiveRules, () => services.now().getTime());
  const sweep = setInterval(() => deadline.sweep(), sweepMs).unref();
  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    const url = request.url ?? '/';
    deadline.watch(request, isUpload(url));
    if (!url.startsWith('/intake/') || isOfForm(request)) app(request, response);
    else void intake.handle(request, response, url.split('?', 1)[0] ?? url);
  };
  const server = createServer(
    {
      headersTimeout: headersTimeoutMs,
      // `createReceiveDeadline` knows a large file on a slow line from a body that never comes.
      requestTimeout: 0,
      keepAliveTimeout: 65_000,
      connectionsCheckingInterval: sweepMs,
    },
    handle,
  );
  const close = (): void => {
    clearInterval(sweep);
    live.close();
  };
  return { server, health, poke: () => live.poke(), close };
}
