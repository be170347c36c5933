import { LeitwerkError } from '../../core/errors.ts';

/** What the library answers a command with. */
export interface Reply extends Error {
  responseCode: number;
}

const reply = (responseCode: number, text: string): Reply => Object.assign(new Error(text), { responseCode });

/** Codes of a full disk: the file system's, SQLite's, MySQL's. */
const fullCodes = new Set(['ENOSPC', 'EDQUOT', 'SQLITE_FULL', 'ER_DISK_FULL', 'ER_RECORD_FILE_FULL']);

const isFull = (error: unknown): boolean => {
  for (let one = error, depth = 0; one instanceof Error && depth < 5; one = one.cause, depth += 1)
    if ('code' in one && fullCodes.has(String(one.code))) return true;
  return false;
};

/** What a sender hears of a failure: 4xx where the same mail may be taken later, 5xx where it never will be. Tells nothing of our insides. */
export function toReply(error: unknown): Reply {
  if (isFull(error)) return reply(452, 'Storage is full, try again later');
  if (!(error instanceof LeitwerkError)) return reply(451, 'Local error, try again later');
  switch (error.code) {
    case 'NotFound':
      return reply(550, 'No such recipient here');
    case 'TooLarge':
      return reply(552, 'The message is too large');
    case 'Unreadable':
      return reply(550, error.text.en);
    case 'RateLimited':
      return reply(421, `Too much at once, try again in ${error.retryAfterSeconds ?? 60} s`);
    default:
      return reply(451, 'Not possible right now, try again later');
  }
}
