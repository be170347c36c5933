import express, { type Express, type Request, type Response } from 'express';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { LeitwerkError } from '../core/errors.ts';
import { createDispatcher } from './dispatch.ts';
import { Health } from './health.ts';
import { formRoutes } from './intake/form.ts';
import { createIntake } from './intake/intake.ts';
import { LiveEvents } from './live-events.ts';
import { describeApi } from './openapi.ts';
import { languageOf, toProblem } from './problem.ts';
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
const requestTimeoutMs = 60_000;

const mountApi = (app: Express, services: Services, parts: ApiParts): void => {
  const dispatch = createDispatcher(services);
  const routes = apiRoutes(parts);
  const isOfEntities = (route: Route): boolean => route.path.startsWith('/:plural');
  // `/openapi.json` and `/docs` describe the same list that is served.
  for (const group of [routes.filter((route) => !isOfEntities(route)), routes.filter(isOfEntities)]) {
    for (const route of group) app[route.method](`/api/v1${route.path}`, dispatch(route));
    for (const [path, same] of Map.groupBy(group, (route) => route.path))
      app.all(`/api/v1${path}`, refuseMethod(services, same));
  }
  app.get(['/api/openapi.json', '/api/v1/openapi.json'], (_request: Request, response: Response) => {
    respond(response, { json: describeApi(routes, services.registry.snapshot('main')) });
  });
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

/** Says which methods an address has to whoever comes with another one. */
const refuseMethod =
  (services: Services, routes: readonly Route[]) =>
  (request: Request, response: Response, next: () => void): void => {
    const { models, modelsByPlural } = services.registry.snapshot('main');
    const name = String(request.params['plural'] ?? '');
    // An entity with routes of its own has those of every entity beside them.
    if (name === '' && modelsByPlural.has(request.path.split('/')[3] ?? '')) {
      next();
      return;
    }
    const model = models.get(name) ?? modelsByPlural.get(name);
    const present =
      model === undefined && name !== '' ? [] : routes.filter((route) => !model || route.isFor?.(model) !== false);
    if (present.length === 0 || request.method === 'OPTIONS') {
      next();
      return;
    }
    const methods = present.map((route) => route.method.toUpperCase());
    response.setHeader('allow', [...methods, ...(methods.includes('GET') ? ['HEAD'] : [])].join(', '));
    answerError(services, new LeitwerkError('MethodNotAllowed'), { request, response });
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

  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    const url = request.url ?? '/';
    if (!url.startsWith('/intake/')) app(request, response);
    else void intake.handle(request, response, url.split('?', 1)[0] ?? url);
  };
  const server = createServer(
    {
      headersTimeout: headersTimeoutMs,
      requestTimeout: requestTimeoutMs,
      keepAliveTimeout: 65_000,
      connectionsCheckingInterval: 2_000,
    },
    handle,
  );
  return { server, health, poke: () => live.poke(), close: () => live.close() };
}
