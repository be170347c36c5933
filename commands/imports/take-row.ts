import { issueOf, LeitwerkError, type Issue } from '../../core/errors.ts';
import type { Tx } from '../../store/database.ts';
import { findImportedKeys, type ImportRow, type RowOutcome } from '../../store/import-rows.ts';
import { findMessagesByKeys } from '../../store/intake.ts';
import { keyGroups } from '../../store/key-groups.ts';
import { findRecordsBy } from '../../store/record-list.ts';
import { findRecord, findRecordsById } from '../../store/records.ts';
import type { Context } from '../context.ts';
import { mailSpellings } from '../mailSpellings.ts';
import { standingId } from '../duplicates/standing.ts';
import type { ImportJob } from './import-job.ts';
import type { JudgedRow, ReadyRow } from './import-rows.ts';
import { matchValue } from '../../core/match-key.ts';
import { writeRow, type LeadBatch } from './writeRow.ts';

/** What became of a row. */
export interface Outcome {
  readonly outcome: RowOutcome;
  readonly recordId: string | null;
  readonly event: number | null;
  readonly issues: readonly Issue[];
}

/** Records that are there already, by what rows are known and found by. Rows of the chunk add theirs. */
export interface Known {
  readonly byKey: Map<string, string>;
  readonly byMatch: Map<string, string>;
}

const mostMatches = 5_000;

/** What the rows are about that is there already. */
export const readKnown = async (
  ctx: Context,
  tx: Tx,
  of: { job: ImportJob; ready: readonly ReadyRow[] },
): Promise<Known> => {
  const { job, ready } = of;
  const { tenantId } = ctx.actor;
  const keys = ready.map(({ key }) => key);
  const byKey = await findImportedKeys(tx, { tenantId, scope: job.scope, keys });
  if (job.record.isDryRun)
    for (const [key, id] of await findImportedKeys(tx, { tenantId, scope: dryScope(job), keys })) byKey.set(key, id);
  const external = keys.filter((key) => key.startsWith('x:') && !byKey.has(key));
  if (job.model.name === 'lead' && external.length > 0) {
    const messages = await findMessagesByKeys(tx, { tenantId, source: job.source.key, dedupeKeys: external });
    for (const { dedupeKey, lead } of messages) byKey.set(dedupeKey, lead ?? '');
  }
  const byMatch = await readMatches(ctx, tx, of);
  await followMerges(ctx, tx, { job, maps: [byKey, byMatch] });
  return { byKey, byMatch };
};

/** Whoever was merged is found as the record that stands for it now. */
const followMerges = async (
  ctx: Context,
  tx: Tx,
  { job, maps }: { job: ImportJob; maps: readonly Map<string, string>[] },
): Promise<void> => {
  const { model } = job;
  const { tenantId } = ctx.actor;
  if (!model.fields.has('mergedInto')) return;
  const ids = [...new Set(maps.flatMap((map) => [...map.values()]))].filter((id) => id !== '');
  const standing = new Map<string, string>();
  for (const record of await findRecordsById(tx, model, { tenantId, ids })) {
    if (typeof record['mergedInto'] !== 'string') continue;
    const id = String(record['id']);
    standing.set(id, await standingId(tx, model, { tenantId, id }));
  }
  for (const map of maps) for (const [key, id] of map) map.set(key, standing.get(id) ?? id);
};

const readMatches = async (
  ctx: Context,
  tx: Tx,
  { job, ready }: { job: ImportJob; ready: readonly ReadyRow[] },
): Promise<Map<string, string>> => {
  const found = new Map<string, string>();
  const { match: field, model } = job;
  if (field === undefined || job.record.options.onMatch === 'create') return found;
  const values = new Set(ready.flatMap(({ match }) => (match === undefined ? [] : mailSpellings(match))));
  for (const group of keyGroups([...values])) {
    const search = { tenantId: ctx.actor.tenantId, field: field.name, values: group, limit: mostMatches };
    for (const record of await findRecordsBy(tx, model, search)) {
      const value = matchValue(model, field, record);
      // Somebody else's record is none of the starter's business: it is no match.
      if (value !== undefined && !found.has(value) && job.ability.canOn('read', model.name, record))
        found.set(value, String(record['id']));
    }
  }
  return found;
};

