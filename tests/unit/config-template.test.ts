import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LeitwerkError } from '../../core/errors.ts';
import { renderTemplate, renderText, type TemplateData } from '../../core/template.ts';
import { readTemplate } from '../../core/template-check.ts';
import { shippedFiles, shippedModel } from '../support/configuration.ts';
import { parse } from 'yaml';

const options = { language: 'de', timeZone: 'Europe/Berlin', currency: 'EUR' } as const;
const buildData = (record: Record<string, unknown> = {}): TemplateData => ({
  record: {
    title: 'Anfrage',
    lastName: 'Meyer',
    createdAt: '2026-03-02T09:00:00.000Z',
    budget: 1234.5,
    tags: ['a', 'b'],
    ...record,
  },
  company: { name: 'Firma' },
  url: 'https://leitwerk.example/leads/1',
});
const outcome = (work: () => unknown): unknown => {
  try {
    work();
    return undefined;
  } catch (error) {
    return error;
  }
};

const codes = (source: string): string[] => readTemplate(source).faults.map((fault) => fault.code);

describe('rendering a mail', () => {
  it('formats dates and amounts in the language of the mail', () => {
    const source = '{{date record.createdAt}} · {{date record.createdAt "time"}} · {{money record.budget}}';
    expect(renderText(source, buildData(), options)).toBe('02.03.2026 · 02.03.2026 10:00 Uhr · 1.234,50\u00a0€');
    expect(renderText(source, buildData(), { ...options, language: 'en' })).toBe(
      '2 Mar 2026 · 2 Mar 2026 10:00 · €1,234.50',
    );
  });

  it('leaves what the record does not have empty', () => {
    expect(
      renderText(
        '[{{record.phone}}][{{owner.name}}][{{activity.title}}][{{money record.score}}]',
        buildData(),
        options,
      ),
    ).toBe('[][][][]');
    expect(renderText('{{default record.phone "–"}}{{#if record.phone}}x{{else}}y{{/if}}', buildData(), options)).toBe(
      '–y',
    );
  });

  it('goes through lists', () => {
    expect(renderText('{{#each record.tags}}<{{this}}>{{/each}}', buildData(), options)).toBe('<a><b>');
    expect(codes('{{#each record.tags}}{{record.title}}{{/each}}')).toEqual(['scope']);
  });

  it('keeps values from becoming markup, headers or links', () => {
    const mail = renderTemplate(
      { subject: { de: '{{record.title}}', en: 'x' }, body: { de: '{{record.title}} {{url}}', en: 'x' } },
      buildData({ title: '<script>alert(1)</script>\r\nBcc: alle@firma.de {{company.name}}' }),
      options,
    );
    expect(mail.subject).toBe('<script>alert(1)</script> Bcc: alle@firma.de {{company.name}}');
    expect(mail.html).not.toContain('<script');
    expect(mail.html).toContain('&lt;script&gt;');
    expect(mail.html).toContain('<a href="https://leitwerk.example/leads/1">');
  });

  it('never lets a value bring a tag into the HTML or a line into the subject', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (title) => {
        const template = { subject: { de: 'A {{record.title}}', en: '' }, body: { de: 'B {{record.title}}', en: '' } };
        const mail = renderTemplate(template, buildData({ title }), options);
        expect(mail.html.replaceAll(/<\/?p>|<br>/g, '')).not.toMatch(/[<>]/);
        expect(mail.subject).not.toMatch(/[\r\n\u2028\u2029]/);
      }),
    );
  });

  it('renders every shipped template in both languages with a bare record', async () => {
    for (const file of (await shippedFiles()).filter((one) => one.kind === 'templates')) {
      for (const language of ['de', 'en'] as const) {
        const mail = renderTemplate(
          parse(file.text) as Parameters<typeof renderTemplate>[0],
          { record: { title: 'X' } },
          { ...options, language },
        );
        expect(mail.subject.length).toBeGreaterThan(3);
        expect(mail.text).not.toContain('{{');
      }
    }
  });

  it('stops a template that grows without measure', () => {
    const long = Array.from({ length: 500 }, () => 'y'.repeat(1_000));
    const many = Array.from({ length: 60 }, () => Array.from({ length: 60 }, () => 'x'));
    const nested = '{{#each record.tags}}{{#each this}}{{this}}{{/each}}{{/each}}';
    expect(() => renderText('{{#each record.tags}}{{this}}{{/each}}', buildData({ tags: long }), options)).toThrow(
      'too long',
    );
    expect(() => renderText(nested, buildData({ tags: many }), options)).toThrow('too long');
    expect(() => renderText('{{record.title}}', buildData({ title: 'y'.repeat(300_000) }), options)).toThrow(
      'too long',
    );
  });
});

