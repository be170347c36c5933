import Sqlite from 'better-sqlite3';
import { join } from 'node:path';
import { LeitwerkError } from '../core/errors.ts';
import { codeOf } from '../store/violations.ts';
import { unwritable } from './settings.ts';

/** The folder is free for others once it is closed. */
export interface FolderLock {
  close(): void;
}

/**
 * Keeps the data folder for this process until it ends, whatever way: the kernel lets go of a SQLite file's lock with it.
 * @throws LeitwerkError `Misconfigured` when another process has it, or it cannot be written.
 */
export function lockFolder(folder: string): FolderLock {
  let lock: Sqlite.Database | undefined;
  try {
    lock = new Sqlite(join(folder, 'leitwerk.lock'), { timeout: 0 });
    lock.exec('BEGIN EXCLUSIVE');
    return lock;
  } catch (cause) {
    lock?.close();
    if (codeOf(cause) !== 'SQLITE_BUSY') throw unwritable(folder, cause);
    throw new LeitwerkError('Misconfigured', {
      cause,
      text: {
        de: `Im Datenordner ${folder} läuft Leitwerk schon: das andere beenden oder LEITWERK_DATA auf einen anderen Ordner setzen.`,
        en: `Leitwerk is already running on the data folder ${folder}: end the other one or set LEITWERK_DATA to another folder.`,
      },
    });
  }
}
