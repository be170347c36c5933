/** A file of a mail, as far as it decides whether the mail's HTML shows it. */
interface MailFile {
  readonly contentId: string | null;
  readonly contentType: string;
  /** Bytes. */
  readonly size: number;
}

/** Pictures that can hold no script and load nothing, as SVG could. */
const kinds = new Set(['image/png', 'image/jpeg', 'image/jpg', 'image/gif', 'image/webp']);

const largestPicture = 1_000_000;

/** Nothing that would have to be escaped in an attribute. */
const plainId = /^[^\s"&<>]{1,300}$/;

/** Whether HTML may show a file in its place (`cid:`, RFC 2392); any other stays a file only. */
export const isInlinePicture = ({ contentId, contentType, size }: MailFile): boolean =>
  contentId !== null && plainId.test(contentId) && kinds.has(contentType) && size > 0 && size <= largestPicture;

/**
 * The place of a picture in sanitised HTML: `<img … data-attached="<content id>">`, without a source. What stands before it in the tag are
 * attributes in quotes with quotes escaped, so that no value is taken for the mark.
 */
const places = /(<img(?: [a-z-]+="[^"]*")*?) data-attached="([^"]*)"/g;

/** Content ids of the pictures that sanitised HTML has places for, with how many. */
export function pictureCounts(html: string): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { 2: id = '' } of html.matchAll(places)) counts.set(id, (counts.get(id) ?? 0) + 1);
  return counts;
}

/** Sanitised HTML with sources at the places of pictures, by content id; the others stay empty. */
export const withPictures = (html: string, sources: ReadonlyMap<string, string>): string =>
  html.replaceAll(places, (place, before: string, id: string) => {
    const source = sources.get(id);
    return source === undefined ? place : `${before} src="${source}"`;
  });
