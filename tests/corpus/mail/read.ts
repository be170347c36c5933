import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Names of the mails in the corpus, without `.eml`. */
export const corpusNames: readonly string[] = readdirSync(import.meta.dirname)
  .filter((name) => name.endsWith('.eml'))
  .map((name) => name.slice(0, -'.eml'.length));

export const corpusMail = (name: string): Buffer => readFileSync(join(import.meta.dirname, `${name}.eml`));
