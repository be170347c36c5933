import { ApplicationFailure } from '@temporalio/common';
import { catalogue, LeitwerkError, messageOf, type ErrorCode, type Text } from '../core/errors.ts';
import type { EffectError } from '../store/effects.ts';

/** A bug or a broken row: tried this often, then a person has to look. */
const unknownAttempts = 5;

/** What was wrong, with every field named: for the row, which people of the tenant read, never for Temporal. */
export function toDetail(error: unknown): EffectError {
  if (!(error instanceof LeitwerkError)) {
    const message = messageOf(error);
    return { code: 'Internal', message: { de: message, en: message } };
  }
  const fields = error.issues.map((issue) => `${issue.path}: ${issue.message}`).join('; ');
  const more = fields === '' ? '' : ` (${fields})`;
  return { code: error.code, message: { de: `${error.text.de}${more}`, en: `${error.text.en}${more}` } };
}

/**
 * Turns a failure into Temporal's: the code as type, not retried where the same attempt cannot succeed later.
 * The details say how many attempts there were. Histories are read by operators and kept by others: they get the catalogue's sentence, nothing of the record (S40).
 */
export function toApplicationFailure(error: unknown, attempt: number): ApplicationFailure {
  const known = error instanceof LeitwerkError ? error : undefined;
  const code: ErrorCode = known?.code ?? 'Internal';
  const text: Text = { de: catalogue[code].de, en: catalogue[code].en };
  // Someone else wrote the same row: the next attempt sees it.
  const isRetryable = known === undefined ? attempt < unknownAttempts : known.isRetryable || code === 'Conflict';
  return ApplicationFailure.create({
    type: code,
    message: text.en,
    details: [text, attempt],
    nonRetryable: !isRetryable,
    ...(known?.retryAfterSeconds === undefined ? {} : { nextRetryDelay: known.retryAfterSeconds * 1_000 }),
  });
}
