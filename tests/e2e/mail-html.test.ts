import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { createMailParser } from '../../connectors/mail/index.ts';
import { corpusMail, corpusNames } from '../corpus/mail/read.ts';
import { startChromium } from '../support/chromium.ts';
import { hasBrowser } from './world.ts';

const parser = createMailParser({ deadlineMs: 30_000, memoryMb: 256 });
let browser: Browser;

beforeAll(async () => {
  if (hasBrowser()) browser = await startChromium(inject('chromiumPath') ?? '');
});

afterAll(async () => {
  await browser?.close();
  await parser.close();
});

/** Opens HTML in a page without any of our own protection, and tells what it asked for and whether it ran. */
const openPage = async (html: string): Promise<{ requests: string[]; title: string; scripts: number }> => {
  const page = await browser.newPage();
  const requests: string[] = [];
  await page.route('**/*', async (route) => await route.fulfill({ body: '' }));
  page.on('request', (request) => {
    if (!request.url().startsWith('data:image/')) requests.push(request.url());
  });
  try {
    await page.setContent(`<title>sicher</title>${html}`, { waitUntil: 'networkidle' });
    // Whatever waits for a person to do something is done.
    await page.evaluate(`for (const element of document.querySelectorAll('body *')) {
      element.dispatchEvent(new Event('error'));
      element.focus?.();
    }`);
    const scripts = await page.locator('script, iframe, object, embed, form, style, link, meta, base').count();
    return {
      requests,
      title: await page.title(),
      scripts: scripts - (await page.locator('head > *:not(title)').count()),
    };
  } finally {
    await page.close();
  }
};

describe.runIf(hasBrowser())('HTML of mails in a browser (S17)', () => {
  it('would load and run as it was sent, so that this test can fail', async () => {
    const raw = corpusMail('html-attack').toString();
    // Without the one that leaves the page.
    const opened = await openPage(raw.slice(raw.indexOf('<html>')).replace(/<meta http-equiv="refresh"[^>]*>/, ''));
    expect(opened.requests.length).toBeGreaterThan(10);
    expect(opened.title).toBe('hacked');
  });

  it('loads nothing and runs nothing, in any mail of the corpus', async () => {
    const mails = await Promise.all(corpusNames.map(async (name) => await parser.parse(corpusMail(name))));
    const shown = mails.flatMap(({ html }) => html ?? []);
    expect(shown.length).toBeGreaterThan(8);
    expect(await openPage(shown.join('<hr>'))).toEqual({ requests: [], title: 'sicher', scripts: 0 });
  });
});
