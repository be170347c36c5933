import { LeitwerkError, type Text } from '../errors.ts';

/** Where the parser stands in the text, and what it has used up of the limits. */
export interface Scan {
  readonly text: string;
  /** Only a column expression: ` and ` and ` or ` are words like others. */
  readonly isColumnOnly: boolean;
  at: number;
  depth: number;
  conditions: number;
  values: number;
}

export const limits = { characters: 4000, conditions: 100, values: 500, depth: 20 } as const;

interface Fault {
  /** Index in the text, from 0. */
  readonly at: number;
  readonly code: 'field' | 'operator' | 'value' | 'syntax' | 'limit';
  readonly text: Text;
  readonly expected?: readonly string[];
}

/** What of the expected is not written in a filter as it stands here. */
const german: Readonly<Record<string, string>> = {
  'a field': 'ein Feld',
  'a value': 'ein Wert',
  'an operator': 'ein Vergleich',
  'a value without *': 'ein Wert ohne *',
  'a filter without it': 'ein Filter ohne es',
  text: 'Text',
};

const listed = (expected: readonly string[]): string =>
  expected.length <= 12 ? expected.join(', ') : `${expected.slice(0, 12).join(', ')}, …`;

/** The error of a filter text: position from 1, in the issue as `column` and in the facts as `position`. */
export function filterFault({ at, code, text, expected = [] }: Fault): LeitwerkError {
  const position = at + 1;
  const germanExpected = listed(expected.map((one) => german[one] ?? one));
  const de = `Filter, Stelle ${position}: ${text.de}${expected.length > 0 ? ` Erwartet: ${germanExpected}.` : ''}`;
  const en = `Filter, position ${position}: ${text.en}${expected.length > 0 ? ` Expected: ${listed(expected)}.` : ''}`;
  return new LeitwerkError('InvalidFilter', {
    text: { de, en },
    issues: [{ path: 'filter', code, message: en, text: { de, en }, column: position }],
    facts: { position, expected },
  });
}

export const startScan = (text: string, isColumnOnly: boolean): Scan => {
  if (text.length > limits.characters) {
    throw filterFault({
      at: limits.characters,
      code: 'limit',
      text: {
        de: `Ein Filter hat höchstens ${limits.characters} Zeichen.`,
        en: `A filter has at most ${limits.characters} characters.`,
      },
    });
  }
  const zero = text.indexOf('\0');
  if (zero >= 0) {
    throw filterFault({
      at: zero,
      code: 'syntax',
      text: { de: 'Das Zeichen NUL ist nicht erlaubt.', en: 'The character NUL is not allowed.' },
      expected: ['a filter without it'],
    });
  }
  return { text: text.toWellFormed(), isColumnOnly, at: 0, depth: 0, conditions: 0, values: 0 };
};

/** Counts against a limit; `amount` is the new total. */
export const assertWithin = (scan: Scan, limit: 'conditions' | 'values' | 'depth', amount: number): void => {
  if (amount <= limits[limit]) return;
  const words = {
    conditions: { de: 'Bedingungen', en: 'conditions' },
    values: { de: 'Werte', en: 'values' },
    depth: { de: 'Ebenen', en: 'levels' },
  }[limit];
  throw filterFault({
    at: scan.at,
    code: 'limit',
    text: { de: `Mehr als ${limits[limit]} ${words.de}.`, en: `More than ${limits[limit]} ${words.en}.` },
  });
};

/** Runs `work` one level deeper. */
export const nested = <T>(scan: Scan, work: () => T): T => {
  scan.depth += 1;
  assertWithin(scan, 'depth', scan.depth);
  const result = work();
  scan.depth -= 1;
  return result;
};

export const skipSpace = (scan: Scan): void => {
  while (/\s/.test(scan.text.charAt(scan.at))) scan.at += 1;
};

/** Takes what the sticky pattern matches here, after white space; answers undefined and stays when it does not. */
export const take = (scan: Scan, pattern: RegExp): string | undefined => {
  skipSpace(scan);
  pattern.lastIndex = scan.at;
  const found = pattern.exec(scan.text)?.[0];
  if (found !== undefined) scan.at += found.length;
  return found;
};

/** What stands here, for a message. */
const shown = (scan: Scan): Text => {
  const rest = scan.text.slice(scan.at, scan.at + 20);
  if (rest === '') return { de: 'Der Filter endet zu früh.', en: 'The filter ends too early.' };
  return { de: `„${rest}“ passt hier nicht.`, en: `"${rest}" does not fit here.` };
};

export const unexpected = (scan: Scan, expected: readonly string[]): LeitwerkError => {
  skipSpace(scan);
  return filterFault({ at: scan.at, code: 'syntax', text: shown(scan), expected });
};

/** A value as written: text between wildcards, partly or wholly in quotes. */
export interface Atom {
  readonly at: number;
  readonly pieces: readonly string[];
  readonly isQuoted: boolean;
}

const escaped: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' };

const readQuoted = (scan: Scan): string => {
  const quote = scan.text.charAt(scan.at);
  const start = scan.at;
  let value = '';
  for (scan.at += 1; scan.at < scan.text.length; scan.at += 1) {
    let character = scan.text.charAt(scan.at);
    if (character === quote) {
      scan.at += 1;
      return value;
    }
    if (character === '\\') {
      scan.at += 1;
      character = scan.text.charAt(scan.at);
      character = escaped[character] ?? character;
    }
    value += character;
  }
  throw filterFault({
    at: start,
    code: 'syntax',
    text: { de: 'Das Anführungszeichen wird nicht geschlossen.', en: 'The quotation mark is not closed.' },
    expected: [quote],
  });
};

/** Says whether unquoted text ends here; `depth` counts parentheses that were opened inside the text. */
export type AtomEnd = (scan: Scan, depth: number) => boolean;

interface Draft {
  pieces: string[];
  last: 'start' | 'quoted' | 'raw' | 'star';
  isQuoted: boolean;
  depth: number;
}

const append = (draft: Draft, text: string): void => {
  draft.pieces.push((draft.pieces.pop() ?? '') + text);
};

const readPiece = (scan: Scan, draft: Draft): void => {
  const character = scan.text.charAt(scan.at);
  if (character === '*') {
    draft.pieces.push('');
    draft.last = 'star';
  } else if ((character === '"' || character === "'") && (draft.last === 'start' || draft.last === 'star')) {
    append(draft, readQuoted(scan));
    draft.last = 'quoted';
    draft.isQuoted = true;
    return;
  } else if (draft.last === 'quoted') {
    if (!/\s/.test(character)) throw unexpected(scan, ['*', 'and', 'or', '&', '|', ')']);
  } else {
    if (character === '(') draft.depth += 1;
    if (character === ')') draft.depth -= 1;
    append(draft, character);
    draft.last = 'raw';
  }
  scan.at += 1;
};

/** Reads a value up to where `ends` says; no characters at all is the caller's fault to report. */
export const readAtom = (scan: Scan, ends: AtomEnd): Atom | undefined => {
  skipSpace(scan);
  const at = scan.at;
  const draft: Draft = { pieces: [''], last: 'start', isQuoted: false, depth: 0 };
  while (scan.at < scan.text.length && !ends(scan, draft.depth)) readPiece(scan, draft);
  if (draft.last === 'start') return undefined;
  if (draft.depth > 0) throw unexpected(scan, [')']);
  if (draft.last === 'raw') draft.pieces.push((draft.pieces.pop() ?? '').trimEnd());
  return { at, pieces: draft.pieces, isQuoted: draft.isQuoted };
};
