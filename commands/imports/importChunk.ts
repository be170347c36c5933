import { LeitwerkError, type Issue } from '../../core/errors.ts';
import type { Tx } from '../../store/database.ts';
import { findImportedKeys, insertImportRows, type ImportRow, type RowOutcome } from '../../store/import-rows.ts';
import { findMessagesByKeys } from '../../store/intake.ts';
import { keyGroups } from '../../store/key-groups.ts';
import { findRecordsBy } from '../../store/record-list.ts';
import { isUniqueViolation } from '../../store/violations.ts';
import type { Context } from '../context.ts';
import { lockImport, noteProgress, type ImportRecord, type ImportState } from './import-record.ts';
import type { ImportJob } from './import-job.ts';
import { judgeRow, type FileRow, type JudgedRow, type ReadyRow } from './import-rows.ts';
import { matchValue } from './match-key.ts';
import { flushLeads, writeRow, type LeadBatch } from './writeRow.ts';

/** Rows that follow one another in the file. */
export interface Chunk {
  /** Byte at which the first one was looked for: where the import stood. */
  readonly from: number;
  readonly rows: readonly FileRow[];
}

/** What became of a chunk. */
export interface ChunkResult {
  /** The import's state; `overtaken`: somebody else has taken these rows already. With another than `running` nothing was written. */
  readonly state: ImportState | 'overtaken';
  /** How long the rows kept other writers waiting, without the commit, which takes its time however few they are. */
  readonly workMs: number;
}

interface Outcome {
  readonly outcome: RowOutcome;
  readonly recordId: string | null;
  readonly event: number | null;
  readonly issues: readonly Issue[];
}

/** Records that are there already, by what rows are known and found by. Rows of the chunk add theirs. */
interface Known {
  readonly byKey: Map<string, string>;
  readonly byMatch: Map<string, string>;
}

const mostMatches = 5_000;

const readKnown = async (ctx: Context, tx: Tx, of: { job: ImportJob; ready: readonly ReadyRow[] }): Promise<Known> => {
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
  return { byKey, byMatch: await readMatches(ctx, tx, of) };
};

const readMatches = async (
  ctx: Context,
  tx: Tx,
  { job, ready }: { job: ImportJob; ready: readonly ReadyRow[] },
): Promise<Map<string, string>> => {
  const found = new Map<string, string>();
  const { match: field, model } = job;
  if (field === undefined || job.record.options.onMatch === 'create') return found;
  const values = [...new Set(ready.flatMap(({ match }) => match ?? []))];
  for (const group of keyGroups(values)) {
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
const dryScope = ({ record }: ImportJob): string => `check/${record.id}`;

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
  return rejected(issues.length > 0 ? issues : [{ path: '', code, message: text[ctx.language] }]);
};

const takeRow = async (
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
    return refusal(ctx, error);
  }
};

const counters = {
  created: 'created',
  updated: 'updated',
  unchanged: 'unchanged',
  duplicate: 'duplicates',
  rejected: 'rejected',
  undone: 'created',
  kept: 'created',
} as const satisfies Record<RowOutcome, string>;

const toImportRow = (job: ImportJob, judged: JudgedRow, { outcome, recordId, event, issues }: Outcome): ImportRow => {
  const { row } = judged;
  const isKeyed = outcome === 'created' && 'key' in judged;
  return {
    importId: job.record.id,
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

const advance = (record: ImportRecord, chunk: Chunk, outcomes: readonly Outcome[]): Record<string, number> => {
  const last = chunk.rows.at(-1);
  const changes: Record<string, number> = {
    position: last?.end ?? chunk.from,
    line: last?.nextLine ?? record.line,
    read: Number(record.data['read'] ?? 0) + chunk.rows.length,
  };
  for (const { outcome } of outcomes) {
    const name = counters[outcome];
    changes[name] = (changes[name] ?? Number(record.data[name] ?? 0)) + 1;
  }
  return changes;
};

/**
 * Takes rows in: records, timeline, events, what became of each row and how far the import is, in one transaction.
 * @throws LeitwerkError what no row is to blame for (`Unavailable` …): nothing is written, and the same chunk may be tried again.
 */
export async function importChunk(ctx: Context, job: ImportJob, chunk: Chunk): Promise<ChunkResult> {
  const judged = chunk.rows.map((row) => judgeRow(ctx, job, row));
  const ready = judged.filter((row) => 'key' in row);
  const attempt = async (): Promise<ChunkResult> =>
    await ctx.db.write(async (tx) => {
      const startedAt = performance.now();
      const record = await lockImport(ctx, tx, job.record.id);
      if (record.state !== 'running') return { state: record.state, workMs: 0 };
      if (record.position !== chunk.from) return { state: 'overtaken', workMs: 0 };
      const known = await readKnown(ctx, tx, { job, ready });
      const outcomes: Outcome[] = [];
      const batch: LeadBatch = { drafts: [], events: new Map() };
      for (const row of judged) outcomes.push(await takeRow(ctx, tx, { job, judged: row, known, batch }));
      await flushLeads(ctx, tx, { job, batch });
      await insertImportRows(
        tx,
        outcomes.flatMap((outcome, index) => {
          const row = judged[index];
          const written = outcome.outcome === 'created' ? batch.events.get(outcome.recordId ?? '') : undefined;
          const event = outcome.event ?? written ?? null;
          return row === undefined ? [] : [toImportRow(job, row, { ...outcome, event })];
        }),
      );
      await noteProgress(ctx, tx, { known: record, changes: advance(record, chunk, outcomes) });
      return { state: 'running', workMs: performance.now() - startedAt };
    });
  try {
    return await attempt();
  } catch (error) {
    // On MySQL two imports of one file may meet: the loser looks again and finds the winner's rows.
    if (!isUniqueViolation(error)) throw error;
    return await attempt();
  }
}
