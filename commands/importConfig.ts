import { checkConfig } from '../core/config/check.ts';
import type { ConfigIssue } from '../core/config/faults.ts';
import { parseConfig } from '../core/config/parse.ts';
import { compareSchemas } from '../core/config/schema-change.ts';
import { toEntityModel, type EntitySchema } from '../core/entity.ts';
import type { Language } from '../core/errors.ts';
import { configHash, isDamaged, readAllHeads } from '../store/config.ts';
import type { ConfigFile, ConfigFolder } from '../store/config-files.ts';
import {
  assertMayConfigure,
  assertMayGrant,
  assertValid,
  lookupOf,
  onSteadyState,
  publishEntry,
  readConfigState,
  type ConfigContext,
  type ConfigEntry,
  type ConfigState,
  type PublishedEntry,
} from './config-state.ts';

interface Checked {
  readonly entries: readonly ConfigEntry[];
  readonly issues: readonly ConfigIssue[];
}

interface ReadFile {
  readonly file: ConfigFile;
  readonly value: unknown;
  readonly issues: readonly ConfigIssue[];
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
const checkFiles = (files: readonly ConfigFile[], state: ConfigState, language: Language): Checked => {
  const read = files.map((file): ReadFile => {
    const { value, issues } = parseConfig(file.kind, file.text, { key: file.key, file: file.file, language });
    return { file, value, issues };
  });
  const added = read
    .filter((one) => one.value !== undefined)
    .map(({ file, value }) => ({ kind: file.kind, key: file.key, value }));
  const lookup = lookupOf(state, { added });
  const inForce = new Map(state.heads.map((head) => [`${head.kind}/${head.key}`, head.hash]));
  const entries: ConfigEntry[] = [];
  const issues: ConfigIssue[] = [];
  for (const one of read) {
    const { kind, key, text, file } = one.file;
    const found =
      one.value === undefined ? one.issues : checkConfig(kind, text, { key, file, language, lookup }).issues;
    const isSame = inForce.get(`${kind}/${key}`) === configHash(text);
    const destructive = kind === 'schemas' && found.length === 0 && !isSame ? schemaIssues(state, one, language) : [];
    issues.push(...found, ...destructive);
    if (found.length === 0 && destructive.length === 0 && !isSame)
      entries.push({ kind, key, yaml: text, value: one.value });
  }
  return { entries, issues };
};

/** Checks a folder against the configuration in force without changing anything; empty = it can be imported. */
export async function validateConfig(
  ctx: Pick<ConfigContext, 'db' | 'actor' | 'language'>,
  folder: ConfigFolder,
): Promise<readonly ConfigIssue[]> {
  const state = await readConfigState(ctx.db, ctx.actor.tenantId);
  return [...folder.issues, ...checkFiles(folder.files, state, ctx.language).issues];
}

/**
 * Publishes every text of a folder that differs from the one in force, all in one transaction; the same folder again changes nothing.
 * @throws LeitwerkError `Forbidden`; `InvalidInput` with file, line and column of every fault when any file is wrong, and then nothing is published.
 */
export async function importConfig(
  ctx: ConfigContext,
  folder: ConfigFolder,
  comment?: string,
): Promise<readonly PublishedEntry[]> {
  assertMayConfigure(ctx);
  return await onSteadyState(ctx, (state) => {
    const { entries, issues } = checkFiles(folder.files, state, ctx.language);
    assertValid([...folder.issues, ...issues]);
    for (const entry of entries) assertMayGrant(ctx, entry);
    return async (tx) => {
      const published: PublishedEntry[] = [];
      for (const entry of entries) published.push(await publishEntry(ctx, tx, { ...entry, comment }));
      return published;
    };
  });
}

/** Author of shipped texts: only those still in force are renewed by an update. */
const shipped = 'shipped';

/** Shipped texts that are new, damaged in the database, or differ from what an earlier version of the product shipped. */
const freshFiles = async (
  ctx: Pick<ConfigContext, 'db' | 'actor'>,
  files: readonly ConfigFile[],
): Promise<ConfigFile[]> => {
  const heads = new Map(
    (await readAllHeads(ctx.db, ctx.actor.tenantId)).map((head) => [`${head.kind}/${head.key}`, head]),
  );
  return files.filter((file) => {
    const head = heads.get(`${file.kind}/${file.key}`);
    if (head === undefined || isDamaged(head)) return true;
    return head.author === shipped && !head.isArchived && head.hash !== configHash(file.text);
  });
};

/** Leaves wrong files out, and then those that named them, until what is left stands on its own. */
const checkWithoutWrong = (files: readonly ConfigFile[], state: ConfigState, language: Language): Checked => {
  const { entries, issues } = checkFiles(files, state, language);
  const wrong = new Set(issues.map((issue) => issue.file));
  if (wrong.size === 0) return { entries, issues };
  const rest = checkWithoutWrong(
    files.filter((file) => !wrong.has(file.file)),
    state,
    language,
  );
  return { entries: rest.entries, issues: [...issues, ...rest.issues] };
};

/**
 * Brings the shipped texts in: all of them at the first start, later the new ones and those that nobody has changed or archived.
 * A wrong one is left out and reported, so that the product starts whatever is shipped with it.
 */
export async function importShipped(
  ctx: Pick<ConfigContext, 'db' | 'actor' | 'language' | 'now'>,
  files: readonly ConfigFile[],
): Promise<{ readonly published: readonly PublishedEntry[]; readonly issues: readonly ConfigIssue[] }> {
  const fresh = await freshFiles(ctx, files);
  if (fresh.length === 0) return { published: [], issues: [] };
  return await onSteadyState(ctx, (state) => {
    const { entries, issues } = checkWithoutWrong(fresh, state, ctx.language);
    return async (tx) => {
      const published: PublishedEntry[] = [];
      for (const entry of entries) published.push(await publishEntry(ctx, tx, { ...entry, author: shipped }));
      return { published, issues };
    };
  });
}
