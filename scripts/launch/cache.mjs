import { accessSync, constants, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** Where downloads are kept for all clones of this user; `.cache/` in the clone when the home cannot be written. */
export function cacheFolder() {
  for (const folder of [userCache(), join(root, '.cache')]) {
    try {
      mkdirSync(folder, { recursive: true });
      accessSync(folder, constants.W_OK);
      return folder;
    } catch {
      // The next place may be writable.
    }
  }
  throw new Error(`Neither ${userCache()} nor ${join(root, '.cache')} can be written: make one of them writable.`);
}

function userCache() {
  if (process.env.LEITWERK_CACHE) return process.env.LEITWERK_CACHE;
  if (process.platform === 'win32') return join(process.env.LOCALAPPDATA ?? homedir(), 'leitwerk');
  return join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'leitwerk');
}
