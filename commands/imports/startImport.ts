import { issueOf, type Issue } from '../../core/errors.ts';
import type { OptionWords } from '../../core/import-options.ts';
import type { Tx } from '../../store/database.ts';
import { insertEvent } from '../../store/events.ts';
import type { RecordData } from '../../store/record-table.ts';
import { insertRecord } from '../../store/records.ts';
import { assertCan, transact, type Context } from '../context.ts';
import { stampOf } from '../stamp.ts';
import { importModel } from './import-record.ts';
import { judgeWords } from './import-words.ts';

/** A file that has been stored, and what its sender said of it. */
export interface ImportRequest {
  readonly fileName: string;
  readonly blob: string;
  readonly size: number;
  /** By name, as a form has them: what `optionProperties` of the route lists, `dryRun` and `draft`. */
  readonly words: OptionWords;
}

export interface StartOptions {
  /** Whoever starts it also carries it: no workflow is woken. If that ends before its time, the reconciler wakes one. */
  readonly isCarriedHere?: boolean;
  /** What is to be written together with the import. */
  readonly within?: (tx: Tx, id: string) => Promise<void>;
}

/** Every counter of an import that has not begun. */
export const noneYet: RecordData = Object.fromEntries(
  ['position', 'read', 'created', 'updated', 'unchanged', 'duplicates', 'rejected'].map((name) => [name, 0]),
);

/**
 * Writes an import that has not begun: its row, of which `columns` are what is particular to it, and the event that wakes its workflow
 * unless it is a draft or carried by whoever starts it.
 */
export async function insertImport(
  ctx: Context,
  tx: Tx,
  { columns, isCarriedHere = false }: { readonly columns: RecordData; readonly isCarriedHere?: boolean },
): Promise<{ readonly id: string }> {
  const id = ctx.newId();
  const stamp = stampOf(ctx, id);
  const starter = { actor: ctx.actor, language: ctx.language };
  const isDraft = columns['state'] === 'draft';
  await insertRecord(tx, importModel(ctx), { ...stamp, run: id, starter, edits: 0, ...noneYet, ...columns });
  await insertEvent(tx, {
    tenantId: stamp.tenantId,
    at: stamp.createdAt,
    actor: stamp.createdBy,
    act: isDraft ? 'import.create' : 'import.start',
    entity: 'import',
    recordId: id,
    version: 1,
    requestId: ctx.requestId,
    wakes: isDraft || isCarriedHere ? undefined : { process: `import/${id}`, lane: 'interactive' },
  });
  return { id };
}

const emptyIssue = (ctx: Context): Issue =>
  issueOf({ path: '/file', code: 'empty' }, { de: 'Die Datei ist leer.', en: 'The file is empty.' }, ctx.language);

/**
 * Queues the import of a stored file: its row and the event that starts its workflow. What is wrong with the file itself shows later,
 * on the import. A draft only waits to be changed, checked and started.
 * @throws LeitwerkError `InvalidInput` with every fault of the request, `Forbidden`.
 */
export async function startImport(
  ctx: Context,
  request: ImportRequest,
  { isCarriedHere = false, within }: StartOptions = {},
): Promise<{ readonly id: string }> {
  assertCan(ctx, 'start', importModel(ctx));
  const plan = await judgeWords(ctx, request.words, request.size === 0 ? [emptyIssue(ctx)] : []);
  const columns = {
    fileName: request.fileName.slice(-200),
    blob: request.blob,
    size: request.size,
    state: plan.isDraft ? 'draft' : 'queued',
    isDraft: plan.isDraft,
    source: plan.source,
    entity: plan.model.name,
    preset: plan.preset,
    isDryRun: plan.isDryRun && !plan.isDraft,
    options: plan.options,
  };
  return await transact(ctx, async (tx) => {
    const { id } = await insertImport(ctx, tx, { columns, isCarriedHere });
    await within?.(tx, id);
    return { id };
  });
}
