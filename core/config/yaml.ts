import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  visit,
  type Document,
  type Node,
  type YAMLError,
} from 'yaml';
import { fault, fromPointer, type Fault, type Locate, type Position } from './faults.ts';
import type { Text } from '../errors.ts';

/** Bounds that no honest config file comes near (S15). */
const limits = { characters: 256 * 1024, depth: 40, nodes: 20_000, aliases: 50 };

export interface YamlReading {
  /** Undefined when the text could not be read. Made of plain objects, arrays, strings, numbers, booleans and null. */
  readonly value: unknown;
  readonly faults: readonly Fault[];
  readonly locate: Locate;
}

const sentences: Readonly<Record<string, Text>> = {
  TAB_AS_INDENT: {
    de: 'Eingerückt wird mit Leerzeichen, nicht mit Tabulatoren.',
    en: 'Indent with spaces, not with tabs.',
  },
  BAD_INDENT: { de: 'Die Einrückung passt nicht.', en: 'The indentation does not fit.' },
  MULTIPLE_DOCS: {
    de: 'Eine Datei enthält genau ein Dokument, ohne „---“ dazwischen.',
    en: 'A file holds exactly one document, without "---" between.',
  },
  MISSING_CHAR: {
    de: 'Hier fehlt ein Zeichen (Anführungszeichen, Klammer oder Komma).',
    en: 'A character is missing here (quote, bracket or comma).',
  },
  TAG_RESOLVE_FAILED: { de: 'YAML-Tags („!…“) sind nicht erlaubt.', en: 'YAML tags ("!…") are not allowed.' },
  BLOCK_AS_IMPLICIT_KEY: {
    de: 'Nach dem Doppelpunkt passt der Wert nicht in diese Zeile; Texte mit Doppelpunkt in Anführungszeichen setzen.',
    en: 'The value does not fit on this line after the colon; put texts with a colon in quotes.',
  },
  MULTILINE_IMPLICIT_KEY: {
    de: 'Hier fehlt ein Doppelpunkt, oder ein Text braucht Anführungszeichen.',
    en: 'A colon is missing here, or a text needs quotes.',
  },
  UNEXPECTED_TOKEN: {
    de: 'Dieses Zeichen passt hier nicht; Texte mit Sonderzeichen in Anführungszeichen setzen.',
    en: 'This character does not fit here; put texts with special characters in quotes.',
  },
};

const openBracket: Text = {
  de: 'Diese Klammer wird nicht geschlossen, oder was in ihr steht, ist nicht weit genug eingerückt.',
  en: 'This bracket is not closed, or what stands in it is not indented far enough.',
};
const sentenceOfProto: Text = {
  de: '„__proto__“ ist als Name nicht erlaubt.',
  en: '"__proto__" is not allowed as a name.',
};
const unreadable: Text = { de: 'Das ist kein lesbares YAML.', en: 'This is not readable YAML.' };

type Place = (offset: number) => Position;

/** Where brackets open, by the end of what they hold: for one that is not closed the parser tells only where it gave up, lines further down. */
const findBrackets = (document: Document): ReadonlyMap<number, number> => {
  const found = new Map<number, number>();
  if (!document.errors.some(({ code }) => code === 'BAD_INDENT')) return found;
  visit(document, {
    Collection: (_, { flow, range }) => {
      if (flow === true && range) found.set(range[1], range[0]);
    },
  });
  return found;
};

const fromYamlError = (error: YAMLError, brackets: ReadonlyMap<number, number>, place: Place): Fault => {
  const bracket = error.code === 'BAD_INDENT' ? brackets.get(error.pos[0]) : undefined;
  if (bracket !== undefined) return { path: '', code: 'yaml', text: openBracket, position: place(bracket) };
  const text = sentences[error.code] ?? {
    de: `${unreadable.de} (${error.message})`,
    en: `${unreadable.en} (${error.message})`,
  };
  return { path: '', code: 'yaml', text, position: place(error.pos[0]) };
};

interface Walk {
  nodes: number;
  aliases: number;
  readonly faults: Fault[];
  readonly place: Place;
}

const offsetOf = (node: unknown): number =>
  isScalar(node) || isMap(node) || isSeq(node) || isAlias(node) ? (node.range?.[0] ?? 0) : 0;

