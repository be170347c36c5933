import { LeitwerkError } from '../core/errors.ts';
import type { Tx } from '../store/database.ts';
import { readBeside, type EventRow } from '../store/events.ts';
import { findRecordsBy } from '../store/record-list.ts';
import type { RecordData } from '../store/record-table.ts';
import { modelOf, type Context } from './context.ts';
import { followingLinks, linkFields } from './duplicates/mergeRecords.ts';
import { changeRecord, same } from './record-write.ts';
import { undoChange } from './undoChange.ts';

const kinds = ['organization', 'person'] as const;

/** Timeline entries that somebody has written; the others only tell of acts. */
const written: ReadonlySet<unknown> = new Set(['note', 'mail']);

/** What hangs on a contact beside its own lead and what belongs to that. */
const isInUse = async (
  ctx: Context,
  tx: Tx,
  of: { readonly kind: string; readonly id: string; readonly lead: string },
): Promise<boolean> => {
  const { tenantId } = ctx.actor;
  const isForeign = (entity: string, record: RecordData): boolean =>
    record['id'] !== of.lead &&
    record['lead'] !== of.lead &&
    (entity !== 'timeline-entry' || written.has(record['kind']));
  for (const { model, field } of linkFields(ctx, of.kind)) {
    const linking = await findRecordsBy(tx, model, { tenantId, field, values: [of.id] });
    if (linking.some((record) => isForeign(model.name, record))) return true;
  }
  return false;
};

const assertUnused = async (ctx: Context, tx: Tx, of: { kind: string; id: string; lead: string }): Promise<void> => {
  if (!(await isInUse(ctx, tx, of))) return;
  const text =
    of.kind === 'organization'
      ? {
          de: 'An der angelegten Firma hängt inzwischen mehr. Bitte nur die Verknüpfung lösen.',
          en: 'More belongs to the new organization by now. Please unlink it only.',
        }
      : {
          de: 'An der angelegten Person hängt inzwischen mehr. Bitte nur die Verknüpfung lösen.',
          en: 'More belongs to the new person by now. Please unlink it only.',
        };
  throw new LeitwerkError('Conflict', { text });
};

interface Made {
  readonly kind: string;
  readonly event: EventRow;
}

/** The contacts that came into being, or were taken back, with a change of a lead's links. */
const readMade = async (tx: Tx, event: EventRow): Promise<Made[]> => {
  if (event.entity !== 'lead') return [];
  const made: Made[] = [];
  for (const kind of kinds) {
    for (const id of event.changes?.[kind] ?? []) {
      const beside = typeof id === 'string' ? await readBeside(tx, event, id) : [];
      const found = beside.find(({ act }) => act === `${kind}.create` || act === `${kind}.delete`);
      if (found !== undefined) made.push({ kind, event: found });
    }
  }
  return made;
};

/**
 * Takes a change of a lead's links back with `undo`, together with the contact that was made for it: it goes after the links, and comes back
 * before them.
 * @throws LeitwerkError `Conflict` when the contact was changed since or more belongs to it.
 */
export const undoWithContacts = async <T>(
  ctx: Context,
  tx: Tx,
  { event, undo }: { readonly event: EventRow; readonly undo: () => Promise<T> },
): Promise<T> => {
  const made = await readMade(tx, event);
  for (const { event: gone } of made.filter((one) => one.event.changes !== null))
    await undoChange(ctx, tx, { event: gone, act: 'undo' });
  const undone = await undo();
  for (const { kind, event: creation } of made.filter((one) => one.event.changes === null)) {
    await assertUnused(ctx, tx, { kind, id: creation.recordId, lead: event.recordId });
    await undoChange(ctx, tx, { event: creation, act: 'delete' });
  }
  return undone;
};

/** Links that an act on a lead set in other records go back, where they are still as it left them. */
export const undoLink = async (ctx: Context, tx: Tx, event: EventRow): Promise<void> => {
  const links = Object.entries(event.changes ?? {});
  await changeRecord(followingLinks(ctx), tx, {
    model: modelOf(ctx, event.entity),
    id: event.recordId,
    verb: 'update',
    act: 'link',
    change: (record) =>
      Object.fromEntries(
        links.filter(([name, [, to]]) => same(record[name], to)).map(([name, [from]]) => [name, from]),
      ),
    isDeletedToo: true,
  });
};