/** A check must not take away the keys of the import it is made for. */
const dryScope = ({ record }: ImportJob): string => `check/${record.run}`;

const rejected = (issues: readonly Issue[]): Outcome => ({
  outcome: 'rejected',
  recordId: null,
  event: null,
  issues,
});

/** What a command refused is the row's fault; what is nobody's fault ends the chunk. */
const refusal = (ctx: Context, error: unknown): Outcome => {
  if (!(error instanceof LeitwerkError) || error.isRetryable || error.status >= 500) throw error;
  const { issues, code, text } = error;
  return rejected(issues.length > 0 ? issues : [issueOf({ path: '', code }, text, ctx.language)]);
};

/** That a row's record cannot be found is told apart: one that was deleted does not come back by itself. */
const isDeleted = async (
  ctx: Context,
  tx: Tx,
  { job, there, error }: { job: ImportJob; there: string | undefined; error: unknown },
): Promise<boolean> => {
  if (there === undefined || !(error instanceof LeitwerkError) || error.code !== 'NotFound') return false;
  const key = { tenantId: ctx.actor.tenantId, id: there, isDeletedToo: true };
  const record = await findRecord(tx, job.model, key);
  return record !== undefined && record['deletedAt'] !== null;
};

const deletedIssue = (ctx: Context, { model }: ImportJob): Issue =>
  issueOf(
    { path: '', code: 'deleted' },
    {
      de: `Der Datensatz zu dieser Zeile (${model.label.de}) wurde hier gelöscht; die Zeile wurde deshalb ausgelassen.`,
      en: `The record of this row (${model.label.en}) was deleted here; the row was therefore left out.`,
    },
    ctx.language,
  );

/** Takes one row in, or says why not. */
export const takeRow = async (
  ctx: Context,
  tx: Tx,
  of: { job: ImportJob; judged: JudgedRow; known: Known; batch: LeadBatch },
): Promise<Outcome> => {
  const { job, judged, known, batch } = of;
  if ('issues' in judged) return rejected(judged.issues);
  const there =
    known.byKey.get(judged.key) ?? (judged.match === undefined ? undefined : known.byMatch.get(judged.match));
  try {
    if (there !== undefined && (job.record.options.onMatch !== 'update' || there === ''))
      return { outcome: 'duplicate', recordId: there === '' ? null : there, event: null, issues: [] };
    const written = await writeRow(ctx, tx, { job, ready: judged, there, batch });
    if (written.outcome === 'created') {
      known.byKey.set(judged.key, written.recordId ?? '');
      if (judged.match !== undefined && job.record.options.onMatch !== 'create')
        known.byMatch.set(judged.match, written.recordId ?? '');
    }
    return { ...written, issues: [] };
  } catch (error) {
    if (await isDeleted(ctx, tx, { job, there, error })) return rejected([deletedIssue(ctx, job)]);
    return refusal(ctx, error);
  }
};

/** The counter of an import that each outcome counts in. */
export const counters = {
  created: 'created',
  updated: 'updated',
  unchanged: 'unchanged',
  duplicate: 'duplicates',
  rejected: 'rejected',
  undone: 'created',
  kept: 'created',
} as const satisfies Record<RowOutcome, string>;

/** What is kept of a row. */
export const toImportRow = (
  job: ImportJob,
  judged: JudgedRow,
  { outcome, recordId, event, issues }: Outcome,
): ImportRow => {
  const { row } = judged;
  const isKeyed = outcome === 'created' && 'key' in judged;
  return {
    importId: job.record.run,
    line: row.line,
    tenantId: String(job.record.data['tenantId']),
    outcome,
    recordId: job.record.isDryRun && outcome === 'created' ? null : recordId,
    event,
    at: row.at,
    bytes: row.end - row.at,
    reasons: outcome === 'rejected' ? issues : null,
    scope: isKeyed ? (job.record.isDryRun ? dryScope(job) : job.scope) : null,
    key: isKeyed ? judged.key : null,
  };
};
