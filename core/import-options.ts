import type { Issue, Language } from './errors.ts';
import type { Mapping } from './mapping.ts';

export const encodings = ['utf-8', 'utf-16le', 'utf-16be', 'windows-1252'] as const;
export type Encoding = (typeof encodings)[number];
export const delimiters = [';', ',', '\t', '|'] as const;
export type Delimiter = (typeof delimiters)[number];
export const decimals = ['comma', 'point'] as const;
export type Decimal = (typeof decimals)[number];
export const onMatches = ['skip', 'update', 'create'] as const;
export type OnMatch = (typeof onMatches)[number];
export const processStarts = ['now', 'background', 'none'] as const;
export type ProcessStart = (typeof processStarts)[number];

/** What the sender of a file said of it; what is absent is found out or has its default. */
export interface ImportOptions {
  /** Of a spreadsheet; absent: the first that is shown. */
  readonly sheet?: string;
  readonly encoding?: Encoding;
  readonly delimiter?: Delimiter;
  readonly decimal?: Decimal;
  readonly hasHeader?: boolean;
  /** Field by whose value a record that is there already is found. */
  readonly matchKey?: string;
  readonly onMatch: OnMatch;
  readonly processes?: ProcessStart;
  /** As it was when the import began. Absent: by the names of the columns. */
  readonly mapping?: Mapping;
}

const delimiterNames: Readonly<Record<string, Delimiter>> = {
  semicolon: ';',
  comma: ',',
  tab: '\t',
  '\\t': '\t',
  pipe: '|',
};

const encodingNames: Readonly<Record<string, Encoding>> = {
  utf8: 'utf-8',
  'utf-8-bom': 'utf-8',
  'utf-16': 'utf-16le',
  utf16: 'utf-16le',
  utf16le: 'utf-16le',
  utf16be: 'utf-16be',
  cp1252: 'windows-1252',
  windows1252: 'windows-1252',
  'iso-8859-1': 'windows-1252',
  latin1: 'windows-1252',
};

const booleans: Readonly<Record<string, boolean>> = {
  true: true,
  yes: true,
  '1': true,
  false: false,
  no: false,
  '0': false,
};

const shown = (word: string): string => (word === '\t' ? 'tab' : word);

/** The words of a request that are no text but one of a few. */
export type OptionWords = Readonly<Record<string, string | undefined>>;

/** Reads the options of an import from words, as a form or a command line has them; every fault at once. */
export function readImportOptions(
  words: OptionWords,
  language: Language,
): {
  readonly options: Omit<ImportOptions, 'mapping'>;
  readonly isDryRun: boolean;
  readonly isDraft: boolean;
  readonly issues: readonly Issue[];
} {
  const issues: Issue[] = [];
  const given = (name: string): string | undefined => {
    const word = words[name];
    return word === undefined || word === '' || word === 'auto' ? undefined : word;
  };
  const choose = <T>(
    name: string,
    allowed: readonly string[],
    find: (word: string) => T | undefined,
  ): T | undefined => {
    const word = given(name);
    const value = word === undefined ? undefined : (find(word) ?? find(word.trim().toLowerCase()));
    if (word !== undefined && value === undefined) {
      const list = ['auto', ...allowed.map(shown)].join(' ');
      const message =
        language === 'de' ? `„${word}“ gibt es nicht. Erlaubt: ${list}` : `"${word}" does not exist. Allowed: ${list}`;
      issues.push({ path: `/${name}`, code: 'choice', message });
    }
    return value;
  };
  const among =
    <T extends string>(values: readonly T[], names: Readonly<Record<string, T>> = {}) =>
    (word: string): T | undefined =>
      values.find((value) => value === word) ?? names[word];
  const encoding = choose('encoding', encodings, among(encodings, encodingNames));
  const delimiter = choose('delimiter', delimiters, among(delimiters, delimiterNames));
  const decimal = choose('decimal', decimals, among<Decimal>(decimals, { ',': 'comma', '.': 'point' }));
  const hasHeader = choose('header', ['true', 'false'], (word) => booleans[word]);
  const onMatch = choose('onMatch', onMatches, among(onMatches)) ?? 'skip';
  const processes = choose('processes', processStarts, among(processStarts));
  const isDryRun = choose('dryRun', ['true', 'false'], (word) => booleans[word]) ?? false;
  const isDraft = choose('draft', ['true', 'false'], (word) => booleans[word]) ?? false;
  const matchKey = given('matchKey');
  const sheet = words['sheet'] === '' ? undefined : words['sheet'];
  return {
    options: {
      ...(sheet === undefined ? {} : { sheet }),
      ...(encoding === undefined ? {} : { encoding }),
      ...(delimiter === undefined ? {} : { delimiter }),
      ...(decimal === undefined ? {} : { decimal }),
      ...(hasHeader === undefined ? {} : { hasHeader }),
      ...(matchKey === undefined ? {} : { matchKey }),
      ...(processes === undefined ? {} : { processes }),
      onMatch,
    },
    isDryRun,
    isDraft,
    issues,
  };
}
