import type { Actor } from '../../core/actor.ts';
import { LeitwerkError, type Language, type Text } from '../../core/errors.ts';
import type { ImportOptions } from '../../core/import-options.ts';
import type { Tx } from '../../store/database.ts';
import type { RecordData } from '../../store/record-table.ts';
import { lockRecord, updateRecord } from '../../store/records.ts';
import { modelOf, type Context } from '../context.ts';

export type ImportState = 'draft' | 'queued' | 'running' | 'paused' | 'done' | 'failed' | 'cancelled';

/** Kept messages that are to be worked again: these, or those that match a filter. */
export type ReplayChoice = { readonly ids: readonly string[] } | { readonly filter: string };

/** For whom an import runs: with their rights and in their language. */
export interface Starter {
  readonly actor: Actor;
  readonly language: Language;
}

/** A sheet of a spreadsheet, written out as text. */
export interface ImportTable {
  readonly blob: string;
  readonly size: number;
  /** Absent: the first that is shown. */
  readonly sheet?: string | undefined;
  readonly sheets: readonly { readonly name: string; readonly isHidden: boolean }[];
}

/** A record of the entity `import`, as its commands read it. */
export interface ImportRecord {
  readonly id: string;
  readonly version: number;
  readonly state: ImportState;
  readonly undoState: 'running' | 'done' | null;
  readonly fileName: string;
  /** Empty: it has none (a replay of messages), or its draft was forgotten. */
  readonly blob: string;
  readonly size: number;
  readonly entity: string;
  readonly source: string;
  readonly isDryRun: boolean;
  /** Not started yet: it may be changed and checked. */
  readonly isDraft: boolean;
  /** Under what its rows are kept: a check and the import itself have their own. */
  readonly run: string;
  /** Rows that are kept under these are to be forgotten. */
  readonly formerRuns: readonly string[];
  /** Null: the file is text, or has not been looked at. */
  readonly table: ImportTable | null;
  /** Rows that somebody has corrected. */
  readonly edits: number;
  readonly options: ImportOptions;
  /** How the connector reads the file; null before it has looked. */
  readonly dialect: unknown;
  readonly position: number;
  readonly line: number;
  readonly undoLine: number | null;
  /** Of a replay of kept messages: which ones, and the one that was worked last. */
  readonly replay: ReplayChoice | undefined;
  readonly cursor: string;
  readonly starter: Starter;
  /** For whom it is taken back. */
  readonly undoer: Starter | null;
  readonly data: RecordData;
}

export function toImport(data: RecordData): ImportRecord {
  return {
    id: String(data['id']),
    version: Number(data['version']),
    state: data['state'] as ImportState,
    undoState: (data['undoState'] ?? null) as ImportRecord['undoState'],
    fileName: String(data['fileName'] ?? ''),
    blob: String(data['blob'] ?? ''),
    size: Number(data['size']),
    entity: String(data['entity']),
    source: String(data['source']),
    isDryRun: data['isDryRun'] === true,
    isDraft: data['isDraft'] === true,
    run: String(data['run'] ?? data['id']),
    formerRuns: (data['formerRuns'] ?? []) as string[],
    table: (data['table'] ?? null) as ImportTable | null,
    edits: Number(data['edits'] ?? 0),
    options: data['options'] as ImportOptions,
    dialect: data['dialect'] ?? null,
    position: Number(data['position'] ?? 0),
    line: Number(data['line'] ?? 1),
    undoLine: (data['undoLine'] ?? null) as number | null,
    replay: (data['options'] as { readonly replay?: ReplayChoice } | null)?.replay,
    cursor: String(data['cursor'] ?? ''),
    starter: data['starter'] as Starter,
    undoer: (data['undoer'] ?? null) as Starter | null,
    data,
  };
}

export const importModel = (ctx: Pick<Context, 'snapshot'>): ReturnType<typeof modelOf> => modelOf(ctx, 'import');

/** @throws LeitwerkError `Locked` for a draft whose file was forgotten (`forgetDrafts`). */
export function assertFile({ blob, isDraft }: ImportRecord): void {
  if (blob !== '' || !isDraft) return;
  throw new LeitwerkError('Locked', {
    text: {
      de: 'Die Datei dieses Entwurfs ist gelöscht, weil er abgebrochen war oder lange lag. Bitte laden Sie sie neu hoch.',
      en: 'The file of this draft is deleted, because it was cancelled or lay for long. Please upload it anew.',
    },
  });
}

/**
 * Reads and locks an import, whoever asks.
 * @throws LeitwerkError `NotFound`.
 */
export async function lockImport(ctx: Context, tx: Tx, id: string): Promise<ImportRecord> {
  const data = await lockRecord(tx, importModel(ctx), { tenantId: ctx.actor.tenantId, id });
  if (data === undefined) throw new LeitwerkError('NotFound');
  return toImport(data);
}

/** Notes how far an import is. No event and no new version: progress is not a change that anybody made. */
export async function noteProgress(
  ctx: Context,
  tx: Tx,
  { known, changes }: { readonly known: ImportRecord; readonly changes: RecordData },
): Promise<void> {
  const { id, version } = known;
  await updateRecord(tx, importModel(ctx), { tenantId: ctx.actor.tenantId, id, version, changes });
}

/** A fault of an import as its record keeps it. */
export interface ImportFault {
  readonly code: string;
  readonly message: Text;
}
