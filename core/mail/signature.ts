import { bareLine, linesOf } from './lines.ts';

const greeting =
  /^(?:(?:mit )?(?:freundlich(?:en|e|em)|besten|beste|herzlich(?:en|e)|viele|liebe|schöne|sonnige) (?:grüßen?|gruß|grüssen?|gruss)|mfg|vg|lg|beste wünsche|hochachtungsvoll|(?:with )?(?:kind|best|warm|many)(?:est)? (?:regards|wishes|thanks)|regards|sincerely|yours (?:sincerely|faithfully|truly)|cheers|thanks|thank you|danke|vielen dank|herzlichst|grüße|gruß)(?:\s(?:aus|von|from)\s.{2,40})?[,.!]*$/i;

const longestSignature = 25;
const withoutGreeting = 12;

const isSeparator = (line: string): boolean => line === '--' || line === '-- ' || /^_{2,10}$/.test(line);

/** The lines below the greeting or the signature mark; without either the last lines, for what is labelled in them. */
export function signatureOf(text: string): { readonly lines: readonly string[]; readonly isMarked: boolean } {
  const lines = linesOf(text).map((line) => bareLine(line));
  const mark = lines.findLastIndex((line) => isSeparator(line));
  const greeted = lines.findLastIndex((line) => greeting.test(line));
  // The greeting stands above the mark; a mark above it belongs to something else.
  const start = greeted >= 0 ? greeted : mark;
  const isMarked = start >= 0;
  const own = isMarked ? lines.slice(start + 1, start + 1 + longestSignature) : lines.slice(-withoutGreeting);
  return { lines: own.filter((line) => line !== '' && !isSeparator(line)), isMarked };
}
