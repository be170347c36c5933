import type { Field } from './entity.ts';

/** A person's company: files call it by its name, and their import finds it or makes it. */
const isNamedCompany = (field: Field, entity: string): boolean =>
  entity === 'person' && field.target === 'organization' && field.name === 'organization';

/**
 * A field that a message or form may fill. Not: what the system writes, ids of our own records, and the source,
 * which is the one that the message came in through whatever it says.
 */
export const isMappable = (field: Field, entity: string): boolean =>
  !field.isSystem &&
  !field.isHidden &&
  (field.kind !== 'reference' || isNamedCompany(field, entity)) &&
  field.configKind !== 'sources';
