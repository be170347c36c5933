import { domainToUnicode } from 'node:url';
import { isAscii } from '../core/filter/text.ts';

/** Beyond ASCII, SQLite tells upper from lower case: as people write names and as machines do. */
const inCases = (text: string): readonly string[] =>
  isAscii(text) ? [text] : [text, text.toUpperCase(), text.charAt(0).toUpperCase() + text.slice(1)];

/** An address or domain as keys have it, and as people may have written it into the record: `info@xn--mller-kva.de`, `info@müller.de`. */
export function mailSpellings(key: string): readonly string[] {
  const at = key.lastIndexOf('@') + 1;
  const domain = key.slice(at);
  const readable = domain.includes('xn--') ? domainToUnicode(domain) : '';
  const domains = readable === '' || readable === domain ? [domain] : [domain, readable];
  const names = inCases(key.slice(0, at));
  return domains.flatMap((one) => names.map((name) => name + one));
}
