/** Markup that may stand in a page as it is; anything else is escaped. */
export interface Html {
  readonly markup: string;
}

type Part = string | number | Html | undefined | false | readonly Part[];

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

const escaped = (text: string): string => text.replaceAll(/[&<>"']/g, (character) => entities[character] ?? '');

const toMarkup = (part: Part): string => {
  if (part === undefined || part === false) return '';
  if (typeof part === 'string' || typeof part === 'number') return escaped(String(part));
  return 'markup' in part ? part.markup : part.map(toMarkup).join('');
};

/** Markup with everything put in escaped: ``html`<p title="${title}">${text}</p>` ``. Attributes must be quoted. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return { markup: strings.map((text, index) => text + toMarkup(parts[index])).join('') };
}

const link = /\[([^\]\n]{1,200})\]\((https?:\/\/[^\s()<>"]{1,500})\)/g;

/** A text of an admin: escaped, with `[words](https://…)` as a link, which opens beside the form. */
export function withLinks(text: string): Html {
  const parts: Html[] = [];
  let end = 0;
  for (const match of text.matchAll(link)) {
    parts.push(html`${text.slice(end, match.index)}<a href="${match[2]}" target="_blank" rel="noopener noreferrer">${match[1]}</a>`);
    end = match.index + match[0].length;
  }
  return html`${parts}${text.slice(end)}`;
}

/** Blank lines part paragraphs. */
export function paragraphs(text: string): Html {
  const blocks = text.split(/\n\s*\n/).filter((block) => block.trim() !== '');
  return html`${blocks.map((block) => html`<p>${withLinks(block.trim())}</p>`)}`;
}
