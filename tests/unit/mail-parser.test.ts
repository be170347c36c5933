import { describe, expect, it } from 'vitest';
import { createMailParser, MailParseError, type MailParser } from '../../connectors/mail/index.ts';
import { mailWithHtml, mailWithParts, mailWithText } from '../corpus/mail/builders.ts';

const failureOf = async (work: Promise<unknown>): Promise<unknown> =>
  await work.then(
    () => 'no failure',
    (error: unknown) => (error instanceof MailParseError ? error.reason : error),
  );

const using = async (parser: MailParser, work: (parser: MailParser) => Promise<void>): Promise<void> => {
  try {
    await work(parser);
  } finally {
    await parser.close();
  }
};

describe('the thread that reads mails', { timeout: 60_000 }, () => {
  it('answers each mail to its caller, however many wait', async () => {
    await using(createMailParser({ deadlineMs: 30_000, memoryMb: 256 }), async ({ parse }) => {
      const texts = Array.from({ length: 20 }, (_, index) => `Text ${index}`);
      const mails = await Promise.all(texts.map(async (text) => await parse(mailWithText(text))));
      expect(mails.map(({ text }) => text)).toEqual(texts);
    });
  });

  it('leaves the raw mail to its owner', async () => {
    await using(createMailParser({ deadlineMs: 30_000, memoryMb: 256 }), async ({ parse }) => {
      const raw = mailWithText('Text');
      await parse(raw);
      expect(raw.toString()).toContain('Anna Muster');
    });
  });

  it('takes the memory of a mail that is given away, except where others share it', async () => {
    await using(createMailParser({ deadlineMs: 30_000, memoryMb: 256 }), async ({ parse }) => {
      const own = Uint8Array.from(mailWithText('eigen'));
      const shared = Uint8Array.from([...mailWithText('geteilt'), 0]).subarray(0, -1);
      const mails = [await parse(own, { isGivenAway: true }), await parse(shared, { isGivenAway: true })];
      expect(mails.map(({ text }) => text)).toEqual(['eigen', 'geteilt']);
      expect(own.byteLength).toBe(0);
      expect(Buffer.from(shared).toString()).toContain('geteilt');
    });
  });

  it('gives a mail up at its deadline, and the next gets a thread of its own', async () => {
    await using(createMailParser({ deadlineMs: 1, memoryMb: 256 }), async ({ parse }) => {
      const both = [parse(mailWithParts(1_000)), parse(mailWithText('Text'))].map(failureOf);
      expect(await Promise.all(both)).toEqual(['deadline', 'deadline']);
    });
  });

  it('survives a mail that takes all memory, and reads the next', async () => {
    await using(createMailParser({ deadlineMs: 30_000, memoryMb: 64 }), async ({ parse }) => {
      const bomb = parse(mailWithHtml('<p title="ü">&amp;<b>x</b></p>'.repeat(65_000)));
      const next = parse(mailWithText('danach'));
      expect(await failureOf(bomb)).toBe('memory');
      expect((await next).text).toBe('danach');
    });
  });

  it('says to those who wait that it ends', async () => {
    const parser = createMailParser({ deadlineMs: 30_000, memoryMb: 256 });
    const waiting = [parser.parse(mailWithText('a')), parser.parse(mailWithText('b'))].map(failureOf);
    await parser.close();
    expect(await Promise.all(waiting)).toEqual(['closed', 'closed']);
    expect(await failureOf(parser.parse(mailWithText('c')))).toBe('closed');
  });
});
