/** Markup that may stand in a page as it is; anything else is escaped. */
export interface Html {
  readonly html: string;
}

type Part = string | number | Html | undefined | false | readonly Part[];

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const escaped = (text: string): string => text.replaceAll(/[&<>"']/g, (character) => entities[character] ?? '');

const toMarkup = (part: Part): string => {
  if (part === undefined || part === false) return '';
  if (typeof part === 'string' || typeof part === 'number') return escaped(String(part));
  return 'html' in part ? part.html : part.map(toMarkup).join('');
};

/**
 * Markup with everything put in escaped: ``markup`<p title="${title}">${text}</p>` ``. Attributes must be quoted.
 * Not called `html`, by which formatters know templates whose blanks they may move: blanks are text in what visitors typed.
 */
export function markup(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return { html: strings.map((text, index) => text + toMarkup(parts[index])).join('') };
}

const link = /\[([^\]\n]{1,200})\]\((https?:\/\/[^\s()<>"]{1,500})\)/g;

/** A text of an admin: escaped, with `[words](https://…)` as a link, which opens beside the form. */
export function withLinks(text: string): Html {
  const parts: Html[] = [];
  let end = 0;
  for (const match of text.matchAll(link)) {
    parts.push(
      markup`${text.slice(end, match.index)}<a href="${match[2]}" target="_blank" rel="noopener noreferrer">${match[1]}</a>`,
    );
    end = match.index + match[0].length;
  }
  return markup`${parts}${text.slice(end)}`;
}

/** Blank lines part paragraphs. */
export function paragraphs(text: string): Html {
  const blocks = text.split(/\n\s*\n/).filter((block) => block.trim() !== '');
  return markup`${blocks.map((block) => markup`<p>${withLinks(block.trim())}</p>`)}`;
}
