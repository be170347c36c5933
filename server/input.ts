import { LeitwerkError, type Issue } from '../core/errors.ts';
import type { RecordData } from '../store/record-table.ts';

const invalid = (path: string, message: string): LeitwerkError => {
  const issues: Issue[] = [{ path, code: 'type', message }];
  return new LeitwerkError('InvalidInput', { issues });
};

/** @throws LeitwerkError `InvalidInput` when the body is not a JSON object. */
export function asObject(value: unknown): RecordData {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as RecordData;
  throw invalid('', 'A JSON object is expected.');
}

/** @throws LeitwerkError `InvalidInput` naming `path`. */
export function asText(value: unknown, path: string): string {
  if (typeof value === 'string') return value;
  throw invalid(path, 'A text is expected.');
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
  throw invalid(path, 'A whole number is expected.');
}

/** An instant in ISO 8601, brought to UTC with milliseconds. */
export function instantOf(value: unknown, path: string): string {
  const ms = Date.parse(asText(value, path));
  if (Number.isNaN(ms)) throw invalid(path, 'An instant (ISO 8601) is expected.');
  return new Date(ms).toISOString();
}
