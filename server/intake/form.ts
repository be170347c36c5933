import type { Express, Request, Response } from 'express';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { LeitwerkError, type Issue, type Language } from '../../core/errors.ts';
import { modelOf } from '../../commands/context.ts';
import { sourceOf, type Source, type SourceForm } from '../../commands/source.ts';
import type { Snapshot } from '../../store/registry.ts';
import { languageOf, toProblem } from '../problem.ts';
import { rateLimits } from '../rate-limits.ts';
import type { Services } from '../services.ts';
import { addressOf, tenantSnapshot, type Address } from './address.ts';
import { formInputs } from './form-fields.ts';
import { createFormHeaders, replaceHeaders, type FormHeaders } from './form-headers.ts';
import { addressOfView, renderForm, renderNoForm, renderThanks, type FormContent, type FormView } from './form-page.ts';
import { formTexts } from './form-texts.ts';
import type { Intake, IntakeAnswer } from './intake.ts';

type Named = Readonly<Record<string, string>>;

const readClient = (name: string): string => readFileSync(new URL(`form-client/${name}`, import.meta.url), 'utf8');

/** A source that shows a form. */
interface Found {
  readonly address: Address;
  readonly snapshot: Snapshot;
  readonly source: Source;
  readonly form: SourceForm;
}

/** @throws LeitwerkError `NotFound`: also for a source that nobody may send to without a secret, because a page cannot keep one. */
const findForm = (services: Services, path: string): Found => {
  const address = addressOf(path);
  const snapshot = tenantSnapshot(services.registry, address.tenantId);
  const source = sourceOf(snapshot, address.source);
  const { form } = source;
  if (form === undefined || source.auth !== 'public') {
    throw new LeitwerkError('NotFound', {
      text: { de: 'Diese Quelle hat kein öffentliches Formular.', en: 'This source has no public form.' },
    });
  }
  return { address, snapshot, source, form };
};

const isTheme = (value: unknown): value is 'light' | 'dark' => value === 'light' || value === 'dark';

const contentOf = (services: Services, { snapshot, form }: Found, language: Language): FormContent => {
  const company = snapshot.config('company').get('main')?.value as { name?: string } | undefined;
  const inputs = formInputs(form, modelOf({ snapshot }, 'lead'), {
    choices: (kind) => snapshot.choices(kind),
    language,
  });
  return { form, company: company?.name ?? '', inputs, key: services.newId() };
};

/** A form of somebody's own at a source that has no page gets what programs get. */
const hasForm = (services: Services, path: string): boolean => {
  try {
    findForm(services, path);
    return true;
  } catch (error) {
    if (error instanceof LeitwerkError && error.code === 'NotFound') return false;
    throw error;
  }
};

/** Who has no preference is a program. */
const wantsJson = (request: Request): boolean => request.accepts(['json', 'html']) !== 'html';

/** The problem's words for a page; without the fields there is nothing to show again. */
const refusalOf = (
  answer: IntakeAnswer,
  language: Language,
): { issues: readonly Issue[]; refusal: string | undefined } => {
  const issues = (answer.body['errors'] ?? []) as readonly Issue[];
  if (issues.length > 0) return { issues, refusal: undefined };
  const detail = String(answer.body['detail'] ?? '');
  return { issues, refusal: answer.fields === undefined ? `${detail} ${formTexts[language].goBack}` : detail };
};

class HostedForms {
  readonly services: Services;
  readonly intake: Intake;
  readonly files: Named;
  readonly headers: FormHeaders;
  readonly assetVersion: string;

  constructor(services: Services, intake: Intake) {
    this.services = services;
    this.intake = intake;
    this.headers = createFormHeaders(services.isHttps);
    this.files = {
      'form.css': readClient('form.css'),
      'form.js': readClient('form.js'),
      'embed.js': readClient('embed.js'),
    };
    this.assetVersion = createHash('sha256')
      .update(Object.values(this.files).join('\n'))
      .digest('base64url')
      .slice(0, 12);
  }

