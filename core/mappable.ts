import type { Field } from './entity.ts';

/**
 * A field that a message or form may fill. Not: what the system writes, ids of our own records, and the source,
 * which is the one that the message came in through whatever it says.
 */
export const isMappable = (field: Field): boolean =>
  !field.isSystem && !field.isHidden && field.kind !== 'reference' && field.configKind !== 'sources';
