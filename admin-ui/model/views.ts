/** A named list: a filter and an order. Built-in ones have a key of `view.*`; saved ones their record's id. */
export interface View {
  readonly key: string;
  readonly label: string;
  readonly filter: string;
  readonly sort?: string;
  readonly savedId?: string;
}

interface BuiltIn {
  readonly key: string;
  readonly filter: string;
}

const notSnoozed = '(snoozedUntil is empty or snoozedUntil <= heute)';

/** The first one is what opens by itself. */
const builtIn: Readonly<Record<string, readonly BuiltIn[]>> = {
  lead: [
    { key: 'open', filter: `state = open and ${notSnoozed}` },
    { key: 'unassigned', filter: `state = open and owner is empty and ${notSnoozed}` },
    { key: 'mine', filter: `state = open and owner = me and ${notSnoozed}` },
    { key: 'snoozed', filter: 'state = open and snoozedUntil > heute' },
    { key: 'converted', filter: 'state = converted' },
    { key: 'archived', filter: 'state = archived' },
  ],
};

export function builtInViews(entity: string): readonly BuiltIn[] {
  return builtIn[entity] ?? [];
}
