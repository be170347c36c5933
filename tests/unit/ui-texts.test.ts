import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { de } from '../../admin-ui/i18n/de.ts';
import { en } from '../../admin-ui/i18n/en.ts';

const flatten = (value: object, prefix = ''): ReadonlyMap<string, string> =>
  new Map(
    Object.entries(value).flatMap(([name, text]: [string, unknown]): [string, string][] =>
      typeof text === 'object' && text !== null
        ? [...flatten(text, `${prefix}${name}.`)]
        : [[`${prefix}${name}`, String(text)]],
    ),
  );

const placeholders = (text: string): string[] =>
  [...text.matchAll(/\{\{(\w+)\}\}/g)].map(([, name]) => name ?? '').toSorted();

const sources = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.name === 'dist' || entry.name === 'i18n') return [];
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return sources(path);
    return /\.tsx?$/.test(entry.name) ? [readFileSync(path, 'utf8')] : [];
  });

const german = flatten(de);
const english = flatten(en);

describe('texts of the user interface', () => {
  it('have the same keys in German and English', () => {
    expect([...english.keys()].toSorted()).toEqual([...german.keys()].toSorted());
  });

  it('have the same placeholders in German and English', () => {
    for (const [key, text] of german)
      expect([key, placeholders(english.get(key) ?? '')]).toEqual([key, placeholders(text)]);
  });

  it('are never empty', () => {
    for (const [key, text] of [...german, ...english]) expect([key, text.trim()]).not.toEqual([key, '']);
  });

  it('exist for what a process leaves in the timeline', () => {
    const kinds = [
      'parked',
      'process-retry',
      'process-skip',
      'process-replan',
      'migrated',
      'mail-sent',
      'webhook-sent',
    ];
    expect(kinds.filter((kind) => !german.has(`event.${kind}`))).toEqual([]);
  });

  it('exist for every fixed key that a screen asks for', () => {
    const asked = sources(join(import.meta.dirname, '../../admin-ui')).flatMap((source) =>
      [...source.matchAll(/\bt\('([\w.-]+)'/g)].map(([, key]) => key ?? ''),
    );
    const missing = asked.filter((key) => !german.has(key) && !german.has(`${key}_other`));
    expect(missing).toEqual([]);
  });
});
