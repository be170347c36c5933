import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isConfigKind, type RevisionKind } from '../core/config/kinds.ts';
import type { ConfigIssue } from '../core/config/faults.ts';
import type { Language } from '../core/errors.ts';

/** One config text in a folder: `<kind>/<key>.yaml`, or `schemas/<entity>.json`. */
export interface ConfigFile {
  readonly kind: RevisionKind;
  readonly key: string;
  /** As issues name it: `pipelines/inbox.yaml`. */
  readonly file: string;
  readonly text: string;
}

export interface ConfigFolder {
  readonly files: readonly ConfigFile[];
  /** Files and folders that do not belong there. */
  readonly issues: readonly ConfigIssue[];
}

const filePattern = /^([a-z][a-z0-9-]{0,62})\.(yaml|json)$/;
const isHidden = (name: string): boolean => name.startsWith('.') || name.endsWith('~');

export const configFileName = (kind: RevisionKind, key: string): string =>
  `${kind}/${key}.${kind === 'schemas' ? 'json' : 'yaml'}`;

const issue = (file: string, language: Language, text: { readonly de: string; readonly en: string }): ConfigIssue => ({
  path: '',
  code: 'file',
  message: text[language],
  file,
});

const readKind = async (folder: string, kind: RevisionKind, language: Language): Promise<ConfigFolder> => {
  const files: ConfigFile[] = [];
  const issues: ConfigIssue[] = [];
  for (const name of (await readdir(folder)).toSorted()) {
    const key = filePattern.exec(name)?.[1];
    if (key !== undefined && configFileName(kind, key) === `${kind}/${name}`) {
      files.push({ kind, key, file: `${kind}/${name}`, text: await readFile(join(folder, name), 'utf8') });
    } else if (!isHidden(name)) {
      const wanted = kind === 'schemas' ? '<name>.json' : '<key>.yaml';
      issues.push(issue(`${kind}/${name}`, language, { de: `Erwartet wird ${wanted}.`, en: `Expected ${wanted}.` }));
    }
  }
  return { files, issues };
};

/**
 * Reads a folder of config texts. Nothing is parsed yet.
 * @throws Error of node:fs when the folder cannot be read.
 */
export async function readConfigFolder(folder: string, language: Language): Promise<ConfigFolder> {
  const parts: ConfigFolder[] = [];
  for (const entry of (await readdir(folder, { withFileTypes: true })).toSorted((a, b) =>
    a.name.localeCompare(b.name),
  )) {
    const { name } = entry;
    if (isHidden(name) || (!entry.isDirectory() && /\.(md|txt)$/.test(name))) continue;
    if (entry.isDirectory() && (isConfigKind(name) || name === 'schemas'))
      parts.push(await readKind(join(folder, name), name, language));
    else
      parts.push({
        files: [],
        issues: [
          issue(name, language, { de: `„${name}“ ist keine Einstellungsart.`, en: `"${name}" is not a config kind.` }),
        ],
      });
  }
  return { files: parts.flatMap((part) => part.files), issues: parts.flatMap((part) => part.issues) };
}

/** The shipped texts: the folder of config kinds and the folder of entity schemas beside it. */
export async function readShipped(configFolder: string, schemaFolder: string): Promise<readonly ConfigFile[]> {
  const [config, schemas] = await Promise.all([
    readConfigFolder(configFolder, 'de'),
    readKind(schemaFolder, 'schemas', 'de'),
  ]);
  return [...schemas.files, ...config.files];
}

/** Writes the texts into a folder, over files of the same name; others stay. */
export async function writeConfigFolder(
  folder: string,
  files: readonly Pick<ConfigFile, 'kind' | 'key' | 'text'>[],
): Promise<void> {
  for (const { kind, key, text } of files) {
    const path = join(folder, configFileName(kind, key));
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  }
}
