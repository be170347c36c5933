import { LeitwerkError } from './errors.ts';

const deepest = 40;

const unreadable = (de: string, en: string, cause?: unknown): LeitwerkError =>
  new LeitwerkError('Unreadable', { text: { de, en }, cause });

const decoder = new TextDecoder('utf-8', { fatal: true });

/** Names that would reach a prototype when someone copies members carelessly. */
const isForbidden = (name: string): boolean => name === '__proto__' || name === 'constructor' || name === 'prototype';

const check = (value: unknown, depth: number): void => {
  if (typeof value !== 'object' || value === null) return;
  if (depth > deepest) throw unreadable('Das JSON ist zu tief verschachtelt.', 'The JSON is nested too deeply.');
  for (const name of Object.keys(value)) {
    if (isForbidden(name))
      throw unreadable(`Der Name „${name}“ ist nicht erlaubt.`, `The name "${name}" is not allowed.`);
    check((value as Record<string, unknown>)[name], depth + 1);
  }
};

/** @throws LeitwerkError `Unreadable` for bytes that are not UTF-8 JSON, too deep, or name a prototype. */
export function parseJson(bytes: Uint8Array): unknown {
  let value: unknown;
  try {
    value = JSON.parse(decoder.decode(bytes));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw unreadable(`Das JSON ist nicht lesbar: ${reason}`, `The JSON cannot be read: ${reason}`, cause);
  }
  check(value, 0);
  return value;
}
