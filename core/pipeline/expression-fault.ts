import { nearest } from '../config/nearest.ts';
import type { Text } from '../errors.ts';

/** What the expression reader says of a fault; `range` are positions in the text, from 0. */
interface Failure {
  readonly code: string;
  readonly summary: string;
  readonly range?: { readonly start: number } | undefined;
}

const isFailure = (error: unknown): error is Failure =>
  typeof error === 'object' && error !== null && 'code' in error && 'summary' in error;

const meant = (word: string, known: readonly string[]): Text => {
  const found = nearest(word, known);
  return found === undefined ? { de: '', en: '' } : { de: ` Gemeint war „${found}“?`, en: ` Did you mean "${found}"?` };
};

const unknown = (word: string, known: readonly string[]): Text => {
  const hint = meant(word, known);
  return { de: `„${word}“ gibt es nicht.${hint.de}`, en: `There is no "${word}".${hint.en}` };
};

/** What stands at the place of the fault. */
const unfit = (expression: string, at: number): Text => {
  const rest = expression.slice(at, at + 20);
  if (rest.trim() === '') return { de: 'Der Ausdruck endet zu früh.', en: 'The expression ends too early.' };
  const equals = /^=(?!=)/.test(rest) ? { de: ' Gleich ist „==“.', en: ' Equal is "==".' } : { de: '', en: '' };
  return { de: `„${rest}“ passt hier nicht.${equals.de}`, en: `"${rest}" does not fit here.${equals.en}` };
};

/** The part of a library's sentence that names what it is about, after its last colon or in its quotes. */
const named = (summary: string): string =>
  /'(.+)'$/.exec(summary)?.[1] ?? summary.slice(summary.indexOf(':') + 1).trim();

const inOtherWords = (words: string): Text => ({
  de: `Das ist nicht lesbar: „${words}“`,
  en: `This cannot be read: "${words}"`,
});

const isAboutBool = /must be bool|requires bool/;

const sentence = (failure: Failure, expression: string, names: readonly string[]): Text => {
  const { code, summary } = failure;
  const subject = named(summary);
  switch (code) {
    case 'unexpected_token':
    case 'expected_token':
    case 'unexpected_character':
      return unfit(expression, failure.range?.start ?? expression.length);
    case 'unterminated_string':
    case 'unterminated_triple_quoted_string':
      return { de: 'Das Anführungszeichen wird nicht geschlossen.', en: 'The quotation mark is not closed.' };
    case 'reserved_identifier':
      return { de: `„${subject}“ geht nicht als Name.`, en: `"${subject}" cannot be a name.` };
    case 'no_such_key':
      return unknown(subject, names);
    case 'unknown_variable':
      return unknown(subject, ['record', 'event', 'now']);
    case 'no_such_overload':
      return {
        de: `„${subject}“ gibt es nicht: Diese Arten von Werten passen nicht zusammen.`,
        en: `There is no "${subject}": these kinds of values do not go together.`,
      };
    case 'no_matching_overload':
      return {
        de: `Die Funktion „${subject}“ gibt es mit diesen Angaben nicht.`,
        en: `There is no function "${subject}" with these values.`,
      };
    case 'limit_exceeded':
      return { de: 'Der Ausdruck hat zu viele Teile.', en: 'The expression has too many parts.' };
    default:
      return isAboutBool.test(summary)
        ? {
            de: `Hier wird wahr oder falsch erwartet, dies ist ${subject}.`,
            en: `True or false is expected here, this is ${subject}.`,
          }
        : inOtherWords(summary);
  }
};

/** Says in both languages what is wrong with an expression, and where; faults of unknown kinds in the words of the library. */
export function expressionFault(error: unknown, expression: string, names: readonly string[]): Text {
  if (!isFailure(error)) return inOtherWords(String(error));
  const at = error.range?.start;
  const text = sentence(error, expression, names);
  return at === undefined ? text : { de: `Zeichen ${at + 1}: ${text.de}`, en: `Character ${at + 1}: ${text.en}` };
}
