import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { createMailParser } from '../../connectors/mail/index.ts';
import { shownMail } from '../../server/mail/shown-mail.ts';
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

/** A mail of the corpus as the API answers it, with its pictures. */
const shownHtml = async (name: string): Promise<string[]> => {
  const { html, attachments } = await parser.parse(corpusMail(name));
  const stored = attachments.map((file, index) => ({ ...file, name: file.fileName, blob: `${index}` }));
  const blobs = {
    get: async (blob: string) => await Promise.resolve(stored[Number(blob)]?.content ?? new Uint8Array()),
  };
  const shown = await shownMail({ mailBody: { text: '', html }, attachments: stored }, blobs);
  return typeof shown['html'] === 'string' ? [shown['html']] : [];
};

interface Opened {
  readonly requests: readonly string[];
  readonly title: string;
  readonly scripts: number;
  /** Widths of the pictures that could be drawn. */
  readonly pictures: readonly number[];
}

/** Opens HTML in a page without any of our own protection, and tells what it asked for and whether it ran. */
const openPage = async (html: string): Promise<Opened> => {
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
      pictures: await page.evaluate<number[]>(
        '[...document.images].map(({ naturalWidth }) => naturalWidth).filter((width) => width > 0)',
      ),
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
    const shown = (await Promise.all(corpusNames.map(shownHtml))).flat();
    expect(shown.length).toBeGreaterThan(8);
    const opened = await openPage(shown.join('<hr>'));
    expect(opened).toMatchObject({ requests: [], title: 'sicher', scripts: 0 });
    expect(opened.pictures).toEqual([1]);
  });
});
