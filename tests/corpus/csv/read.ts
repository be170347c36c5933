import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Names of the tables in the corpus, with their endings. */
export const tableNames: readonly string[] = readdirSync(import.meta.dirname).filter((name) =>
  /\.(?:csv|tsv|txt)$/.test(name),
);

export const corpusTable = (name: string): Buffer => readFileSync(join(import.meta.dirname, name));