  viewOf(request: Request): FormView {
    const { lang, embed, theme } = request.query;
    return {
      language: lang === 'de' || lang === 'en' ? lang : languageOf(request.get('accept-language')),
      isEmbedded: embed === '1',
      theme: isTheme(theme) ? theme : undefined,
      path: request.path.replace(/^\/intake\//, '/forms/'),
      assetVersion: this.assetVersion,
    };
  }

  send(response: Response, sent: { status?: number; page: string; source: Pick<Source, 'allowedOrigins'> }): void {
    replaceHeaders(response, this.headers.page(sent.source));
    response.set({ 'cache-control': 'no-store', vary: 'accept-language, accept' });
    response
      .status(sent.status ?? 200)
      .type('html')
      .send(sent.page);
  }

  show(request: Request, response: Response): void {
    this.services.limiter.take(rateLimits.visitor, this.visitorOf(request));
    const found = findForm(this.services, request.path);
    const view = this.viewOf(request);
    const content = contentOf(this.services, found, view.language);
    const page = request.query['sent'] === '1' ? renderThanks(content, view) : renderForm(content, view);
    this.send(response, { page, source: found.source });
  }

  visitorOf(request: Request): string {
    return this.services.readClient({
      remoteAddress: request.socket.remoteAddress,
      forwardedFor: request.get('x-forwarded-for'),
      forwardedProto: undefined,
    }).address;
  }

  async receive(request: Request, response: Response): Promise<void> {
    const found = findForm(this.services, request.path);
    const view = this.viewOf(request);
    const { language } = view;
    const requestId = this.services.newId();
    const isForm = view.path === request.path;
    const answer = await this.intake.receiveForm({ request, address: found.address, requestId, language, isForm });
    replaceHeaders(response, this.headers.page(found.source));
    response.set({ ...answer.headers, 'x-request-id': requestId });
    if (!request.complete) response.set('connection', 'close');
    if (wantsJson(request)) {
      const type = answer.status < 400 ? 'application/json' : 'application/problem+json';
      response.status(answer.status).set('cache-control', 'no-store').type(type).send(JSON.stringify(answer.body));
      return;
    }
    // Another address for the thanks: reloading it sends nothing again.
    if (answer.status < 300) response.redirect(303, addressOfView(view, { sent: '1' }));
    else {
      const state = { fields: answer.fields ?? {}, hadFiles: answer.hadFiles, ...refusalOf(answer, language) };
      const page = renderForm(contentOf(this.services, found, language), view, state);
      this.send(response, { status: answer.status, page, source: found.source });
    }
  }

  /** What a browser posts to a source by itself: its visitor gets our pages, where there are any. */
  async receiveOwn(request: Request, response: Response): Promise<void> {
    if (wantsJson(request) || !hasForm(this.services, request.path))
      await this.intake.handle(request, response, request.path);
    else await this.receive(request, response);
  }

  /** The script that puts the form into another page, where it stands. */
  snippet(request: Request, response: Response): void {
    const { form } = findForm(this.services, request.path.replace(/\/embed\.js$/, ''));
    replaceHeaders(response, this.headers.snippet);
    response.set('cache-control', 'public, max-age=300').type('js');
    response.send((this.files['embed.js'] ?? '').replace("{ de: '', en: '' }", () => JSON.stringify(form.title)));
  }

  asset(name: string, request: Request, response: Response): void {
    const isVersioned = request.query['v'] === this.assetVersion;
    response.set('cache-control', isVersioned ? 'public, max-age=31536000, immutable' : 'no-cache');
    response.type(name.endsWith('.css') ? 'css' : 'js').send(this.files[name]);
  }

  /** A page where a page was asked for, a problem where a program asked. */
  refuse(error: unknown, request: Request, response: Response): void {
    const view = this.viewOf(request);
    const requestId = this.services.newId();
    const problem = toProblem(error, {
      language: view.language,
      requestId,
      onUnexpected: (cause) => this.services.log.error({ err: cause, requestId }, 'form failed'),
    });
    response.set({ ...problem.headers, 'x-request-id': requestId });
    if (problem.status === 404 && !wantsJson(request))
      this.send(response, { status: 404, page: renderNoForm(view), source: {} });
    else response.status(problem.status).send(JSON.stringify(problem.body));
  }
}

/** Whether a request to `/intake` may come from a form that the visitor is to get a page for. */
export const isOfForm = ({ method, headers }: IncomingMessage): boolean =>
  method === 'POST' && headers.accept?.includes('text/html') === true;

/** The hosted form of a source at `/forms/<source>`, pages for forms of somebody's own that post to `/intake/<source>`, and the script that embeds it. */
export function formRoutes(app: Express, services: Services, intake: Intake): void {
  const forms = new HostedForms(services, intake);
  const guarded =
    (serve: (request: Request, response: Response) => void | Promise<void>) =>
    async (request: Request, response: Response): Promise<void> => {
      try {
        await serve(request, response);
      } catch (error) {
        forms.refuse(error, request, response);
      }
    };
  for (const name of ['form.css', 'form.js'])
    app.get(`/forms/${name}`, (request, response) => forms.asset(name, request, response));
  app.get(
    ['/forms/:source/embed.js', '/forms/:tenant/:source/embed.js'],
    guarded((request, response) => forms.snippet(request, response)),
  );
  const addresses = ['/forms/:source', '/forms/:tenant/:source'];
  app.get(
    addresses,
    guarded((request, response) => forms.show(request, response)),
  );
  app.post(
    addresses,
    guarded(async (request, response) => await forms.receive(request, response)),
  );
  app.post(
    ['/intake/:source', '/intake/:tenant/:source'],
    guarded(async (request, response) => await forms.receiveOwn(request, response)),
  );
}
