import { readRecords, type CsvRecord } from '../connectors/csv/index.ts';
import { tables } from '../connectors/tables.ts';
import { finishImport, forgetFormerRuns, keepDialect } from '../commands/imports/carry.ts';
import { importChunk } from '../commands/imports/importChunk.ts';
import { prepareImport, type ImportJob } from '../commands/imports/import-job.ts';
import type { ImportRecord } from '../commands/imports/import-record.ts';
import { openTable } from '../commands/imports/import-table.ts';
import type { Context } from '../commands/context.ts';
import type { BlobStore } from '../store/blobs.ts';

export interface ImportRun {
  readonly record: ImportRecord;
  readonly blobs: BlobStore;
  /** Called after every chunk with the time it took in milliseconds; a throw ends the run. */
  readonly afterChunk?: (workMs: number) => Promise<void>;
}

/** A chunk's transaction keeps every other writer waiting: it is to last about this long, not counting the commit. */
const aimMs = 50;
const fewest = 100;
const most = 1_000;

/** How many rows go into the next chunk, from how long the last one took. */
const nextSize = (size: number, tookMs: number): number => {
  const wanted = size * Math.min(Math.max(aimMs / Math.max(tookMs, 1), 0.5), 2);
  return Math.round(Math.min(Math.max(wanted, fewest), most));
};

interface Going {
  readonly ctx: Context;
  readonly job: ImportJob;
  readonly run: ImportRun;
  position: number;
  size: number;
}

/** Answers false when the import is not to go on here. */
const takeRows = async (going: Going, rows: readonly CsvRecord[]): Promise<boolean> => {
  for (let index = 0; index < rows.length;) {
    const some = rows.slice(index, index + going.size);
    const { state, workMs } = await importChunk(going.ctx, going.job, { from: going.position, rows: some });
    if (state !== 'running') return false;
    going.position = some.at(-1)?.end ?? going.position;
    index += some.length;
    going.size = nextSize(some.length, workMs);
    await going.run.afterChunk?.(workMs);
  }
  return true;
};

/**
 * Reads the file from where the import stands and takes its rows in, chunk by chunk, to its end or until somebody stops it.
 * @throws LeitwerkError `Unreadable`, `InvalidInput`, `Forbidden`, `NotFound` for what no further attempt can mend.
 */
export async function carryImport(ctx: Context, run: ImportRun): Promise<void> {
  await forgetFormerRuns(ctx, run.record.id);
  const table = await openTable(ctx, run.record, { blobs: run.blobs, tables });
  const { record, dialect, open } = table;
  const job = prepareImport(ctx, record, dialect);
  await keepDialect(ctx, job, table);
  const isNew = record.dialect === null;
  const from = isNew ? { at: dialect.start, line: dialect.startLine } : { at: record.position, line: record.line };
  const going: Going = { ctx, job, run, position: from.at, size: 200 };
  let waiting: CsvRecord[] = [];
  for await (const rows of readRecords(open, dialect, from)) {
    waiting.push(...rows);
    if (waiting.length < going.size) continue;
    if (!(await takeRows(going, waiting))) return;
    waiting = [];
  }
  if (await takeRows(going, waiting)) await finishImport(ctx, record.id);
}
