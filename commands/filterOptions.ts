import type { EntityModel } from '../core/entity.ts';
import type { Choice, FilterOptions } from '../core/filter/index.ts';
import { timeZoneOf } from './company.ts';
import type { Context } from './context.ts';

const people = ({ snapshot }: Context): Choice[] =>
  [...snapshot.users.values()].map(({ id, name }) => ({ key: id, label: { de: name, en: name } }));

/** What the actor's filters over an entity go by: their day, their name, the labels they know, the fields they may read. */
export function filterOptions(ctx: Context, model: EntityModel): FilterOptions {
  return {
    now: ctx.now(),
    timeZone: timeZoneOf(ctx.snapshot),
    me: ctx.actor.kind === 'user' ? ctx.actor.id : undefined,
    team: ctx.actor.team,
    choices: (name) => {
      const field = model.fields.get(name);
      const kind = name === 'stage' ? 'stages' : field?.configKind;
      if (kind !== undefined) return ctx.snapshot.choices(kind);
      if (field?.target === 'user') return people(ctx);
      return field?.valueLabels === undefined
        ? undefined
        : Object.entries(field.valueLabels).map(([key, label]) => ({ key, label }));
    },
    readable: (name) => ctx.ability.isReadable(model.name, name),
  };
}
