import AxeBuilder from '@axe-core/playwright';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { inject } from 'vitest';
import { startApp, type App } from '../support/app.ts';
import { startChromium } from '../support/chromium.ts';
import '../support/provided.ts';

export const password = 'kaffee regen laterne 7';
export const admin = { name: 'Jana Köhler', email: 'jana@example.com' };

/** What a page did that it must not do: errors, blocked content, requests to elsewhere. */
export interface Watched {
  readonly page: Page;
  readonly faults: readonly string[];
}

interface WindowOptions {
  readonly width?: number;
  readonly theme?: 'light' | 'dark';
  readonly language?: 'de' | 'en';
  /** Cookies of a window that is signed in. */
  readonly like?: Page;
}

interface ApiRequest {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
}

/** The real app, the real browser, and ways to look at both. */
export interface World {
  readonly app: App;
  open(path: string, options?: WindowOptions): Promise<Watched>;
  /** Posts a lead as the website would; answers its id. */
  postLead(lead?: Readonly<Record<string, unknown>>): Promise<string>;
  /** Calls the API as the person who is signed in in this window. */
  call(page: Page, request: ApiRequest): Promise<{ readonly status: number; readonly body: unknown }>;
  close(): Promise<void>;
}

const watch = (page: Page, url: string): Watched => {
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(`error: ${error.message}`));
  page.on('console', (message) => {
    if (message.text().startsWith('CSP ')) faults.push(message.text());
  });
  page.on('request', (request) => {
    if (/^https?:/.test(request.url()) && !request.url().startsWith(url)) faults.push(`request to ${request.url()}`);
  });
  return { page, faults };
};

const newContext = async (browser: Browser, options: WindowOptions): Promise<BrowserContext> => {
  const { width = 1440, theme = 'light', language = 'de', like } = options;
  const context = await browser.newContext({
    viewport: { width, height: width < 600 ? 844 : 900 },
    colorScheme: theme,
    ...(like === undefined ? {} : { storageState: await like.context().storageState() }),
  });
  // Text, not functions: this runs in the page, whose types the tests do not have.
  const content = `
    localStorage.setItem('leitwerk-language', '${language}');
    document.addEventListener('securitypolicyviolation', (event) => {
      console.error('CSP ' + event.violatedDirective + ' ' + event.blockedURI);
    });`;
  await context.addInitScript({ content });
  return context;
};

/** False where Chromium is not installed: the files are skipped then, which CI does not accept. */
export const hasBrowser = (): boolean => inject('chromiumPath') !== undefined;

/** Starts the app on an empty data folder, and a browser. */
export async function createWorld(env: Readonly<Record<string, string>> = {}): Promise<World> {
  const browser = await startChromium(inject('chromiumPath') ?? '');
  const app = await startApp({ env });
  let leads = 0;
  return {
    app,
    open: async (path, options = {}) => {
      const page = await (await newContext(browser, options)).newPage();
      const watched = watch(page, app.url);
      await page.goto(`${app.url}${path}`);
      return watched;
    },
    postLead: async (lead = {}) => {
      leads += 1;
      const body = {
        title: `Anfrage ${leads}`,
        firstName: 'Erika',
        lastName: `Beispiel${leads}`,
        email: `e${leads}@example.com`,
        message: 'Bitte melden.',
        ...lead,
      };
      const response = await fetch(`${app.url}/intake/webformular`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      const answer = (await response.json()) as { lead?: string };
      if (answer.lead === undefined) throw new Error(`the lead was not taken: ${JSON.stringify(answer)}`);
      return answer.lead;
    },
    call: async (page, { method, path, body }) =>
      await page.evaluate(
        async ([verb, address, text]) => {
          const response = await fetch(`/api/v1${address}`, {
            method: verb,
            ...(text === '' ? {} : { body: text, headers: { 'content-type': 'application/json' } }),
          });
          return { status: response.status, body: (await response.json().catch(() => undefined)) as unknown };
        },
        [method, path, body === undefined ? '' : JSON.stringify(body)] as const,
      ),
    close: async () => {
      await browser.close();
      await app.stop();
      await app.clear();
    },
  };
}

/** Goes through the first-run set-up with the link from the console; ends in the inbox, signed in. */
export async function setUp(world: World): Promise<Page> {
  const link = (await world.app.line(/^set up /)).replace('set up ', '').trim();
  const { page } = await world.open(link.slice(world.app.url.length));
  await page.getByLabel('Name Ihrer Firma').fill('Köhler & Söhne');
  await page.getByLabel('Ihr Name').fill(admin.name);
  await page.getByLabel('Ihre E-Mail-Adresse').fill(admin.email);
  await page.getByLabel('Passwort', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Einrichten und anmelden' }).click();
  await page.waitForURL(/\/inbox/);
  return page;
}

/** Serious and critical findings of axe on what the page shows now, as text. */
export async function findBarriers(page: Page, only?: 'colours'): Promise<string[]> {
  const axe = new AxeBuilder({ page });
  const { violations } = await (
    only === undefined ? axe : axe.withRules(['color-contrast', 'link-in-text-block'])
  ).analyze();
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 120)).join(' | ')}`);
}
