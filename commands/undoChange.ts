import { actorName } from '../core/actor.ts';
import { LeitwerkError, type Text } from '../core/errors.ts';
import type { Tx } from '../store/database.ts';
import { readEventsSince, type Changes, type EventRow } from '../store/events.ts';
import type { RecordData } from '../store/record-table.ts';
import { modelOf, type Context } from './context.ts';
import { changeRecord, same, type Written } from './record-write.ts';

const before = (event: EventRow): RecordData =>
  Object.fromEntries(Object.entries(event.changes ?? {}).map(([field, [value]]) => [field, value]));

/** What several events of a record have changed together: a field that was changed and changed back is not among it. */
export const netChanges = (events: readonly EventRow[]): Changes => {
  const net = new Map<string, readonly [unknown, unknown]>();
  for (const { changes } of events) {
    for (const [field, change] of Object.entries(changes ?? {})) {
      const [from] = net.get(field) ?? change;
      net.set(field, [from, change[1]]);
    }
  }
  return Object.fromEntries([...net].filter(([, [from, to]]) => !same(from, to)));
};

const isOfProcess = ({ actor }: EventRow): boolean => actor.startsWith('process/');

/** Who was faster, where that was nobody else. */
const faster = (ctx: Context, since: readonly EventRow[]): Text | undefined => {
  const others = since.filter(({ actor }) => actor !== actorName(ctx.actor));
  if (others.length === 0)
    return {
      de: 'Sie haben den Datensatz seither noch einmal geändert. Bitte zuerst das zurücknehmen.',
      en: 'You have changed the record again since. Please undo that first.',
    };
  if (!others.every(isOfProcess)) return undefined;
  return {
    de: 'Der Prozess hat den Datensatz seither geändert. Das lässt sich nicht mit zurücknehmen.',
    en: 'The process has changed the record since. That cannot be undone along with it.',
  };
};

/**
 * Gives the fields of a change their former values, where nothing that was done since still holds: what was taken back counts as not done.
 * A record that somebody made themselves, they may take back with the right to update it.
 * @throws LeitwerkError `Conflict`.
 */
export const undoChange = async (
  ctx: Context,
  tx: Tx,
  { event, act }: { event: EventRow; act: string },
): Promise<Written> => {
  const { changes } = event;
  const since = await readEventsSince(tx, event);
  const isAsLeft = Object.keys(netChanges(since)).length === 0;
  const isOwn = event.actor === actorName(ctx.actor);
  try {
    return await changeRecord(ctx, tx, {
      model: modelOf(ctx, event.entity),
      id: event.recordId,
      verb: changes === null && !isOwn ? 'delete' : 'update',
      act,
      version: isAsLeft ? (since.at(-1)?.version ?? event.version) : event.version,
      change: () => (changes === null ? { deletedAt: ctx.now().toISOString() } : before(event)),
      isDeletedToo: true,
    });
  } catch (error) {
    const text = isAsLeft ? undefined : faster(ctx, since);
    if (text === undefined || !(error instanceof LeitwerkError && error.code === 'Conflict')) throw error;
    throw new LeitwerkError('Conflict', { text, facts: error.facts, cause: error });
  }
};
