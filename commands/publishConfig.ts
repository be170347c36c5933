import type { LineDiff } from '../core/config/diff.ts';
import { toConfigKind } from '../core/config/kinds.ts';
import { LeitwerkError } from '../core/errors.ts';
import { assertExpected } from '../store/config.ts';
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

export interface PublishInput {
  readonly kind: string;
  readonly key: string;
  /** The text, or … */
  readonly yaml?: string | undefined;
  /** … the value: the text in force is then changed where it differs, so its comments stay. */
  readonly value?: Readonly<Record<string, unknown>> | undefined;
  readonly comment?: string | undefined;
  /** Revision that the author started from; 0 = the key must be new. */
  readonly expectedRevision?: number | undefined;
}

interface Prepared {
  readonly entry: ConfigEntry;
  readonly diff: LineDiff;
}

/** Loaded at the first publish: the readers and checkers of config texts are large. */
const loadChecks = async () => {
  const modules = [
    import('../core/config/check.ts'),
    import('../core/config/diff.ts'),
    import('../core/config/write.ts'),
  ] as const;
  const [{ checkConfig }, { diffLines }, { writeYaml }] = await Promise.all(modules);
  return { checkConfig, diffLines, writeYaml };
};

const prepare = async (ctx: ConfigContext, state: ConfigState, input: PublishInput): Promise<Prepared> => {
  const { checkConfig, diffLines, writeYaml } = await loadChecks();
  const kind = toConfigKind(input.kind);
  const { key } = input;
  const head = state.heads.find((one) => one.kind === kind && one.key === key);
  const before = head?.yaml;
  const yaml = input.yaml ?? (input.value === undefined ? undefined : writeYaml(kind, input.value, before));
  if (yaml === undefined) throw new LeitwerkError('Unreadable');
  assertExpected(head, { key, yaml, expectedRevision: input.expectedRevision });
  const lookup = lookupOf(state, { added: [{ kind, key, value: {} }], presets: ctx.presets });
  const { value, issues } = checkConfig(kind, yaml, { key, language: ctx.language, lookup });
  assertValid(issues);
  const entry = { kind, key, yaml, value, comment: input.comment, expectedRevision: input.expectedRevision };
  assertMayGrant(ctx, entry);
  return { entry, diff: diffLines(before ?? '', yaml) };
};

/**
 * Validates a config text and makes it the revision in force. The caller refreshes the registry afterwards.
 * @throws LeitwerkError `Forbidden`, `NotFound` (kind), `InvalidInput` with line and column of every fault, `Conflict` when another revision is in force.
 */
export async function publishConfig(
  ctx: ConfigContext,
  input: PublishInput,
): Promise<PublishedEntry & { readonly value: unknown; readonly yaml: string }> {
  assertMayConfigure(ctx);
  return await onSteadyState(ctx, async (state) => {
    const { entry } = await prepare(ctx, state, input);
    return async (tx) => ({ ...(await publishEntry(ctx, tx, entry)), value: entry.value, yaml: entry.yaml });
  });
}

/** Validates only, and says what publishing would change. Throws as `publishConfig`. */
export async function previewConfig(
  ctx: ConfigContext,
  input: PublishInput,
): Promise<{ readonly diff: LineDiff; readonly yaml: string }> {
  assertMayConfigure(ctx);
  const { entry, diff } = await prepare(ctx, await readConfigState(ctx.db, ctx.actor.tenantId), input);
  return { diff, yaml: entry.yaml };
}
