import { knowsColumn } from '../core/import-columns.ts';
import {
  detectDialect,
  headSize,
  readRecords,
  type CsvRecord,
  type Dialect,
  type OpenFile,
} from '../connectors/csv/index.ts';
import { finishImport, keepDialect } from '../commands/imports/carry.ts';
import { importChunk } from '../commands/imports/importChunk.ts';
import { prepareImport, type ImportJob } from '../commands/imports/import-job.ts';
import type { ImportRecord } from '../commands/imports/import-record.ts';
import { modelOf, type Context } from '../commands/context.ts';

export interface ImportRun {
  readonly record: ImportRecord;
  readonly open: OpenFile;
  /** Called before every chunk; a throw ends the run. */
  readonly onChunk?: () => void;
}

const readHead = async (open: OpenFile): Promise<Buffer> => {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const bytes of await open(0)) {
    parts.push(bytes);
    size += bytes.byteLength;
    if (size >= headSize) break;
  }
  return Buffer.concat(parts).subarray(0, headSize);
};

const findDialect = async (ctx: Context, { record, open }: ImportRun): Promise<Dialect> => {
  if (record.dialect !== null) return record.dialect as Dialect;
  const head = await readHead(open);
  return detectDialect(head, {
    isWhole: record.size <= head.length,
    wishes: record.options,
    knows: knowsColumn(modelOf(ctx, record.entity)),
  });
};

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
    going.run.onChunk?.();
    const some = rows.slice(index, index + going.size);
    const { state, workMs } = await importChunk(going.ctx, going.job, { from: going.position, rows: some });
    if (state !== 'running') return false;
    going.position = some.at(-1)?.end ?? going.position;
    index += some.length;
    going.size = nextSize(some.length, workMs);
  }
  return true;
};

/**
 * Reads the file from where the import stands and takes its rows in, chunk by chunk, to its end or until somebody stops it.
 * @throws LeitwerkError `Unreadable`, `InvalidInput`, `Forbidden`, `NotFound` for what no further attempt can mend.
 */
export async function carryImport(ctx: Context, run: ImportRun): Promise<void> {
  const { record } = run;
  const dialect = await findDialect(ctx, run);
  const job = prepareImport(ctx, record, dialect);
  await keepDialect(ctx, job, dialect);
  const isNew = record.dialect === null;
  const from = isNew ? { at: dialect.start, line: dialect.startLine } : { at: record.position, line: record.line };
  const going: Going = { ctx, job, run, position: from.at, size: 200 };
  let waiting: CsvRecord[] = [];
  for await (const rows of readRecords(run.open, dialect, from)) {
    waiting.push(...rows);
    if (waiting.length < going.size) continue;
    if (!(await takeRows(going, waiting))) return;
    waiting = [];
  }
  if (await takeRows(going, waiting)) await finishImport(ctx, record.id);
}
