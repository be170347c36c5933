import type { Tx } from '../store/database.ts';
import type { RecordData } from '../store/record-table.ts';
import { findRecord } from '../store/records.ts';
import { modelOf, transact, type Context } from './context.ts';
import { followingLinks } from './duplicates/mergeRecords.ts';
import { changeRecord, type Written } from './record-write.ts';
import { addTimelineEntry, linksOf } from './timeline.ts';

/** Gives the opportunity that a lead has become the company and person that it does not have yet. */
const linkOpportunity = async (ctx: Context, tx: Tx, lead: RecordData): Promise<void> => {
  const { opportunity: id, organization, person } = lead;
  if (typeof id !== 'string') return;
  const change = (record: RecordData): RecordData => ({
    organization: record['organization'] ?? organization,
    person: record['person'] ?? person,
  });
  await changeRecord(followingLinks(ctx), tx, {
    model: modelOf(ctx, 'opportunity'),
    id,
    verb: 'update',
    act: 'link',
    change,
    isDeletedToo: true,
  });
};

/** What follows from a lead's links in other records. */
export async function linkAlong(ctx: Context, tx: Tx, lead: RecordData): Promise<void> {
  await linkPersonToOrganization(ctx, tx, lead);
  await linkOpportunity(ctx, tx, lead);
}

/** Links the lead's person with the lead's company unless the person belongs to one already (B27). */
async function linkPersonToOrganization(ctx: Context, tx: Tx, lead: RecordData): Promise<void> {
  const { person, organization } = lead;
  if (typeof person !== 'string' || typeof organization !== 'string') return;
  const model = modelOf(ctx, 'person');
  const record = await findRecord(tx, model, { tenantId: ctx.actor.tenantId, id: person });
  if (record === undefined || record['organization'] !== null) return;
  await changeRecord(ctx, tx, { model, id: person, verb: 'update', act: 'link', change: () => ({ organization }) });
  await addTimelineEntry(ctx, tx, {
    kind: 'linked',
    facts: { person, organization },
    links: { lead: String(lead['id']), person, organization },
  });
}

/**
 * Links a lead with an existing company, person or both; null unlinks. The opportunity that it has become gets what it lacks as well.
 * @throws LeitwerkError `InvalidInput` when one does not exist, `NotFound`, `Forbidden`.
 */
export async function linkContacts(
  ctx: Context,
  input: {
    readonly id: string;
    readonly organization?: string | null | undefined;
    readonly person?: string | null | undefined;
  },
): Promise<Written> {
  const change = {
    ...(input.organization === undefined ? {} : { organization: input.organization }),
    ...(input.person === undefined ? {} : { person: input.person }),
  };
  return await transact(ctx, async (tx) => {
    const written = await changeRecord(ctx, tx, {
      model: modelOf(ctx, 'lead'),
      id: input.id,
      verb: 'link',
      act: 'link',
      change: () => change,
    });
    if (written.event > 0) {
      await addTimelineEntry(ctx, tx, { kind: 'linked', facts: change, links: linksOf(ctx, 'lead', written.record) });
      await linkAlong(ctx, tx, written.record);
    }
    return written;
  });
}
