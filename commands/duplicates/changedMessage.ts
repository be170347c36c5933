import type { Tx } from '../../store/database.ts';
import { findMessageByKey, type KnownMessage } from '../../store/intake.ts';
import type { RecordData } from '../../store/record-table.ts';
import { findRecord } from '../../store/records.ts';
import { modelOf, type Context } from '../context.ts';
import { boundedKey, externalPrefix } from '../dedupe-key.ts';
import type { Source } from '../source.ts';
import { standingId } from './standing.ts';

/** A message under the sender's own id that a lead has already. */
export interface SameId {
  readonly source: Source;
  readonly dedupeKey: string | undefined;
  readonly contentHash: string;
  /** The lead, and what the message said that made it; of a row of a file undefined. */
  readonly known: { readonly lead: string | null; readonly contentHash?: string };
}

/** The very message, taken in before; or the open lead that it says something new of, and the key under which it is known from now on. */
export type Changed =
  | { readonly repeat: KnownMessage }
  | { readonly repeat?: never; readonly lead: RecordData; readonly dedupeKey: string };

/**
 * Whether a message says something else of its lead than the one that made it, at a source that wants to hear of it. Undefined: it is a plain
 * duplicate. Each change has a key of its own, so that its repetition is none.
 */
export async function findChanged(ctx: Context, tx: Tx, same: SameId): Promise<Changed | undefined> {
  const { source, contentHash, known } = same;
  const isHeard = source.duplicates === 'update' || source.duplicates === 'attach';
  if (!isHeard || same.dedupeKey?.startsWith(externalPrefix) !== true) return undefined;
  if (known.lead === null || known.contentHash === contentHash) return undefined;
  const { tenantId } = ctx.actor;
  const dedupeKey = boundedKey(`${same.dedupeKey}#${contentHash}`);
  const repeat = await findMessageByKey(tx, { tenantId, source: source.key, dedupeKey });
  if (repeat !== undefined) return { repeat };
  const model = modelOf(ctx, 'lead');
  const id = await standingId(tx, model, { tenantId, id: known.lead });
  const lead = await findRecord(tx, model, { tenantId, id });
  return lead?.['state'] === 'open' ? { lead, dedupeKey } : undefined;
}
