import { checkConfig } from '../core/config/check.ts';
import type { ConfigIssue } from '../core/config/faults.ts';
import { parseConfig } from '../core/config/parse.ts';
import { compareSchemas } from '../core/config/schema-change.ts';
import { toEntityModel, type EntitySchema } from '../core/entity.ts';
import type { Language } from '../core/errors.ts';
import { configHash } from '../store/config.ts';
import type { ConfigFile } from '../store/config-files.ts';
import { lookupOf, type ConfigContext, type ConfigEntry, type ConfigState } from './config-state.ts';

/** Files that may be published, and what is wrong with the others. */
export interface CheckedFiles {
  readonly entries: readonly ConfigEntry[];
  readonly issues: readonly ConfigIssue[];
}

interface ReadFile {
  readonly file: ConfigFile;
  readonly value: unknown;
}

const schemaIssues = (state: ConfigState, { file, value }: ReadFile, language: Language): ConfigIssue[] => {
  const before = state.models.get(file.key);
  const after = toEntityModel(value as EntitySchema, 0);
  return compareSchemas(before, after)
    .filter((change) => change.isDestructive)
    .map((change) => ({
      path: change.field === undefined ? '' : `/properties/${change.field}`,
      code: 'destructive',
      message:
        language === 'de'
          ? `${change.text.de}: Das muss einzeln mit Bestätigung veröffentlicht werden.`
          : `${change.text.en}: this has to be published on its own, with a confirmation.`,
      file: file.file,
    }));
};

/** Reads every file, then checks each as if all the readable ones were in force. */
export const checkFiles = (
  files: readonly ConfigFile[],
  state: ConfigState,
  { language, presets }: Pick<ConfigContext, 'language' | 'presets'>,
): CheckedFiles => {
  const read = files.map((file): ReadFile => {
    const { value } = parseConfig(file.kind, file.text, { key: file.key, file: file.file, language });
    return { file, value };
  });
  const added = read
    .filter((one) => one.value !== undefined)
    .map(({ file, value }) => ({ kind: file.kind, key: file.key, value }));
  const lookup = lookupOf(state, { added, presets });
  const inForce = new Map(state.heads.map((head) => [`${head.kind}/${head.key}`, head.hash]));
  const entries: ConfigEntry[] = [];
  const issues: ConfigIssue[] = [];
  for (const one of read) {
    const { kind, key, text, file } = one.file;
    const found = checkConfig(kind, text, { key, file, language, lookup }).issues;
    const isSame = inForce.get(`${kind}/${key}`) === configHash(text);
    const destructive = kind === 'schemas' && found.length === 0 && !isSame ? schemaIssues(state, one, language) : [];
    issues.push(...found, ...destructive);
    if (found.length === 0 && destructive.length === 0 && !isSame)
      entries.push({ kind, key, yaml: text, value: one.value });
  }
  return { entries, issues };
};

/** Leaves wrong files out, and then those that named them, until what is left stands on its own. */
export const checkWithoutWrong = (
  files: readonly ConfigFile[],
  state: ConfigState,
  language: Language,
): CheckedFiles => {
  const { entries, issues } = checkFiles(files, state, { language });
  const wrong = new Set(issues.map((issue) => issue.file));
  if (wrong.size === 0) return { entries, issues };
  const rest = checkWithoutWrong(
    files.filter((file) => !wrong.has(file.file)),
    state,
    language,
  );
  return { entries: rest.entries, issues: [...issues, ...rest.issues] };
};
