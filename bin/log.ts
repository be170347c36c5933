import process from 'node:process';
import { pino, type Logger } from 'pino';
import type { LogLevel } from './settings.ts';

/** Lines that nobody reads are kept up to this; later ones are dropped. */
const mostUnreadBytes = 1_048_576;

/**
 * Log lines go to stderr: stdout has the lines that scripts wait for. Whoever reads them may fall behind, stop or go: the process does not
 * wait for it. (pino's own destination waits, synchronous or not, at the latest when the process ends.)
 */
export function createLog(level: LogLevel): Logger {
  process.stderr.on('error', () => undefined);
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: {
        paths: ['*.authorization', '*.cookie', '*.password', '*.secret', 'headers.authorization', 'headers.cookie'],
        censor: '…',
      },
    },
    {
      write: (line: string) => {
        if (process.stderr.writableLength < mostUnreadBytes) process.stderr.write(line);
      },
    },
  );
}
