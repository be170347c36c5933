import express, { type Express } from 'express';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

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

/** The single-page application: hashed files for ever, its page fresh every time, any other address is the page's business. */
export function uiRoutes(app: Express, folder: string): void {
  app.use(
    '/assets',
    express.static(join(folder, 'assets'), { immutable: true, maxAge: year, index: false, fallthrough: false }),
  );
  app.use(express.static(folder, { index: false, maxAge: '1h' }));
  app.get(/^\/(?!api\/|intake\/|forms\/|health\/|metrics).*/, (request, response, next) => {
    const page = join(folder, 'index.html');
    if (request.method !== 'GET' || !existsSync(page)) {
      next();
      return;
    }
    response.set('cache-control', 'no-cache').sendFile(page);
  });
}