describe('templates are inert (S12)', () => {
  it.each([
    ['{{{record.title}}}', 'unescaped'],
    ['{{&record.title}}', 'unescaped'],
    ['{{> partial}}', 'statement'],
    ['{{#*inline "a"}}{{/inline}}', 'statement'],
    ['{{constructor}}', 'unknown'],
    ['{{alert.missing}}', 'unknown'],
    ['{{record.constructor.constructor}}', 'path'],
    ['{{record.__proto__.x}}', 'path'],
    ['{{lookup record "constructor"}}', 'helper'],
    ['{{log record.title}}', 'helper'],
    ['{{#with record}}{{title}}{{/with}}', 'block'],
    ['{{@root.record}}', 'path'],
    ['{{../record}}', 'path'],
    ['{{#each record.tags as |tag|}}{{tag}}{{/each}}', 'block'],
    ['{{date record.createdAt zone="UTC"}}', 'hash'],
    ['{{#if record.a}}', 'syntax'],
    ['{{record.title', 'syntax'],
    [`${'{{#if record.a}}'.repeat(7)}${'{{/if}}'.repeat(7)}`, 'tooDeep'],
    ['x'.repeat(20_001), 'tooLarge'],
    ['{{url}}'.repeat(1_001), 'tooLarge'],
  ])('refuses %s', (source, code) => {
    expect(codes(source)).toContain(code);
    expect(() => renderText(source, buildData(), options)).toThrow(LeitwerkError);
  });

  it.each([
    ['a\n{{record.title}', '2: Ein „{{“ wird nicht mit „}}“ geschlossen.'],
    ['{{#if url}}x', '1: Die Vorlage endet, bevor ein „#if“, „#unless“ oder „#each“ geschlossen ist.'],
    ['{{#if url}}x{{/each}}', '1: „{{#if}}“ wird mit „{{/each}}“ geschlossen.'],
    ['{{/if}}', '1: „{{/…}}“ schließt nichts, was offen ist.'],
    ['{{}}', '1: „}}“ steht hier zu früh.'],
    ['{{else}}', '1: „{{else}}“ gehört einmal in ein „#if“, „#unless“ oder „#each“.'],
    ['{{record/../x}}', '1: Das ist nicht lesbar: „Invalid path: record/.. - 1:2“'],
  ])('says in German what is wrong with %j', (source, sentence) => {
    expect(readTemplate(source).faults.map(({ text }) => text.de)).toEqual([`Vorlage Zeile ${sentence}`]);
  });

  it('knows the fields of the entity when the template names one', async () => {
    const model = await shippedModel('lead');
    expect(readTemplate('{{record.titel}}', model).faults[0]?.text.de).toBe(
      'Vorlage Zeile 1: „record.titel“ gibt es nicht. Gemeint war „record.title“?',
    );
    expect(readTemplate('{{record.tenantId}}', model).faults.map((fault) => fault.code)).toEqual(['unknown']);
  });

  it('never throws anything but a catalogue error, whatever the source', () => {
    const source = fc.stringMatching(/^[{}#/&>!@.~|="'a-c 0-9]{0,40}$/).map((text) => `{{${text}}}`);
    fc.assert(
      fc.property(source, (text) => {
        const isKnown = (error: unknown): boolean => error instanceof LeitwerkError;
        expect(outcome(() => renderText(text, buildData(), options))).toSatisfy(
          (error) => error === undefined || isKnown(error),
        );
      }),
    );
  });
});
