import { createHash } from 'node:crypto';
import { configDefinitions, configKinds, configSchema, type RevisionKind } from '../core/config/kinds.ts';
import type { ConfigIssue } from '../core/config/faults.ts';
import type { Parsed } from '../core/config/parse.ts';
import {
  archiveConfig,
  isDamaged,
  markCheckedWith,
  readAllHeads,
  readCheckedWith,
  readRevisions,
  type ConfigHead,
} from '../store/config.ts';
import { configFileName } from '../store/config-files.ts';
import { publishEntry, type ConfigContext, type ConfigEntry } from './config-state.ts';

type BootContext = Pick<ConfigContext, 'db' | 'actor' | 'language' | 'now'>;

const fingerprint = (): string => {
  const schemas = [configDefinitions, ...([...configKinds, 'schemas'] as const).map(configSchema)];
  return createHash('sha256').update(JSON.stringify(schemas)).digest('hex');
};

/** The reader is loaded only when something has to be read. */
const read = async (ctx: BootContext, head: Pick<ConfigHead, 'kind' | 'key' | 'yaml'>): Promise<Parsed> => {
  const { parseConfig } = await import('../core/config/parse.ts');
  const kind = head.kind as RevisionKind;
  return parseConfig(kind, head.yaml, { key: head.key, file: configFileName(kind, head.key), language: ctx.language });
};

/** The newest earlier revision that is whole and that this version of the product can read. */
const lastGood = async (ctx: BootContext, head: ConfigHead): Promise<ConfigEntry | undefined> => {
  const { kind, key } = head;
  for (const revision of await readRevisions(ctx.db, { tenantId: ctx.actor.tenantId, kind, key })) {
    const { value } = await read(ctx, revision);
    if (revision.revision === head.revision || value === undefined || isDamaged(revision)) continue;
    const comment =
      ctx.language === 'de'
        ? `Fassung ${head.revision} ist nicht lesbar; es gilt wieder Fassung ${revision.revision}`
        : `Revision ${head.revision} cannot be read; revision ${revision.revision} is in force again`;
    return { kind: kind as RevisionKind, key, yaml: revision.yaml, value, comment };
  }
  return undefined;
};

const replace = async (ctx: BootContext, head: ConfigHead): Promise<void> => {
  const good = await lastGood(ctx, head);
  const { tenantId } = ctx.actor;
  await ctx.db.write(async (tx) => {
    if (good === undefined) await archiveConfig(tx, { tenantId, kind: head.kind, key: head.key });
    else await publishEntry(ctx, tx, good);
  });
};

const damage = (ctx: BootContext, head: ConfigHead): ConfigIssue => ({
  path: '',
  code: 'damaged',
  message: ctx.language === 'de' ? 'Die gespeicherte Fassung ist beschädigt.' : 'The stored revision is damaged.',
  file: configFileName(head.kind as RevisionKind, head.key),
});

/**
 * Makes sure that a start finds only configuration it can read: a stored text that is damaged, or that this version of the
 * product no longer takes, gives way to its newest good revision, or goes out of use when there is none. Everything is read
 * again only after the product's schemas have changed; otherwise only what does not match its hash.
 * Answers what was wrong; the start goes on.
 */
export async function keepLastGood(ctx: BootContext): Promise<readonly ConfigIssue[]> {
  const { tenantId } = ctx.actor;
  const current = fingerprint();
  const isChecked = (await readCheckedWith(ctx.db, tenantId)) === current;
  const issues: ConfigIssue[] = [];
  for (const head of await readAllHeads(ctx.db, tenantId)) {
    if (head.isArchived || (isChecked && !isDamaged(head))) continue;
    const found = isDamaged(head) ? [damage(ctx, head)] : (await read(ctx, head)).issues;
    if (found.length === 0) continue;
    issues.push(...found);
    await replace(ctx, head);
  }
  if (!isChecked) await ctx.db.write(async (tx) => await markCheckedWith(tx, tenantId, current));
  return issues;
}
