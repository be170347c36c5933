import { AxeBuilder } from '@axe-core/playwright';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, BrowserContextOptions, FrameLocator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { startChromium } from '../support/chromium.ts';
import { createFormWorld, type FormWorld } from '../support/forms.ts';

const chromiumPath = inject('chromiumPath');

/** A company's own page, with the snippet in it. */
const servePage = async (markup: string): Promise<{ url: string; server: Server }> => {
  const server = createServer(
    (_request, response) => void response.setHeader('content-type', 'text/html; charset=utf-8').end(markup),
  );
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, server };
};

const fillIn = async (form: Page | FrameLocator, lastName: string): Promise<void> => {
  await form.getByLabel('Last name').fill(lastName);
  await form.getByLabel('E-mail').fill('meyer@example.org');
  await form.getByLabel('Message').fill('Hello');
  await form.getByLabel('I have read').check();
};

describe.skipIf(chromiumPath === undefined)('the hosted form in a browser', () => {
  let world: FormWorld;
  let browser: Browser;
  let page: Page;
  const complaints: string[] = [];

  const openPage = async (options: BrowserContextOptions = {}): Promise<Page> => {
    const opened = await (await browser.newContext(options)).newPage();
    opened.on(
      'console',
      (message) => void (['error', 'warning'].includes(message.type()) && complaints.push(message.text())),
    );
    opened.on('pageerror', (error) => void complaints.push(error.message));
    return opened;
  };
  const leads = async (lastName: string): Promise<readonly object[]> =>
    await world.records('leads', `lastName = "${lastName}"`);

  beforeAll(async () => {
    world = await createFormWorld();
    browser = await startChromium(chromiumPath ?? '');
  });
  afterAll(async () => {
    await browser.close();
    await world.close();
  });
  beforeEach(async () => {
    complaints.length = 0;
    page = await openPage();
  });
  afterEach(async () => await page.context().close());

  it('sends in place and thanks without another page', async () => {
    await page.goto(`${world.app.url}/forms/angebot?lang=en`);
    await fillIn(page, 'Inplace');
    await page
      .getByLabel('Plans')
      .setInputFiles([{ name: 'plan.txt', mimeType: 'text/plain', buffer: Buffer.from('plan') }]);
    await page.getByRole('button', { name: 'Send' }).click();
    await page.getByText('Thank you for your request.').waitFor();
    expect(page.url()).toBe(`${world.app.url}/forms/angebot?lang=en`);
    expect(await leads('Inplace')).toHaveLength(1);
    expect(complaints).toEqual([]);
  });

  it('says what is missing before it sends, and what the server finds after', async () => {
    await page.goto(`${world.app.url}/forms/angebot?lang=en`);
    await page.getByRole('button', { name: 'Send' }).click();
    expect(await page.getByRole('alert').innerText()).toContain('Last name: Please fill this in.');
    expect(await page.evaluate('document.activeElement.id')).toBe('faults');
    await page.getByRole('alert').getByRole('link', { name: 'Consent' }).click();
    expect(await page.evaluate('document.activeElement.id')).toBe('f-consent');
    await fillIn(page, 'Nachgebessert');
    await page.getByLabel('Expected budget').fill('a lot');
    await page.getByRole('button', { name: 'Send' }).click();
    await page.getByText('"a lot" is not an amount of money.').first().waitFor();
    expect(await page.getByLabel('Expected budget').getAttribute('aria-invalid')).toBe('true');
    expect(await page.getByLabel('Last name').getAttribute('aria-invalid')).toBeNull();
    await page.getByLabel('Expected budget').fill('1,500.50');
    await page.getByRole('button', { name: 'Send' }).click();
    await page.getByText('Thank you for your request.').waitFor();
    expect(await leads('Nachgebessert')).toMatchObject([{ budget: 1500.5 }]);
  });

  it('makes one lead of a double click, and of a second try after the answer was lost', async () => {
    await page.goto(`${world.app.url}/forms/angebot?lang=en`);
    await fillIn(page, 'Ungeduld');
    let isLost = true;
    await page.route('**/forms/angebot?lang=en', async (route) => {
      await route.fetch();
      if (isLost) await route.abort();
      else await route.continue();
      isLost = false;
    });
    await page.getByRole('button', { name: 'Send' }).dblclick();
    await page.getByText('No connection. Your details are still here; please send again.').waitFor();
    await page.getByRole('button', { name: 'Send' }).click();
    await page.getByText('Thank you for your request.').waitFor();
    expect(await leads('Ungeduld')).toHaveLength(1);
  });

  it('works with scripts switched off', async () => {
    const plain = await openPage({ javaScriptEnabled: false });
    await plain.goto(`${world.app.url}/forms/angebot?lang=en`);
    await fillIn(plain, 'Ohneskript');
    await plain.getByLabel('Expected budget').fill('a lot');
    await plain.getByRole('button', { name: 'Send' }).click();
    expect(await plain.getByRole('alert').innerText()).toContain('"a lot" is not an amount of money.');
    expect(await plain.getByLabel('Last name').inputValue()).toBe('Ohneskript');
    await plain.getByLabel('Expected budget').fill('1500');
    await plain.getByRole('button', { name: 'Send' }).click();
    await plain.getByText('Thank you for your request.').waitFor();
    expect(await leads('Ohneskript')).toHaveLength(1);
    await plain.context().close();
  });

  it('stands in a page of someone else, as high as it needs to be, and sends from there', async () => {
    const { url, server } = await servePage(
      `<!doctype html><html lang="en"><body><p>before</p><script src="${world.app.url}/forms/angebot/embed.js" data-theme="light" async></script><p>after</p></body></html>`,
    );
    try {
      await page.goto(url);
      const frame = page.frameLocator('iframe[title="Request a quote"]');
      await fillIn(frame, 'Eingebettet');
      const [outer, inner] = [await page.locator('iframe').boundingBox(), await frame.locator('body').boundingBox()];
      expect(inner?.height).toBeGreaterThan(500);
      expect(Math.abs((outer?.height ?? 0) - (inner?.height ?? 0))).toBeLessThan(2);
      await frame.getByRole('button', { name: 'Send' }).click();
      await frame.getByText('Thank you for your request.').waitFor();
      expect(await leads('Eingebettet')).toHaveLength(1);
      expect(complaints).toEqual([]);
    } finally {
      server.close();
    }
  });

  it('does not stand in a page that its source does not list', async () => {
    const { url, server } = await servePage(
      `<!doctype html><body><script src="${world.app.url}/forms/geschlossen/embed.js"></script></body>`,
    );
    try {
      await page.goto(url);
      await expect.poll(() => complaints.join('\n')).toContain('frame-ancestors');
    } finally {
      server.close();
    }
  });

  it.each([
    ['light', 1440],
    ['dark', 1440],
    ['light', 390],
    ['dark', 390],
  ] as const)('has no fault that axe finds: %s, %i wide', async (colorScheme, width) => {
    const looked = await openPage({ colorScheme, viewport: { width, height: 900 } });
    await looked.goto(`${world.app.url}/forms/angebot?lang=de`);
    await looked.getByRole('button', { name: 'Absenden' }).click();
    const { violations } = await new AxeBuilder({ page: looked }).analyze();
    expect(violations.map(({ id, nodes }) => [id, nodes.map(({ target }) => target)])).toEqual([]);
    expect(await looked.evaluate('document.documentElement.scrollWidth <= window.innerWidth')).toBe(true);
    await looked.context().close();
  });
});
