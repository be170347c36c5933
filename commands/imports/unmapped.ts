import { actorName } from '../../core/actor.ts';
import type { EntityModel } from '../../core/entity.ts';
import { linkTo } from '../../core/links.ts';
import type { Tx } from '../../store/database.ts';
import { insertEvent } from '../../store/events.ts';
import { readNotes, type Note } from '../../store/notes.ts';
import type { RecordData } from '../../store/record-table.ts';
import { modelOf, type Context } from '../context.ts';
import { addTimelineEntry, linksOf } from '../timeline.ts';

/** Where a record keeps what no field takes: with the lead itself, as a note in its timeline, or nowhere. */
type Unmapped = 'additional' | 'note' | 'none';

/** An entity of the admin's own without a pipeline has no timeline. */
export function unmappedOf(ctx: Pick<Context, 'snapshot'>, model: EntityModel): Unmapped {
  if (model.name === 'lead') return 'additional';
  return linkTo(modelOf(ctx, 'timeline-entry'), model.name) === undefined ? 'none' : 'note';
}

interface Row {
  readonly model: EntityModel;
  readonly record: RecordData;
  readonly additional: RecordData;
  /** Of the file, for a record that was there: its note is taken back with the row. */
  readonly line?: number;
}

const lineOf = ([column, value]: readonly [string, unknown]): string => `${column}: ${String(value)}`;

/** Writes what no field takes into the record's timeline, a column a line. */
export async function noteUnmapped(ctx: Context, tx: Tx, { model, record, additional, line }: Row): Promise<void> {
  const lines = Object.entries(additional).map(lineOf);
  if (lines.length === 0 || unmappedOf(ctx, model) !== 'note') return;
  await addTimelineEntry(ctx, tx, {
    kind: 'note',
    text: lines.join('\n'),
    facts: line === undefined ? undefined : { line },
    links: linksOf(ctx, model.name, record),
  });
}

/** Notes about the record itself, newest first; those about a company's persons are linked to the company, too. */
const notesOf = async (
  ctx: Context,
  tx: Tx,
  { model, recordId }: { readonly model: EntityModel; readonly recordId: string },
): Promise<Note[]> => {
  const timeline = modelOf(ctx, 'timeline-entry');
  const link = linkTo(timeline, model.name);
  if (link === undefined) return [];
  const foreign = [...timeline.fields.values()]
    .filter(({ name, target }) => target !== undefined && target !== 'user' && name !== link && !model.fields.has(name))
    .map(({ name }) => name);
  return await readNotes(tx, { tenantId: ctx.actor.tenantId, link, recordId, foreign });
};

/** The newest note that speaks of the column counts. */
const isSaid = (notes: readonly Note[], [column, value]: readonly [string, unknown]): boolean => {
  const newest = notes.find(({ text }) => `\n${text}`.includes(`\n${column}: `));
  return newest !== undefined && `\n${newest.text}\n`.includes(`\n${lineOf([column, value])}\n`);
};

/**
 * As `noteUnmapped` for a record that was there, without what its notes say already. Answers the number of an event that tells of the
 * note; 0: nothing of it is new.
 */
export async function noteNews(ctx: Context, tx: Tx, row: Row): Promise<number> {
  const { model, record, additional } = row;
  if (Object.keys(additional).length === 0 || unmappedOf(ctx, model) !== 'note') return 0;
  const recordId = String(record['id']);
  const notes = await notesOf(ctx, tx, { model, recordId });
  const news = Object.fromEntries(Object.entries(additional).filter((entry) => !isSaid(notes, entry)));
  if (Object.keys(news).length === 0) return 0;
  await noteUnmapped(ctx, tx, { ...row, additional: news });
  return await insertEvent(tx, {
    tenantId: ctx.actor.tenantId,
    at: ctx.now().toISOString(),
    actor: actorName(ctx.actor),
    act: `${model.name}.note`,
    entity: model.name,
    recordId,
    version: Number(record['version']),
    changes: {},
    requestId: ctx.requestId,
  });
}

/** What this import has noted of a record that was there, by the row's line. */
export async function notesOfRow(
  ctx: Context,
  tx: Tx,
  row: { readonly model: EntityModel; readonly recordId: string; readonly line: number },
): Promise<Note[]> {
  const own = actorName(ctx.actor);
  const notes = await notesOf(ctx, tx, row);
  return notes.filter(({ actor, facts }) => actor === own && facts?.['line'] === row.line);
}
