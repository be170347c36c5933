import type { ConfigIssue } from '../core/config/faults.ts';
import { toEntityModel, type EntitySchema } from '../core/entity.ts';
import { configHash, isDamaged, readAllHeads } from '../store/config.ts';
import type { ConfigFile, ConfigFolder } from '../store/config-files.ts';
import {
  assertMayConfigure,
  assertMayGrant,
  assertValid,
  onSteadyState,
  publishEntry,
  readConfigState,
  type ConfigContext,
  type PublishedEntry,
} from './config-state.ts';
import { provideTable } from './provideTable.ts';

/** Reading and checking take 100 ms and 6 MB to load, which a start that finds nothing new does without. */
const loadChecks = () => import('./check-files.ts');

/** Checks a folder against the configuration in force without changing anything; empty = it can be imported. */
export async function validateConfig(
  ctx: Pick<ConfigContext, 'db' | 'actor' | 'language' | 'presets'>,
  folder: ConfigFolder,
): Promise<readonly ConfigIssue[]> {
  const { checkFiles } = await loadChecks();
  const state = await readConfigState(ctx.db, ctx.actor.tenantId);
  return [...folder.issues, ...checkFiles(folder.files, state, ctx).issues];
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
  const { checkFiles } = await loadChecks();
  return await onSteadyState(ctx, async (state) => {
    const { entries, issues } = checkFiles(folder.files, state, ctx);
    assertValid([...folder.issues, ...issues]);
    for (const entry of entries) assertMayGrant(ctx, entry);
    for (const { kind, value } of entries)
      if (kind === 'schemas') await provideTable(ctx, toEntityModel(value as EntitySchema, 0));
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
  const { checkWithoutWrong } = await loadChecks();
  return await onSteadyState(ctx, (state) => {
    const { entries, issues } = checkWithoutWrong(fresh, state, ctx.language);
    return async (tx) => {
      const published: PublishedEntry[] = [];
      for (const entry of entries) published.push(await publishEntry(ctx, tx, { ...entry, author: shipped }));
      return { published, issues };
    };
  });
}
