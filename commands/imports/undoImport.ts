import { LeitwerkError } from '../../core/errors.ts';
import type { Ability } from '../../core/permissions.ts';
import type { Tx } from '../../store/database.ts';
import { readEvent } from '../../store/events.ts';
import { readImportRowsBefore, settleImportRow, type ImportRow } from '../../store/import-rows.ts';
import { forgetNotices } from '../../store/notices.ts';
import type { RecordData } from '../../store/record-table.ts';
import { findRecord } from '../../store/records.ts';
import { assertCan, modelOf, type Context } from '../context.ts';
import { changeRecord, type Written } from '../record-write.ts';
import { undoChange } from '../undoChange.ts';
import { deleteUntouched } from './delete-untouched.ts';
import { starterAbility } from './import-job.ts';
import { importModel, lockImport, noteProgress, toImport, type ImportRecord } from './import-record.ts';
import { notesOfRow } from './unmapped.ts';

/** A record that the import made or changed and that stays as it is. */
interface Kept {
  readonly id: string;
  readonly title: string;
  readonly line: number;
  readonly reason: string;
}

const chunkSize = 100;
/** Kept records that are named; the others only count. */
const mostNamed = 1_000;
/** Beyond every line of a file. */
const lastLine = Number.MAX_SAFE_INTEGER;

const locked = (de: string, en: string, facts: RecordData): LeitwerkError =>
  new LeitwerkError('Locked', { text: { de, en }, facts });

const assertUndoable = ({ state, isDryRun, isDraft, undoState, replay }: ImportRecord): void => {
  if (replay !== undefined)
    throw locked(
      'Erneutes Verarbeiten lässt sich nicht zurücknehmen.',
      'Working messages again cannot be taken back.',
      { entity: 'intake-message' },
    );
  if (isDryRun || isDraft)
    throw locked('Eine Prüfung hat nichts geschrieben.', 'A check has written nothing.', { isDryRun });
  if (undoState !== null)
    throw locked('Der Import wird oder ist schon zurückgenommen.', 'The import is taken back already.', { undoState });
  if (state !== 'done' && state !== 'cancelled')
    throw locked(
      'Zurücknehmen lässt sich ein Import, der fertig oder abgebrochen ist.',
      'An import can be taken back when it is done or cancelled.',
      { state },
    );
};

/**
 * Begins to take an import back: records that it made are deleted, changes that it made get their former values, and what somebody
 * has touched since stays and is named. The workflow does it, chunk by chunk; a caller may help with `undoChunk`.
 * @throws LeitwerkError `Locked`, `NotFound`, `Forbidden` also without the right to delete such records.
 */
export async function undoImport(ctx: Context, id: string): Promise<Written> {
  return await ctx.db.write(
    async (tx) =>
      await changeRecord(ctx, tx, {
        model: importModel(ctx),
        id,
        verb: 'undo',
        act: 'undo',
        change: (data) => {
          const record = toImport(data);
          assertUndoable(record);
          assertCan(ctx, 'delete', modelOf(ctx, record.entity));
          const undoer = { actor: ctx.actor, language: ctx.language };
          return { undoState: 'running', undoLine: lastLine, undone: 0, kept: [], undoer };
        },
      }),
  );
}

interface Undoing {
  readonly record: ImportRecord;
  readonly ability: Ability;
  readonly row: ImportRow;
}

const reasons = {
  touched: { de: 'Seither bearbeitet.', en: 'Touched since.' },
  refused: { de: 'Dafür fehlt das Recht.', en: 'You are not allowed to do this.' },
} as const;

const deleteNote = async (ctx: Context, tx: Tx, id: string): Promise<void> => {
  const deletedAt = ctx.now().toISOString();
  const model = modelOf(ctx, 'timeline-entry');
  await changeRecord(ctx, tx, { model, id, verb: 'delete', act: 'delete', change: () => ({ deletedAt }) });
};

/** Takes one row back, or says why not. */
const takeBack = async (
  ctx: Context,
  tx: Tx,
  { record, ability, row }: Undoing,
): Promise<keyof typeof reasons | 'undone'> => {
  const model = modelOf(ctx, record.entity);
  const { tenantId } = ctx.actor;
  const own = { ...ctx, ability };
  const event = row.event === null ? undefined : await readEvent(tx, tenantId, row.event);
  if (event === undefined) return 'touched';
  try {
    const { recordId, seq } = event;
    if (row.outcome === 'updated') {
      const notes = await notesOfRow(ctx, tx, { model, recordId, line: row.line });
      if (notes.some(({ version }) => version > 1)) return 'touched';
      await undoChange(own, tx, { event, act: 'undo' });
      for (const note of notes) await deleteNote(ctx, tx, note.id);
      return 'undone';
    }
    return await deleteUntouched(ctx, tx, { own, model, recordId, seq });
  } catch (error) {
    if (!(error instanceof LeitwerkError)) throw error;
    // Gone already: that is what was wanted.
    if (error.code === 'NotFound') return 'undone';
    if (error.code === 'Forbidden') return 'refused';
    if (error.code === 'Conflict' || error.code === 'Locked') return 'touched';
    throw error;
  }
};

const nameKept = async (ctx: Context, tx: Tx, of: Undoing & { why: keyof typeof reasons }): Promise<Kept> => {
  const model = modelOf(ctx, of.record.entity);
  const id = of.row.recordId ?? '';
  const found = await findRecord(tx, model, { tenantId: ctx.actor.tenantId, id, isDeletedToo: true });
  return {
    id,
    title: String(found?.[model.titleField] ?? id),
    line: of.row.line,
    reason: reasons[of.why][ctx.language],
  };
};

/** Takes the next rows back, from the end of the file on. Answers false when nothing is left. Safe beside others that do the same. */
export async function undoChunk(ctx: Context, id: string): Promise<boolean> {
  return await ctx.db.write(async (tx) => {
    const record = await lockImport(ctx, tx, id);
    if (record.undoState !== 'running' || record.undoer === null) return false;
    const wording: Context = { ...ctx, language: record.undoer.language };
    const ability = starterAbility(ctx, record.undoer);
    const query = {
      tenantId: ctx.actor.tenantId,
      importId: record.run,
      outcomes: ['created', 'updated'] as const,
      limit: chunkSize,
    };
    const rows = await readImportRowsBefore(tx, query, record.undoLine ?? lastLine);
    if (rows.length === 0) {
      await forgetNotices(tx, { tenantId: ctx.actor.tenantId, begin: id });
      await changeRecord(ctx, tx, {
        model: importModel(ctx),
        id,
        verb: 'carry',
        act: 'undo-finish',
        change: () => ({ undoState: 'done' }),
      });
      return false;
    }
    const kept = [...((record.data['kept'] ?? []) as Kept[])];
    let undone = Number(record.data['undone'] ?? 0);
    for (const row of rows) {
      const undoing = { record, ability, row };
      const result = await takeBack(ctx, tx, undoing);
      await settleImportRow(tx, row, result === 'undone' ? 'undone' : 'kept');
      if (result === 'undone') undone += 1;
      else if (kept.length < mostNamed) kept.push(await nameKept(wording, tx, { ...undoing, why: result }));
    }
    const undoLine = rows.at(-1)?.line ?? 0;
    await noteProgress(ctx, tx, { known: record, changes: { undoLine, undone, kept } });
    return true;
  });
}
