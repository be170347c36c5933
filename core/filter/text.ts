/**
 * The folding behind "without regard to case". A pattern of ASCII letters folds ASCII only, because that is what
 * SQLite compares by itself (and can use an index for); any other pattern folds by Unicode.
 * The SQLite function `fold` must be `foldText`.
 */
export const foldText = (text: string): string => text.toLowerCase();

const foldAscii = (text: string): string => text.replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase());

export const isAscii = (text: string): boolean => !/[^\0-\x7f]/.test(text);

export const foldingFor = (needle: string): ((text: string) => string) => (isAscii(needle) ? foldAscii : foldText);

/** Whether the text consists of the pieces in order with anything between them. */
export function matchesPieces(pieces: readonly string[], text: string): boolean {
  const fold = foldingFor(pieces.join(''));
  const folded = pieces.map(fold);
  const first = folded[0] ?? '';
  const last = folded.at(-1) ?? '';
  let rest = fold(text);
  if (folded.length < 2) return rest === first;
  if (rest.length < first.length + last.length || !rest.startsWith(first) || !rest.endsWith(last)) return false;
  rest = rest.slice(first.length, rest.length - last.length);
  for (const piece of folded.slice(1, -1)) {
    const at = rest.indexOf(piece);
    if (at < 0) return false;
    rest = rest.slice(at + piece.length);
  }
  return true;
}
