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

const emptyIssue = (ctx: Context): { path: string; code: string; message: string } => ({
  path: '/file',
  code: 'empty',
  message: ctx.language === 'de' ? 'Die Datei ist leer.' : 'The file is empty.',
});

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
  const model = importModel(ctx);
  assertCan(ctx, 'start', model);
  const plan = await judgeWords(ctx, request.words, request.size === 0 ? [emptyIssue(ctx)] : []);
  const id = ctx.newId();
  const stamp = stampOf(ctx, id);
  const record: RecordData = {
    ...stamp,
    fileName: request.fileName.slice(-200),
    blob: request.blob,
    size: request.size,
    state: plan.isDraft ? 'draft' : 'queued',
    isDraft: plan.isDraft,
    run: id,
    source: plan.source,
    entity: plan.model.name,
    preset: plan.preset,
    isDryRun: plan.isDryRun && !plan.isDraft,
    options: plan.options,
    starter: { actor: ctx.actor, language: ctx.language },
    edits: 0,
    ...noneYet,
  };
  return await transact(ctx, async (tx) => {
    await insertRecord(tx, model, record);
    await insertEvent(tx, {
      tenantId: stamp.tenantId,
      at: stamp.createdAt,
      actor: stamp.createdBy,
      act: plan.isDraft ? 'import.create' : 'import.start',
      entity: 'import',
      recordId: id,
      version: 1,
      requestId: ctx.requestId,
      wakes: plan.isDraft || isCarriedHere ? undefined : { process: `import/${id}`, lane: 'interactive' },
    });
    await within?.(tx, id);
    return { id };
  });
}
