import { sha256 } from '../store/secrets.ts';
import type { MappedMessage } from './mapMessage.ts';

const longestKey = 180;

/** What keys begin with that are the sender's own id of the lead. */
export const externalPrefix = 'x:';

/** As long as a column of keys can hold. */
export const boundedKey = (key: string): string =>
  key.length <= longestKey ? key : `${key.slice(0, 100)}#${sha256(key)}`;

/** `externalId` is the key within its source, of rows of a table their key column; else the sender's delivery number. */
export const dedupeKeyOf = (
  mapped: Pick<MappedMessage, 'values' | 'key'> | undefined,
  deliveryId: string | undefined,
): string | undefined => {
  const external = mapped?.key ?? mapped?.values['externalId'];
  if (typeof external === 'string' && external !== '') return boundedKey(`${externalPrefix}${external}`);
  return deliveryId === undefined ? undefined : boundedKey(`d:${deliveryId}`);
};
