import { leadTitle } from '../core/derive.ts';
import { LeitwerkError, type Issue } from '../core/errors.ts';
import type { Tx } from '../store/database.ts';
import { insertEvent, insertEvents, type EventInput } from '../store/events.ts';
import { failpoint } from '../store/failpoints.ts';
import type { RecordData } from '../store/record-table.ts';
import { insertRecord, insertRecords } from '../store/records.ts';
import { modelOf, type Context } from './context.ts';
import { refusingDoubles } from './record-write.ts';
import type { Source } from './source.ts';
import { stampOf } from './stamp.ts';
import { startingPlace } from './startingPlace.ts';

interface Intake {
  readonly values: RecordData;
  readonly source: Source;
  /** The message it came in with; an imported row has none. */
  readonly messageId?: string;
  readonly additional: RecordData;
  /** False: no process is to carry it. */
  readonly isCarried?: boolean;
}

/** A lead that is about to be written, with the event that starts its process. Its timeline begins with what the record itself says. */
export interface LeadDraft {
  readonly id: string;
  readonly record: RecordData;
  readonly event: EventInput;
}

export function draftLead(ctx: Context, intake: Intake): LeadDraft {
  const model = modelOf(ctx, 'lead');
  const id = ctx.newId();
  const stamp = stampOf(ctx, id);
  const record: RecordData = {
    ...model.defaults,
    ...startingPlace(ctx, model, intake.source.pipeline),
    ...intake.values,
    ...stamp,
    source: intake.source.key,
    state: 'open',
    additional: Object.keys(intake.additional).length === 0 ? null : intake.additional,
    intakeMessage: intake.messageId ?? null,
  };
  const event: EventInput = {
    tenantId: stamp.tenantId,
    at: stamp.createdAt,
    actor: stamp.createdBy,
    act: 'lead.create',
    entity: 'lead',
    recordId: id,
    version: 1,
    requestId: ctx.requestId,
    wakes: intake.isCarried === false ? undefined : { process: `lead/${id}`, lane: ctx.lane ?? 'incoming' },
  };
  return { id, record, event };
}

/**
 * Writes the lead with the event that starts its process. Answers its id; or the faults where another lead has a value that only one
 * may have, for the message to be kept with them.
 */
export async function writeLead(
  ctx: Context,
  tx: Tx,
  intake: Intake,
): Promise<{ readonly lead: string } | { readonly issues: readonly Issue[] }> {
  const { id, record, event } = draftLead(ctx, intake);
  try {
    await refusingDoubles(ctx, async () => await insertRecord(tx, modelOf(ctx, 'lead'), record));
  } catch (error) {
    if (error instanceof LeitwerkError && error.code === 'Conflict') return { issues: error.issues };
    throw error;
  }
  await insertEvent(tx, event);
  failpoint('S10');
  return { lead: id };
}

/** Writes many leads, each as `writeLead` does. Answers the numbers of their events by id. */
export async function writeLeads(
  ctx: Context,
  tx: Tx,
  drafts: readonly LeadDraft[],
): Promise<ReadonlyMap<string, number>> {
  await insertRecords(
    tx,
    modelOf(ctx, 'lead'),
    drafts.map(({ record }) => record),
  );
  failpoint('S10');
  return await insertEvents(
    tx,
    drafts.map(({ event }) => event),
  );
}

/** The lead's title: the sender's, else made from what it says, else the source's name. */
export const titleOf = (ctx: Context, values: RecordData, source: Source): string => {
  const given = values['title'];
  if (typeof given === 'string' && given.trim() !== '') return given;
  const title = leadTitle(values);
  return (title === '' ? source.label[ctx.language] : title).slice(0, 200);
};
