const lineHeight = 21;
/** In a column beside the list, and on a phone. */
const lettersALine = 42;
/** Of the page, and the strip below it to pull at. */
const margins = 24 + 14;
const least = 160;
const withPictures = 420;

/** About how many pixels the HTML of a mail needs, by what it says: nobody outside can measure a frame without rights. */
export function guessHeight(html: string): number {
  const words = html.replaceAll(/<[^>]*>/gu, ' ').replaceAll(/\s+/gu, ' ');
  // A paragraph stands apart from the next by about a line.
  const breaks = html.match(/<\/?(?:p|h[1-6])\b|<(?:div|li|br|hr)\b/giu)?.length ?? 0;
  const height = margins + lineHeight * (Math.ceil(words.length / lettersALine) + breaks);
  return Math.max(height, /<img\b[^>]* src="data:/u.test(html) ? withPictures : least);
}
