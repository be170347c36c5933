import { recordNumbersIn } from '../../core/mail/index.ts';
import type { RecordData } from '../../store/record-table.ts';
import { modelOf, type Context } from '../context.ts';
import { readRecord } from '../readRecord.ts';
import { contactOfOther } from './mail-fields.ts';
import { byPlace, knownAddress, placeByThread, placesByNumber, type Links } from './mail-places.ts';
import { partiesOfMessage } from './mail-parties.ts';
import { storedMail } from './stored-mail.ts';

type Reason = 'number' | 'thread' | 'address';

/** A record that a mail could be filed on. */
export interface Proposal {
  readonly entity: string;
  readonly id: string;
  readonly title: string;
  readonly reason: Reason;
}

export interface Proposals {
  /** Best first. */
  readonly records: readonly Proposal[];
  /** Fields of a person to make, where the sender is unknown. */
  readonly person: RecordData | null;
}

/** Where a mail could belong, by its number, its conversation and the addresses in it. Shows only what the actor may read. */
export async function proposePlaces(ctx: Context, id: string): Promise<Proposals> {
  const message = await readRecord(ctx, modelOf(ctx, 'intake-message'), id);
  const { mail, thread } = storedMail(message);
  const parties = await partiesOfMessage(ctx, ctx.db, message);
  const address = parties.other?.address;
  const known = address === undefined ? undefined : await knownAddress(ctx, ctx.db, address);
  const numbered = await placesByNumber(ctx, ctx.db, recordNumbersIn(mail.subject));
  const places: readonly (readonly [Links, Reason])[] = [
    ...numbered.places.map((links) => [links, 'number'] as const),
    [(await placeByThread(ctx, ctx.db, thread)) ?? {}, 'thread'],
    ...parties.places.map((links) => [links, 'address'] as const),
  ];
  const found = new Map<string, Proposal>();
  for (const [links, reason] of places)
    for (const [entity, record] of Object.entries(links).toSorted(byPlace))
      if (!found.has(`${entity}/${record}`))
        found.set(`${entity}/${record}`, { entity, id: record, title: '', reason });
  const records: Proposal[] = [];
  for (const proposal of found.values()) {
    const model = modelOf(ctx, proposal.entity);
    const record = await readRecord(ctx, model, proposal.id);
    records.push({ ...proposal, title: String(record[model.titleField] ?? proposal.id) });
  }
  const isStranger = known?.person === undefined && address !== undefined;
  const person = isStranger ? { ...contactOfOther(mail, parties), email: address } : null;
  return { records, person };
}
