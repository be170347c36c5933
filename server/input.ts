import { issueOf, LeitwerkError, type Text } from '../core/errors.ts';
import { isPlainObject } from '../core/plain-object.ts';
import type { RecordData } from '../store/record-table.ts';

/** The answer to one wrong part of a body. */
export const invalidInput = (path: string, code: string, text: Text): LeitwerkError =>
  new LeitwerkError('InvalidInput', { issues: [issueOf({ path, code }, text, 'en')] });

/** `?dryRun=1`: says what would be done and does not do it. */
export const dryRunParameter = { dryRun: { enum: ['0', '1'], description: 'Says what would be done.' } } as const;

const dryRunWords: Readonly<Record<string, boolean>> = { '1': true, true: true, '0': false, false: false };

/** @throws LeitwerkError `Unreadable` for any other word: whoever misspells it must not write. */
export function isDryRun(query: URLSearchParams): boolean {
  const isDry = dryRunWords[query.get('dryRun') ?? '0'];
  if (isDry !== undefined) return isDry;
  const text = { de: 'dryRun ist 1 oder 0.', en: 'dryRun is 1 or 0.' };
  throw new LeitwerkError('Unreadable', { text, issues: [issueOf({ path: 'dryRun', code: 'query' }, text, 'en')] });
}

/** @throws LeitwerkError `InvalidInput` when the body is not a JSON object. */
export function asObject(value: unknown): RecordData {
  if (isPlainObject(value)) return value;
  throw invalidInput('', 'type', { de: 'Erwartet wird ein JSON-Objekt.', en: 'A JSON object is expected.' });
}

/** @throws LeitwerkError `InvalidInput` naming `path`. */
export function asText(value: unknown, path: string): string {
  if (typeof value === 'string') return value;
  throw invalidInput(path, 'type', { de: 'Erwartet wird ein Text.', en: 'A text is expected.' });
}

export function optionalText(value: unknown, path: string): string | undefined {
  return value === undefined || value === null ? undefined : asText(value, path);
}

/** A text or null; absent is refused, because null means something. */
export function textOrNull(value: unknown, path: string): string | null {
  return value === null ? null : asText(value, path);
}

export function integerOf(value: unknown, path: string): number {
  if (Number.isInteger(value)) return value as number;
  throw invalidInput(path, 'type', { de: 'Erwartet wird eine ganze Zahl.', en: 'A whole number is expected.' });
}

/** An instant in ISO 8601, brought to UTC with milliseconds. */
export function instantOf(value: unknown, path: string): string {
  const ms = Date.parse(asText(value, path));
  if (Number.isNaN(ms)) {
    const text = { de: 'Erwartet wird ein Zeitpunkt (ISO 8601).', en: 'An instant (ISO 8601) is expected.' };
    throw invalidInput(path, 'type', text);
  }
  return new Date(ms).toISOString();
}
