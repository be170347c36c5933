import { pino, type Logger } from 'pino';
import type { LogLevel } from './settings.ts';

/** Log lines go to stderr: stdout has the lines that scripts wait for. */
export function createLog(level: LogLevel): Logger {
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
    pino.destination(2),
  );
}
