import { insertImportRows, readImportEdits } from '../../store/import-rows.ts';
import { isUniqueViolation } from '../../store/violations.ts';
import type { Context } from '../context.ts';
import { lockImport, noteProgress, type ImportRecord, type ImportState } from './import-record.ts';
import type { ImportJob } from './import-job.ts';
import { judgeRow, type FileRow } from './import-rows.ts';
import { counters, readKnown, takeRow, toImportRow, type Outcome } from './take-row.ts';
import { flushLeads, type LeadBatch } from './writeRow.ts';

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

/** Rows with their cells as somebody has corrected them. */
const withEdits = async (
  ctx: Context,
  { record }: ImportJob,
  rows: readonly FileRow[],
): Promise<readonly FileRow[]> => {
  const [first, last] = [rows[0], rows.at(-1)];
  if (record.edits === 0 || first === undefined || last === undefined) return rows;
  const place = { tenantId: ctx.actor.tenantId, importId: record.id };
  const edits = await readImportEdits(ctx.db, place, [first.line, last.line]);
  return rows.map((row) => {
    const cells = edits.get(row.line);
    return cells === undefined ? row : { ...row, cells, fault: undefined };
  });
};

/**
 * Takes rows in: records, timeline, events, what became of each row and how far the import is, in one transaction.
 * @throws LeitwerkError what no row is to blame for (`Unavailable` …): nothing is written, and the same chunk may be tried again.
 */
export async function importChunk(ctx: Context, job: ImportJob, chunk: Chunk): Promise<ChunkResult> {
  const rows = await withEdits(ctx, job, chunk.rows);
  const judged = rows.map((row) => judgeRow(ctx, job, row));
  const ready = judged.filter((row) => 'key' in row);
  const attempt = async (): Promise<ChunkResult> =>
    await ctx.db.write(async (tx) => {
      const startedAt = performance.now();
      const record = await lockImport(ctx, tx, job.record.id);
      if (record.state !== 'running') return { state: record.state, workMs: 0 };
      if (record.position !== chunk.from || record.run !== job.record.run) return { state: 'overtaken', workMs: 0 };
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
