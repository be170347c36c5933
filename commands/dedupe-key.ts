import type { RecordData } from '../store/record-table.ts';
import { sha256 } from '../store/secrets.ts';

const longestKey = 180;

/** What keys begin with that are the sender's own id of the lead. */
export const externalPrefix = 'x:';

/** As long as a column of keys can hold. */
export const boundedKey = (key: string): string =>
  key.length <= longestKey ? key : `${key.slice(0, 100)}#${sha256(key)}`;

/** `externalId` is the key within its source; else the sender's delivery number. */
export const dedupeKeyOf = (values: RecordData, deliveryId: string | undefined): string | undefined => {
  const external = values['externalId'];
  if (typeof external === 'string' && external !== '') return boundedKey(`${externalPrefix}${external}`);
  return deliveryId === undefined ? undefined : boundedKey(`d:${deliveryId}`);
};
