import { afterAll, describe, expect, it } from 'vitest';
import { createMailParser } from '../../connectors/mail/index.ts';
import { LeitwerkError } from '../../core/errors.ts';
import { parseJson } from '../../core/json.ts';
import {
  classifyMail,
  contactOf,
  formFieldsOf,
  ownText,
  unwrapForwarded,
  type ParsedMail,
} from '../../core/mail/index.ts';
import { corpusMail, corpusNames } from '../corpus/mail/read.ts';
import { mutated } from '../support/mutate.ts';
import { chooseSeed, createRandom, type Random } from '../support/random.ts';

const seed = chooseSeed();
/** `FUZZ_RUNS=20000 SEED=…` for a night's run; few enough for every run of the tests otherwise. */
const runs = Number(process.env['FUZZ_RUNS'] ?? 400);

const parser = createMailParser({ deadlineMs: 30_000, memoryMb: 512 });
afterAll(async () => await parser.close());

/** What parsers stumble over. */
const tokens = [
  '\r\n\r\n',
  '\n',
  '\r',
  '\0',
  '\ufeff',
  ':',
  ';',
  '"',
  '\\',
  '(',
  '<',
  '>',
  '=',
  '--',
  '\r\n--b\r\n',
  '\r\n--b--\r\n',
  ' '.repeat(1_100),
  '=?utf-8?b?',
  '=?utf-7?q?+ADw-?=',
  '?=',
  '=?x?y?z?=',
  'Content-Type: multipart/mixed; boundary=b\r\n',
  'Content-Type: message/rfc822\r\n\r\n',
  'Content-Type: text/html; charset=utf-16\r\n',
  'Content-Transfer-Encoding: base64\r\n',
  "filename*0*=utf-8''%ff%",
  'charset="',
  'From: ',
  'To: a,',
  '<script>',
  '<img src=http://tracker.example/x onerror=alert(1)>',
  '<style>@import url(//x)',
  '<!--',
  '<table><tr><td>',
  'data:text/html,',
  'Von: a <b@example.com>\nGesendet: x\n',
  '> ',
  'Am 1.1.2026 schrieb x:\n',
  'Name: x\n',
  '\u202e',
  '\ud83c\udf89',
].map((token) => Buffer.from(token));

const other = (random: Random): Buffer => corpusMail(random.pick(corpusNames));

const understand = (mail: ParsedMail): void => {
  classifyMail(mail);
  contactOf(mail);
  formFieldsOf(mail);
  ownText(mail);
  unwrapForwarded(mail);
};

const isDangerousAttribute = (name: string, value: string): boolean => {
  if (name === 'src') return !/^data:image\/(?:png|jpeg|gif|webp);base64,/.test(value);
  if (name === 'href') return !/^(?:https?:|mailto:|tel:)/i.test(value);
  return (
    /^on|^(?:srcset|background|poster|action|formaction|xlink:href)$/i.test(name) ||
    (name === 'style' && /url|@|expression/i.test(value))
  );
};

/** Tags that run or load, and attributes that do, in HTML as a sanitiser writes it: values in quotes, `<` and `>` escaped. */
const dangersIn = (html: string): string[] =>
  Array.from(html.matchAll(/<([a-z][\w-]*)([^<>]*)>/gi)).flatMap(([whole, tag = '', attributes = '']) => {
    if (/^(?:script|iframe|object|embed|form|link|meta|base|style|svg|video|audio)$/i.test(tag)) return [whole];
    const pairs = Array.from(attributes.matchAll(/([\w:-]+)="([^"]*)"/g));
    return pairs.some(([, name = '', value = '']) => isDangerousAttribute(name, value)) ? [whole] : [];
  });

describe(`mutated input (R24), SEED=${seed}`, () => {
  it(
    `${runs} mails: each is read, or says why not; nothing dangerous is in what is shown`,
    { timeout: 10_000 + runs * 100 },
    async () => {
      const random = createRandom(seed);
      for (let run = 0; run < runs; run += 1) {
        const name = random.pick(corpusNames);
        const raw = mutated(random, corpusMail(name), { tokens, other });
        const what = `run ${run} of SEED=${seed}, from ${name}`;
        const mail = await parser.parse(raw);
        understand(mail);
        expect(dangersIn(mail.html ?? ''), what).toEqual([]);
        const hasContent = mail.text !== '' || mail.html !== null || mail.attachments.length > 0 || mail.subject !== '';
        expect(hasContent || mail.doubts.length > 0, what).toBe(true);
      }
    },
  );

  it(`${runs} JSON bodies: each is read or refused as unreadable`, () => {
    const random = createRandom(seed);
    const start = Buffer.from(
      JSON.stringify({ name: 'Müller', list: [1, 2.5, null, true], deep: { a: { b: ['x'] } }, text: '\u2028"\\' }),
    );
    const pieces = [
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"',
      '\\u0000',
      '\\ud800',
      '1e999',
      '-0',
      'null',
      '"__proto__":{}',
      '[['.repeat(60),
      '\0',
    ].map((one) => Buffer.from(one));
    for (let run = 0; run < runs; run += 1) {
      let raw = start;
      for (let changes = random.below(5); changes > 0; changes -= 1) {
        const at = random.below(raw.length + 1);
        raw = Buffer.concat([raw.subarray(0, at), random.pick(pieces), raw.subarray(at + random.below(4))]);
      }
      try {
        expect(JSON.stringify(parseJson(raw))).not.toContain('__proto__');
      } catch (error) {
        expect(error, `run ${run} of SEED=${seed}`).toBeInstanceOf(LeitwerkError);
        expect(error).toMatchObject({ code: 'Unreadable' });
      }
    }
  });
});
