import type { MailAddress } from './parsed-mail.ts';

/** Longer lines are nothing that a person wrote as a head or a signature; expressions never see them whole. */
const longestLine = 500;

/** Lines of a text, each short enough to be matched in bearable time. */
export const linesOf = (text: string): string[] => text.split('\n').map((line) => line.trimEnd());

/** A line as it is matched: without quote marks, bold marks and the blanks of other alphabets. */
export const bareLine = (line: string): string =>
  line
    .slice(0, longestLine)
    .replace(/\u00a0/g, ' ')
    .replace(/^[\s>*]+/, '')
    .replace(/\*+(?=\s|$)/g, '')
    .replace(/:\*+/g, ':')
    .trim();

export const isQuoted = (line: string): boolean => /^\s{0,3}>/.test(line);

/** Any `local@domain`; not a check of RFC 5322, but what people paste. */
export const addressPattern = /[\p{L}\d.!#$%&'*+/=?^_`{|}~-]{1,64}@[\p{L}\d-]{1,63}(?:\.[\p{L}\d-]{1,63}){1,8}/u;

/** Address and name of `Anna Muster <anna@example.com>`, `Anna Muster [mailto:anna@example.com]`, `"Muster, Anna" <…>` or a bare address. */
export function readMailbox(text: string): MailAddress | null {
  const line = text.slice(0, longestLine);
  const found = addressPattern.exec(line);
  if (found === null) return null;
  const before = line.slice(0, found.index).split(/[<[(]/)[0] ?? '';
  const name = before.replace(/^[\s"'*]+|[\s"'*]+$/g, '').replace(/^mailto:$/i, '');
  return { address: found[0].toLowerCase().replace(/^['*]+/, ''), name };
}
