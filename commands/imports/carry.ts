import { forgetImportRows } from '../../store/import-rows.ts';
import type { RecordData } from '../../store/record-table.ts';
import { changeRecord } from '../record-write.ts';
import type { Context } from '../context.ts';
import { importModel, lockImport, noteProgress, type ImportFault, type ImportRecord } from './import-record.ts';
import type { ImportJob } from './import-job.ts';
import type { OpenTable, TableDialect } from './import-table.ts';

/** What a workflow finds to do. */
export type ImportTask =
  | { readonly kind: 'import' | 'replay'; readonly record: ImportRecord }
  | { readonly kind: 'undo'; readonly record: ImportRecord }
  | { readonly kind: 'none' };

/** Looks what there is to do; a queued import begins with that. */
export async function beginImport(ctx: Context, id: string): Promise<ImportTask> {
  return await ctx.db.write(async (tx): Promise<ImportTask> => {
    const record = await lockImport(ctx, tx, id);
    if (record.undoState === 'running') return { kind: 'undo', record };
    const kind = record.replay === undefined ? 'import' : 'replay';
    if (record.state === 'running') return { kind, record };
    if (record.state !== 'queued') return { kind: 'none' };
    await changeRecord(ctx, tx, {
      model: importModel(ctx),
      id,
      verb: 'carry',
      act: 'run',
      change: () => ({ state: 'running', startedAt: record.data['startedAt'] ?? ctx.now().toISOString(), error: null }),
    });
    return { kind, record: await lockImport(ctx, tx, id) };
  });
}

/** Keeps how the file is read, so that it is read in the same way wherever it goes on. */
export async function keepDialect(
  ctx: Context,
  job: ImportJob,
  { dialect, expected, shape }: Pick<OpenTable<TableDialect>, 'dialect' | 'expected' | 'shape'>,
): Promise<void> {
  await ctx.db.write(async (tx) => {
    const known = await lockImport(ctx, tx, job.record.id);
    if (known.dialect !== null) return;
    const notes = job.shape.notes.length === 0 ? null : job.shape.notes;
    const { mapping } = job;
    // A check leaves open what was left open: the mapping may be suggested anew.
    const options = job.record.isDraft ? known.options : { ...known.options, mapping };
    // A check has counted the rows, which is better than guessing.
    const rows = known.data['expected'] ?? expected;
    const position = { position: dialect.start, line: dialect.startLine };
    await noteProgress(ctx, tx, { known, changes: { dialect, notes, expected: rows, shape, options, ...position } });
  });
}

const ended = (ctx: Context, { isDraft, data }: ImportRecord, error: ImportFault | null): RecordData => {
  const at = ctx.now().toISOString();
  if (error !== null) return { state: 'failed', finishedAt: at, error };
  return isDraft ? { state: 'draft', checkedAt: at, expected: data['read'] } : { state: 'done', finishedAt: at };
};

const end = async (
  ctx: Context,
  id: string,
  { act, error }: { act: string; error: ImportFault | null },
): Promise<void> => {
  await ctx.db.write(async (tx) => {
    const record = await lockImport(ctx, tx, id);
    if (record.state !== 'running' && record.state !== 'queued') return;
    const change = (): RecordData => ended(ctx, record, error);
    await changeRecord(ctx, tx, { model: importModel(ctx), id, verb: 'carry', act, change });
  });
};

const forgottenAtOnce = 1_000;

/** Forgets what checks have kept of their rows, some at a time: others want to write, too. */
export async function forgetFormerRuns(ctx: Context, id: string): Promise<void> {
  const isLeft = async (): Promise<boolean> =>
    await ctx.db.write(async (tx) => {
      const known = await lockImport(ctx, tx, id);
      const [run, ...formerRuns] = known.formerRuns;
      if (run === undefined) return false;
      const count = await forgetImportRows(tx, { run, limit: forgottenAtOnce });
      if (count < forgottenAtOnce) await noteProgress(ctx, tx, { known, changes: { formerRuns } });
      return true;
    });
  while (await isLeft());
}

/** Every row has been taken. */
export async function finishImport(ctx: Context, id: string): Promise<void> {
  await end(ctx, id, { act: 'finish', error: null });
}

/** The import cannot go on; what it took in stays. When the cause is repaired it can be resumed. */
export async function failImport(ctx: Context, id: string, error: ImportFault): Promise<void> {
  await end(ctx, id, { act: 'fail', error });
}
