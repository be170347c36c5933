import { LeitwerkError } from '../../core/errors.ts';
import type { OptionWords } from '../../core/import-options.ts';
import { forgetImportEdits } from '../../store/import-rows.ts';
import type { RecordData } from '../../store/record-table.ts';
import { transact, type Context } from '../context.ts';
import { findReadable } from '../readRecord.ts';
import { changeRecord, type Written } from '../record-write.ts';
import { assertFile, importModel, toImport, type ImportRecord } from './import-record.ts';
import { isReadAlike, type ImportFiles, type TableDialect } from './import-table.ts';
import { judgeWords, wordsOf } from './import-words.ts';
import { noneYet } from './startImport.ts';

const restingStates: readonly string[] = ['draft', 'failed', 'cancelled'];

/** @throws LeitwerkError `Locked` for an import that has been started, whose check is under way, or that was forgotten. */
export function assertDraft(record: ImportRecord): void {
  assertFile(record);
  const { isDraft, state } = record;
  if (isDraft && restingStates.includes(state)) return;
  throw new LeitwerkError('Locked', {
    text: isDraft
      ? { de: 'Die Prüfung läuft noch.', en: 'The check is still under way.' }
      : { de: 'Der Import ist schon gestartet.', en: 'The import has been started already.' },
    facts: { state, isDraft },
  });
}

/** As before anything was read. What an earlier run kept of its rows is forgotten by the next one, bit by bit. */
export const afresh = (ctx: Context, { run, formerRuns, data }: ImportRecord): RecordData => ({
  ...noneYet,
  line: 1,
  run: ctx.newId(),
  // A draft that has read nothing has kept nothing.
  formerRuns: Number(data['read'] ?? 0) === 0 ? formerRuns : [...formerRuns, run],
  isDryRun: false,
  expected: null,
  dialect: null,
  notes: null,
  error: null,
  startedAt: null,
  finishedAt: null,
  checkedAt: null,
});

/** When processes start changes nothing that a check has said. */
const isChecked = (before: OptionWords, after: OptionWords): boolean =>
  [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .filter((name) => name !== 'processes')
    .every((name) => (before[name] ?? '') === (after[name] ?? ''));

/** With another entity, its fields are others: what named the former ones is left out unless it comes along. */
const merged = (before: OptionWords, words: OptionWords): OptionWords => {
  const isOther = words['entity'] !== undefined && words['entity'] !== before['entity'];
  return { ...before, ...(isOther ? { mapping: '', matchKey: '' } : {}), ...words };
};

/** A changed draft, and how many rows had been corrected in cells that the file does not have any more. */
interface ChangedDraft extends Written {
  readonly droppedEdits: number;
}

/**
 * Changes what is asked of a draft: words that are given replace the former ones, an empty one or `auto` takes them back. Corrected rows
 * are kept as long as the file is read in the same way.
 * @throws LeitwerkError `InvalidInput` with every fault, `Locked`, `NotFound`, `Forbidden`.
 */
export async function changeDraft<D extends TableDialect>(
  ctx: Context,
  { id, words }: { readonly id: string; readonly words: OptionWords },
  files: ImportFiles<D>,
): Promise<ChangedDraft> {
  const model = importModel(ctx);
  const known = await findReadable(ctx, model, id);
  if (known === undefined) throw new LeitwerkError('NotFound');
  const draft = toImport(known);
  const before = wordsOf(draft);
  const after = merged(before, words);
  const plan = await judgeWords(ctx, { ...after, draft: 'true' });
  const changed = { ...draft, entity: plan.model.name, options: plan.options };
  const droppedEdits =
    draft.edits === 0 || (await isReadAlike(ctx, { before: draft, after: changed }, files)) ? 0 : draft.edits;
  return await transact(ctx, async (tx) => {
    if (droppedEdits > 0) await forgetImportEdits(tx, { tenantId: ctx.actor.tenantId, importId: id });
    const written = await changeRecord(ctx, tx, {
      model,
      id,
      verb: 'start',
      act: 'change',
      version: Number(known['version']),
      change: (data) => {
        const record = toImport(data);
        assertDraft(record);
        if (isChecked(before, after)) return { options: plan.options };
        return {
          ...afresh(ctx, record),
          state: 'draft',
          source: plan.source,
          entity: plan.model.name,
          preset: plan.preset,
          options: plan.options,
          ...(droppedEdits > 0 ? { edits: 0 } : {}),
        };
      },
    });
    return { ...written, droppedEdits };
  });
}

const begin = async (ctx: Context, id: string, of: { act: string; isCheck: boolean }): Promise<Written> =>
  await transact(
    ctx,
    async (tx) =>
      await changeRecord(ctx, tx, {
        model: importModel(ctx),
        id,
        verb: 'start',
        act: of.act,
        change: (data) => {
          const record = toImport(data);
          assertDraft(record);
          const starter = { actor: ctx.actor, language: ctx.language };
          const { checkedAt, expected } = data;
          const counted = of.isCheck || checkedAt === null ? {} : { checkedAt, expected };
          const isDraft = of.isCheck;
          return { ...afresh(ctx, record), ...counted, state: 'queued', isDryRun: isDraft, isDraft, starter };
        },
      }),
  );

/**
 * Reads every row of a draft and counts what would be done, without doing it.
 * @throws LeitwerkError `Locked`, `NotFound`, `Forbidden`.
 */
export async function checkDraft(ctx: Context, id: string): Promise<Written> {
  return await begin(ctx, id, { act: 'check', isCheck: true });
}

/**
 * Starts a draft: from now on it is an import like any other.
 * @throws LeitwerkError `Locked`, `NotFound`, `Forbidden`.
 */
export async function startDraft(ctx: Context, id: string): Promise<Written> {
  return await begin(ctx, id, { act: 'start', isCheck: false });
}
