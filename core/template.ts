import Handlebars from 'handlebars';
import { DateTime } from 'luxon';
import { LeitwerkError, messageOf, type Language, type Text } from './errors.ts';
import type { ErrorRate, Silence } from './source-watch.ts';
import { readTemplate } from './template-check.ts';

/** Value of config kind `templates`. */
export interface TemplateConfig {
  readonly entity?: string;
  readonly subject: Text;
  readonly body: Text;
}

/** What a template may speak of; what is missing here stays empty. Names outside of this are refused. */
export interface TemplateData {
  readonly record: Readonly<Record<string, unknown>>;
  readonly owner?: { readonly name: string; readonly email: string } | undefined;
  /** Value of config kind `company`, its address flattened. */
  readonly company?: Readonly<Record<string, unknown>> | undefined;
  readonly stage?: { readonly key: string; readonly label: string } | undefined;
  readonly activity?: { readonly title: string; readonly dueAt?: string | null } | undefined;
  /** Of an alert: the source that somebody is told of, and why. */
  readonly source?: { readonly key: string; readonly label: string } | undefined;
  readonly alert?: TemplateAlert | undefined;
  /** Address of the record in the app; of an alert, that of the source's messages. */
  readonly url?: string | undefined;
}

/** What was found about a source (`core/source-watch.ts`), and all of it in a sentence. */
export interface TemplateAlert extends Partial<Omit<Silence, 'kind'> & Omit<ErrorRate, 'kind'>> {
  readonly text: string;
}

export interface TemplateOptions {
  readonly language: Language;
  readonly timeZone: string;
  /** ISO 4217, for `money`. */
  readonly currency: string;
}

export interface RenderedMail {
  /** One line. */
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

const limits = { rounds: 2_000, characters: 200_000 };

const tooLong = (): LeitwerkError =>
  new LeitwerkError('InvalidInput', {
    text: { de: 'Die Vorlage ergibt einen zu langen Text.', en: 'The template makes too long a text.' },
  });

const formatDate = (value: unknown, withTime: boolean, { language, timeZone }: TemplateOptions): string => {
  const at = typeof value === 'string' ? DateTime.fromISO(value, { zone: timeZone, locale: language }) : undefined;
  if (at?.isValid !== true) return '';
  if (language === 'de') return at.toFormat(withTime ? "dd.MM.yyyy HH:mm 'Uhr'" : 'dd.MM.yyyy');
  return at.toFormat(withTime ? 'd MMM yyyy HH:mm' : 'd MMM yyyy');
};

const formatMoney = (value: unknown, { language, currency }: TemplateOptions): string =>
  typeof value === 'number'
    ? new Intl.NumberFormat(language === 'de' ? 'de-DE' : 'en-GB', { style: 'currency', currency }).format(value)
    : '';

const isBlank = (value: unknown): boolean => value === null || value === undefined || value === '';

/** The only helpers there are; `each` counts, so that no template runs long or large. */
const helpersOf = (options: TemplateOptions): Record<string, Handlebars.HelperDelegate> => {
  let rounds = 0;
  let characters = 0;
  return {
    date: (value: unknown, form: unknown) => formatDate(value, form === 'time', options),
    money: (value: unknown) => formatMoney(value, options),
    default: (value: unknown, other: unknown) => (isBlank(value) ? other : value),
    each: (list: unknown, block: Handlebars.HelperOptions) => {
      const items: readonly unknown[] = Array.isArray(list) ? list : [];
      if (items.length === 0) return block.inverse({});
      const parts = items.map((item) => {
        rounds += 1;
        const part = block.fn(item);
        characters += part.length;
        if (rounds > limits.rounds || characters > limits.characters) throw tooLong();
        return part;
      });
      return parts.join('');
    },
  };
};

/** Gives every path that the template names a value, so that strict mode refuses unknown names but not empty fields. */
const withPaths = (data: TemplateData, paths: readonly (readonly string[])[]): Record<string, unknown> => {
  const filled: Record<string, unknown> = { ...data };
  for (const [root = '', member] of paths) {
    if (member === undefined) filled[root] ??= null;
    else filled[root] = { [member]: null, ...(filled[root] as object | undefined) };
  }
  return filled;
};

/** An entry of a list may lack what the template names of it. */
const strictly = (render: () => string): string => {
  try {
    return render();
  } catch (error) {
    if (error instanceof LeitwerkError) throw error;
    const message = messageOf(error);
    const text = {
      de: `Die Vorlage lässt sich nicht füllen: ${message}`,
      en: `The template cannot be filled: ${message}`,
    };
    throw new LeitwerkError('InvalidInput', { text, cause: error });
  }
};

/**
 * Renders plain text: nothing is escaped because nothing is markup yet.
 * @throws LeitwerkError `InvalidInput` when the source is not an allowed template or its text grows too long.
 */
export function renderText(source: string, data: TemplateData, options: TemplateOptions): string {
  const { faults, paths } = readTemplate(source);
  const [first] = faults;
  if (first !== undefined) throw new LeitwerkError('InvalidInput', { text: first.text });
  const knownHelpers = { date: true, money: true, default: true };
  const render = Handlebars.create().compile(source, {
    strict: true,
    noEscape: true,
    knownHelpers,
    knownHelpersOnly: true,
  });
  const text = strictly(() => render(withPaths(data, paths), { helpers: helpersOf(options) }));
  if (text.length > limits.characters) throw tooLong();
  return text;
}

const escapeHtml = (text: string): string => Handlebars.escapeExpression(text);

const toHtml = (text: string, url: string | undefined): string => {
  const paragraphs = escapeHtml(text.trim())
    .split(/\n{2,}/)
    .map((paragraph) => `<p>${paragraph.replaceAll('\n', '<br>\n')}</p>`);
  const html = paragraphs.join('\n');
  if (url === undefined || !/^https?:\/\//.test(url)) return html;
  const link = escapeHtml(url);
  return html.replaceAll(link, () => `<a href="${link}">${link}</a>`);
};

/**
 * Renders a mail in one language. The HTML is made from the finished plain text by escaping all of it,
 * so neither a template nor a value in it can bring markup in. The subject is one line whatever the values hold.
 * @throws LeitwerkError `InvalidInput` as `renderText`.
 */
export function renderTemplate(template: TemplateConfig, data: TemplateData, options: TemplateOptions): RenderedMail {
  const subject = renderText(template.subject[options.language], data, options)
    .replaceAll(/[\p{Cc}\u2028\u2029]+/gu, ' ')
    .trim()
    .slice(0, 250);
  const text = `${renderText(template.body[options.language], data, options).trim()}\n`;
  return { subject, text, html: toHtml(text, data.url) };
}
