import { LeitwerkError } from './errors.ts';
import { findJsonFault } from './json-fault.ts';

const deepest = 40;

const unreadable = (de: string, en: string, cause?: unknown): LeitwerkError =>
  new LeitwerkError('Unreadable', { text: { de, en }, cause });

const decoder = new TextDecoder('utf-8', { fatal: true });

/** Names that would reach a prototype when someone copies members carelessly. */
export const isForbidden = (name: string): boolean =>
  name === '__proto__' || name === 'constructor' || name === 'prototype';

const check = (value: unknown, depth: number): void => {
  if (typeof value !== 'object' || value === null) return;
  if (depth > deepest) throw unreadable('Das JSON ist zu tief verschachtelt.', 'The JSON is nested too deeply.');
  for (const name of Object.keys(value)) {
    if (isForbidden(name))
      throw unreadable(`Der Name „${name}“ ist nicht erlaubt.`, `The name "${name}" is not allowed.`);
    check((value as Record<string, unknown>)[name], depth + 1);
  }
};

const brokenJson = (json: string, cause: unknown): LeitwerkError => {
  const { line, column, found } = findJsonFault(json);
  if (found === '')
    return unreadable(
      `Das JSON endet zu früh (Zeile ${line}, Spalte ${column}).`,
      `The JSON ends too early (line ${line}, column ${column}).`,
      cause,
    );
  const isControl = found < ' ';
  return unreadable(
    `Das JSON ist in Zeile ${line}, Spalte ${column} nicht lesbar: dort steht ${isControl ? 'ein Steuerzeichen' : `„${found}“`}.`,
    `The JSON cannot be read at line ${line}, column ${column}: there is ${isControl ? 'a control character' : `"${found}"`}.`,
    cause,
  );
};

const textOf = (bytes: Uint8Array): string => {
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw unreadable('Das JSON ist nicht in UTF-8.', 'The JSON is not in UTF-8.', cause);
  }
};

type Reviver = (name: string, value: unknown, context?: { readonly source?: string }) => unknown;

/** Digits that a double does not hold: asked of the text first, because reading with a reviver takes many times as long. */
const manyDigits = /[\d.]{16,}/;

const significant = (number: string): string => number.replaceAll(/^-?[0.]+|^-|\./g, '');

const isRounded = (source: string, value: number): boolean => {
  if (/^-?\d+$/.test(source)) return !Number.isSafeInteger(value);
  if (!/^-?\d+\.\d+$/.test(source)) return false;
  return significant(source.replace(/0+$/, '')) !== significant(String(value));
};

const keepDigits: Reviver = (_name, value, context) =>
  typeof value === 'number' && isRounded(context?.source ?? '', value) ? context?.source : value;

const parse = (bytes: Uint8Array, reviverOf: (json: string) => Reviver | undefined): unknown => {
  const json = textOf(bytes);
  let value: unknown;
  try {
    value = JSON.parse(json, reviverOf(json));
  } catch (cause) {
    throw brokenJson(json, cause);
  }
  check(value, 0);
  return value;
};

/** @throws LeitwerkError `Unreadable` for bytes that are not UTF-8 JSON, too deep, or name a prototype. */
export function parseJson(bytes: Uint8Array): unknown {
  return parse(bytes, () => undefined);
}

/** As `parseJson`, for what other systems send: a number with more digits than a double holds is the text of its digits. */
export function parseExactJson(bytes: Uint8Array): unknown {
  return parse(bytes, (json) => (manyDigits.test(json) ? keepDigits : undefined));
}
