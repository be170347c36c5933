import express, { type Express, type RequestHandler, type Response } from 'express';
import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, extname, join } from 'node:path';

const year = '365d';

const docsPage = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Leitwerk API</title><meta name="viewport" content="width=device-width">
<link rel="stylesheet" href="/api/docs/assets/swagger-ui.css"></head>
<body><div id="docs"></div>
<script src="/api/docs/assets/swagger-ui-bundle.js"></script><script src="/api/docs/start.js"></script></body></html>`;

const docsScript = `SwaggerUIBundle({ url: '/api/openapi.json', dom_id: '#docs', deepLinking: true, validatorUrl: null });`;

/** `/api/docs`: the description of the API as a page, without any request to elsewhere. */
export function docsRoutes(app: Express): void {
  const folder = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
  app.get('/api/docs', (_request, response) => void response.type('html').send(docsPage));
  app.get('/api/docs/start.js', (_request, response) => void response.type('js').send(docsScript));
  app.use('/api/docs/assets', express.static(folder, { maxAge: '1d', index: false }));
}

/** Best first. The files stand beside the plain ones, made when the interface was built. */
const encodings = [
  { name: 'br', ending: '.br' },
  { name: 'gzip', ending: '.gz' },
] as const;

/**
 * Leads a request for a file on to the compressed one, where there is one that the client understands. Parts of a file are parts of the plain one.
 * Only files of the interface: answers of the API stay as they are, because what an attacker could have mirrored in them beside a secret
 * would show in their compressed length (BREACH), and they are small.
 */
const preferCompressed = (folder: string): RequestHandler => {
  const names = existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: 'utf8' }) : [];
  const known = new Set(names.map((name) => `/${name.replaceAll('\\', '/')}`));
  return (request, response, next) => {
    const { path } = request;
    const offered = encodings.filter(({ ending }) => known.has(path + ending));
    if (offered.length > 0) response.vary('Accept-Encoding');
    const chosen = offered.find(({ name }) => request.acceptsEncodings(name) === name);
    if (chosen !== undefined && request.headers.range === undefined) request.url = path + chosen.ending;
    next();
  };
};

/** A compressed file is what it was before, in another encoding. */
const nameEncoding = (response: Response, path: string): void => {
  const encoding = encodings.find(({ ending }) => path.endsWith(ending));
  if (encoding === undefined) return;
  response.set('content-encoding', encoding.name).type(extname(path.slice(0, -encoding.ending.length)));
};

/** The single-page application: hashed files for ever, its page fresh every time, any other address is the page's business. */
export function uiRoutes(app: Express, folder: string): void {
  const compressed = preferCompressed(folder);
  const files = { index: false, setHeaders: nameEncoding } as const;
  app.use(compressed);
  app.use(
    '/assets',
    express.static(join(folder, 'assets'), { ...files, immutable: true, maxAge: year, fallthrough: false }),
  );
  app.use(express.static(folder, { ...files, maxAge: '1h' }));
  const toPage: RequestHandler = (request, response, next) => {
    request.url = '/index.html';
    response.set('cache-control', 'no-cache');
    next();
  };
  app.get(/^\/(?!api\/|intake\/|forms\/|health\/|metrics).*/, toPage, compressed, express.static(folder, files));
}
