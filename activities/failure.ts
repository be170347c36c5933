import { ApplicationFailure } from '@temporalio/common';
import { LeitwerkError } from '../core/errors.ts';

/** A bug or a broken row: tried this often, then a person has to look. */
const unknownAttempts = 5;

/** What was wrong, with every field named: an operator reads it in Temporal and on the record. */
const textsOf = (error: LeitwerkError): { de: string; en: string } => {
  const fields = error.issues.map((issue) => `${issue.path}: ${issue.message}`).join('; ');
  const more = fields === '' ? '' : ` (${fields})`;
  return { de: `${error.text.de}${more}`, en: `${error.text.en}${more}` };
};

/** Turns a failure into Temporal's: the code as type, not retried where the same attempt cannot succeed later. */
export function toApplicationFailure(error: unknown, attempt: number): ApplicationFailure {
  if (error instanceof ApplicationFailure) return error;
  if (!(error instanceof LeitwerkError)) {
    const message = error instanceof Error ? error.message : String(error);
    return ApplicationFailure.create({
      type: 'Internal',
      message,
      nonRetryable: attempt >= unknownAttempts,
      details: [{ de: message, en: message }],
    });
  }
  const texts = textsOf(error);
  // Someone else wrote the same row: the next attempt sees it.
  const isRetryable = error.isRetryable || error.code === 'Conflict';
  return ApplicationFailure.create({
    type: error.code,
    message: texts.en,
    details: [texts],
    nonRetryable: !isRetryable,
    cause: error,
    ...(error.retryAfterSeconds === undefined ? {} : { nextRetryDelay: error.retryAfterSeconds * 1_000 }),
  });
}
