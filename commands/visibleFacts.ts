import type { EntityModel } from '../core/entity.ts';
import type { RecordData } from '../store/record-table.ts';
import type { Context } from './context.ts';

/** A timeline entry without the facts that name a field closed to this actor; any other record as it is. */
export function withoutClosedFacts(
  ctx: Pick<Context, 'snapshot' | 'ability'>,
  model: EntityModel,
  record: RecordData,
): RecordData {
  const { facts } = record;
  if (model.name !== 'timeline-entry' || typeof facts !== 'object' || facts === null) return record;
  const told = [...model.fields.values()].flatMap(({ target }) =>
    target === undefined || target === 'user' ? [] : [target],
  );
  const isClosed = (name: string): boolean =>
    told.some(
      (entity) =>
        ctx.snapshot.models.get(entity)?.fields.has(name) === true &&
        ctx.ability.can('read', entity) &&
        !ctx.ability.isReadable(entity, name),
    );
  return { ...record, facts: Object.fromEntries(Object.entries(facts).filter(([name]) => !isClosed(name))) };
}
