import { unescape } from 'node:querystring';
import sanitizeHtml, { type Attributes, type IOptions, type Tag } from 'sanitize-html';
import { htmlToText } from 'html-to-text';

const longestHtml = 2_000_000;
const deepestHtml = 400;

/** Elements that hold nothing or close by themselves, so that an open tag says nothing about depth. */
const flat =
  /^<(?:area|base|br|col|embed|hr|img|input|link|meta|param|source|track|wbr|p|li|dt|dd|option|tr|td|th|thead|tbody|tfoot)\b/i;

/** The parser's effort grows with the square of the depth: thousands of levels are an attack, real mails stay below a hundred. */
const isTooDeep = (html: string): boolean => {
  let depth = 0;
  for (const { 0: tag } of html.matchAll(/<\/?[a-z][^\s>/]{0,20}/gi)) {
    if (flat.test(tag)) continue;
    depth = tag.startsWith('</') ? Math.max(0, depth - 1) : depth + 1;
    if (depth > 10 * deepestHtml) return true;
  }
  return false;
};

/** Links to other pages and people. One without a scheme would lead into our own application. */
const linkOf = (href: string): Attributes =>
  /^\s*(?:https?:\/\/|mailto:|tel:)/i.test(href)
    ? { href: href.trim(), target: '_blank', rel: 'noopener noreferrer nofollow' }
    : {};

const words = (line: string): string[] => line.split(' ');

const length = /^-?\d{1,4}(?:\.\d{1,3})?(?:px|pt|em|rem|%)?$/;
const lengths =
  /^(?:-?\d{1,4}(?:\.\d{1,3})?(?:px|pt|em|rem|%)?|auto)(?:\s+(?:-?\d{1,4}(?:\.\d{1,3})?(?:px|pt|em|rem|%)?|auto)){0,3}$/;
const colour = /^(?:#[0-9a-f]{3,8}|[a-z]{3,20}|rgba?\([\d\s.,%]{5,40}\))$/i;
const word = /^[a-z-]{1,20}$/i;
const border = /^[\da-z#.\s(),%-]{1,60}$/i;

/** What a style may say: how text looks and how boxes are spaced. Nothing that loads, moves out of its place or covers the page. */
const styles: Record<string, RegExp[]> = {
  color: [colour],
  'background-color': [colour],
  'font-size': [length, word],
  'font-weight': [/^(?:[1-9]00|[a-z]{4,7})$/],
  'font-style': [word],
  'font-family': [/^[\w\s,'"-]{1,200}$/],
  'line-height': [length, word],
  'text-align': [word],
  'text-decoration': [/^[a-z\s-]{1,40}$/],
  'vertical-align': [word],
  'white-space': [word],
  margin: [lengths],
  'margin-top': [length],
  'margin-right': [length],
  'margin-bottom': [length],
  'margin-left': [length],
  padding: [lengths],
  'padding-top': [length],
  'padding-right': [length],
  'padding-bottom': [length],
  'padding-left': [length],
  border: [border],
  'border-top': [border],
  'border-right': [border],
  'border-bottom': [border],
  'border-left': [border],
  'border-collapse': [word],
  width: [length],
  'max-width': [length],
};

/** The place of an image: with the content id of one that the mail brings along, else with what would have been loaded. */
const imageOf =
  (pictures: ReadonlySet<string>) =>
  (tagName: string, attributes: Attributes): Tag => {
    const { src = '', alt = '', width = '', height = '' } = attributes;
    const shape = { alt, width, height };
    if (/^\s*https?:/i.test(src)) return { tagName, attribs: { ...shape, 'data-blocked-src': src.trim() } };
    const contentId = unescape(/^cid:(.+)$/i.exec(src.trim())?.[1] ?? '');
    return { tagName, attribs: pictures.has(contentId) ? { ...shape, 'data-attached': contentId } : shape };
  };

const blocks = words(
  'address article section header footer main h1 h2 h3 h4 h5 h6 p div hr pre blockquote ul ol li dl dt dd center',
);
const inline = words('span br b strong i em u s strike del ins small big sub sup code kbd mark abbr cite q font a img');
const tables = words('table caption colgroup col thead tbody tfoot tr th td');

const optionsFor = (pictures: ReadonlySet<string>): IOptions => ({
  allowedTags: [...blocks, ...inline, ...tables],
  allowedAttributes: {
    '*': ['style', 'dir', 'lang', 'align', 'valign', 'title'],
    a: ['href', 'rel', 'target'],
    img: ['alt', 'width', 'height', 'data-blocked-src', 'data-attached'],
    font: ['color', 'size', 'face'],
    table: ['border', 'cellpadding', 'cellspacing', 'width', 'bgcolor'],
    td: ['colspan', 'rowspan', 'width', 'height', 'bgcolor', 'nowrap'],
    th: ['colspan', 'rowspan', 'width', 'height', 'bgcolor', 'nowrap'],
    tr: ['bgcolor'],
    col: ['span', 'width'],
    ol: ['start', 'type'],
  },
  allowedSchemes: ['http', 'https', 'mailto', 'tel'],
  allowProtocolRelative: false,
  allowedStyles: { '*': styles },
  nestingLimit: deepestHtml,
  transformTags: {
    img: imageOf(pictures),
    a: (tagName, { href = '', title = '', style = '' }) => ({ tagName, attribs: { ...linkOf(href), title, style } }),
  },
});

/**
 * HTML of a stranger made safe to show: no scripts, no forms, no frames, and nothing that is loaded when it is opened. No image has a `src`:
 * remote ones stay as `<img data-blocked-src="…">`, those that the mail brings along as `<img data-attached="<content id>">`, which are shown
 * from the mail's files (`withPictures`).
 * Answers undefined where the HTML is too long or too deep to be worked on.
 * @param pictures Content ids of files that may be shown (`isInlinePicture`).
 */
export function sanitizeMailHtml(html: string, pictures: ReadonlySet<string>): string | undefined {
  if (html.length > longestHtml || isTooDeep(html)) return undefined;
  return sanitizeHtml(html, optionsFor(pictures)).trim();
}

/** Plain text of sanitised HTML: a line for each table row, so that two columns read as `label value`. */
export function textOfHtml(html: string): string {
  return htmlToText(html, {
    wordwrap: false,
    limits: { maxDepth: deepestHtml, maxInputLength: 2 * longestHtml },
    formatters: {
      row: (element, walk, builder) => {
        builder.openBlock({ leadingLineBreaks: 1 });
        walk(element.children, builder);
        builder.closeBlock({ trailingLineBreaks: 1 });
      },
      cell: (element, walk, builder) => {
        walk(element.children, builder);
        builder.addInline(' ');
      },
    },
    selectors: [
      { selector: 'img', format: 'skip' },
      { selector: 'a', options: { hideLinkHrefIfSameAsText: true, ignoreHref: false } },
      ...['h1', 'h2', 'h3', 'h4', 'h5', 'h6'].map((selector) => ({ selector, options: { uppercase: false } })),
      { selector: 'table', format: 'block' },
      { selector: 'tr', format: 'row' },
      { selector: 'td', format: 'cell' },
      { selector: 'th', format: 'cell' },
    ],
  });
}