/** Visits every node once; answers false when a bound is broken and reading on makes no sense. */
const inspect = (node: unknown, depth: number, walk: Walk): boolean => {
  walk.nodes += 1;
  const add = (code: string, text: Text, at: unknown = node): void =>
    void walk.faults.push({ path: '', code, text, position: walk.place(offsetOf(at)) });
  if (walk.nodes > limits.nodes) {
    add('tooLarge', { de: 'Die Datei hat zu viele Einträge.', en: 'The file has too many entries.' });
    return false;
  }
  if (depth > limits.depth) {
    add('tooDeep', {
      de: `Tiefer als ${limits.depth} Ebenen geschachtelt.`,
      en: `Nested deeper than ${limits.depth} levels.`,
    });
    return false;
  }
  if (isAlias(node)) walk.aliases += 1;
  if (isScalar(node) && typeof node.value === 'number' && !Number.isFinite(node.value)) {
    add('number', { de: 'Das ist keine endliche Zahl.', en: 'This is not a finite number.' });
  }
  if (isSeq(node)) return node.items.every((item) => inspect(item, depth + 1, walk));
  if (!isMap(node)) return true;
  const names = new Set<string>();
  return node.items.every((pair) => {
    if (!isScalar(pair.key)) {
      add('yaml', { de: 'Namen sind einfache Wörter.', en: 'Names are plain words.' });
      return false;
    }
    const name = String(pair.key.value);
    if (name === '__proto__') add('name', sentenceOfProto, pair.key);
    // The parser's own check for this compares every name with every other, which takes seconds on a hostile file.
    if (names.has(name))
      add('duplicate', { de: `„${name}“ kommt hier zweimal vor.`, en: `"${name}" occurs twice here.` }, pair.key);
    names.add(name);
    return inspect(pair.value, depth + 1, walk);
  });
};

/** Finds the node of a JSON pointer; where it is missing, the nearest one above that exists. */
const findOffset = (document: Document, path: string, isAboutName: boolean): number => {
  let node: unknown = document.contents;
  let offset = offsetOf(node);
  const parts = fromPointer(path);
  for (const [index, part] of parts.entries()) {
    if (isAlias(node)) node = node.resolve(document);
    const isLast = index === parts.length - 1;
    let next: unknown;
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === part);
      if (pair === undefined) return offset;
      const hasValue = isScalar(pair.value) ? pair.value.value !== null : pair.value !== null;
      offset = offsetOf((isLast && isAboutName) || !hasValue ? pair.key : pair.value);
      next = pair.value;
    } else if (isSeq(node)) {
      next = node.items[Number(part)];
      if (next === undefined) return offset;
      offset = offsetOf(next);
    } else return offset;
    node = next;
  }
  return offset;
};

const failed = (text: Text, code: string): YamlReading => ({
  value: undefined,
  faults: [fault('', code, text)],
  locate: () => ({ line: 1, column: 1 }),
});

const parse = (text: string, lines: LineCounter): Document<Node> | undefined => {
  try {
    return parseDocument(text, {
      schema: 'core',
      merge: false,
      uniqueKeys: false,
      strict: true,
      prettyErrors: false,
      lineCounter: lines,
      resolveKnownTags: false,
      logLevel: 'error',
    });
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
};

/** Deepest run of opening brackets: flow nesting is checked before parsing, which would recurse. */
const isTooDeep = (text: string): boolean => {
  let depth = 0;
  for (const letter of text) {
    if (letter === '[' || letter === '{') depth += 1;
    else if (letter === ']' || letter === '}') depth = Math.max(0, depth - 1);
    if (depth > limits.depth * 4) return true;
  }
  return false;
};

const tooLarge: Text = {
  de: `Höchstens ${limits.characters} Zeichen.`,
  en: `At most ${limits.characters} characters.`,
};
const tooManyAliases: Text = {
  de: `Höchstens ${limits.aliases} Verweise („*name“).`,
  en: `At most ${limits.aliases} aliases ("*name").`,
};
const badAliases: Text = {
  de: 'Verweise („*name“) blähen die Datei auf oder führen ins Leere.',
  en: 'Aliases ("*name") blow the file up or lead nowhere.',
};
const tooDeep: Text = { de: 'Zu tief geschachtelt.', en: 'Nested too deeply.' };

/**
 * Reads YAML 1.2 (core schema) within bounds: no tags, no duplicate names, few aliases, limited size and depth.
 * Never throws; every fault is in the answer, and `locate` finds the line and column of a JSON pointer.
 */
export function readYaml(text: string): YamlReading {
  if (text.length > limits.characters) return failed(tooLarge, 'tooLarge');
  if (isTooDeep(text)) return failed(tooDeep, 'tooDeep');
  const lines = new LineCounter();
  const document = parse(text, lines);
  if (document === undefined) return failed(tooDeep, 'tooDeep');

  const place: Place = (offset) => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const brackets = findBrackets(document);
  const walk: Walk = {
    nodes: 0,
    aliases: 0,
    faults: [...document.errors, ...document.warnings].map((error) => fromYamlError(error, brackets, place)),
    place,
  };
  inspect(document.contents, 0, walk);
  if (walk.aliases > limits.aliases) walk.faults.push(fault('', 'tooLarge', tooManyAliases));
  const locate: Locate = (path, isAboutName = false) => place(findOffset(document, path, isAboutName));
  if (walk.faults.length > 0) return { value: undefined, faults: walk.faults, locate };
  return toValue(document, locate);
}

/** The plain value; written out once to refuse aliases that lead in circles or multiply. */
const toValue = (document: Document, locate: Locate): YamlReading => {
  try {
    const value: unknown = document.toJS({ maxAliasCount: limits.aliases });
    if (JSON.stringify(value ?? null).length <= limits.characters * 4) return { value, faults: [], locate };
  } catch (error) {
    if (!(error instanceof ReferenceError || error instanceof TypeError || error instanceof RangeError)) throw error;
  }
  return { value: undefined, faults: [fault('', 'alias', badAliases)], locate };
};
