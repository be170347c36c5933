import { LeitwerkError } from '../core/errors.ts';
import { assertCan, modelOf, transact, type Context } from './context.ts';
import type { RecordData } from '../store/record-table.ts';
import { provideContacts } from './createContact.ts';
import { createWithin } from './createRecord.ts';
import { linkAlong } from './linkContacts.ts';
import { changeRecord, loadRecord, type Written } from './record-write.ts';
import { addTimelineEntry } from './timeline.ts';

export interface Conversion {
  readonly lead: Written;
  readonly opportunity: Written;
}

/** Lead fields that the opportunity takes over (B17, B28, B29). */
const copied = ['title', 'source', 'priority', 'budget', 'owner', 'team', 'tags', 'organization', 'person'];

interface ConversionInput {
  readonly id: string;
  readonly title?: string | undefined;
  readonly kind?: 'lead' | 'deal' | undefined;
  /** Links the company and person that the lead names, and makes those that there are not yet. */
  readonly createContacts?: boolean | undefined;
  /** Makes them although there are likely doubles. */
  readonly force?: boolean | undefined;
}

/**
 * Makes an opportunity of an open lead: title, budget, contact and source are copied, both are linked, the lead's qualified-at is set (B16, B20).
 * @throws LeitwerkError `Locked` when the lead is not open, `Conflict` with `facts.matches` when a contact to be made may exist already,
 * `InvalidInput`, `NotFound`, `Forbidden`.
 */
export async function convertLead(ctx: Context, input: ConversionInput): Promise<Conversion> {
  const leads = modelOf(ctx, 'lead');
  const opportunities = modelOf(ctx, 'opportunity');
  assertCan(ctx, 'create', opportunities);
  return await transact(ctx, async (tx) => {
    const found = await loadRecord(ctx, tx, { model: leads, id: input.id });
    if (found['state'] !== 'open')
      throw new LeitwerkError('Locked', { facts: { state: found['state'], opportunity: found['opportunity'] } });
    const force = input.force === true;
    const contacts = input.createContacts === true ? await provideContacts(ctx, tx, { lead: found, force }) : {};
    const lead: RecordData = { ...found, ...contacts };
    const fields = Object.fromEntries(copied.map((name) => [name, lead[name] ?? null]));
    const title = input.title ?? lead['title'];
    const opportunity = await createWithin(ctx, tx, {
      model: opportunities,
      input: { ...fields, title, kind: input.kind ?? 'lead', lead: lead['id'], note: lead['message'] ?? null },
    });
    const id = String(opportunity.record['id']);
    const change = {
      ...contacts,
      state: 'converted',
      qualifiedAt: ctx.now().toISOString(),
      opportunity: id,
      qualification: 'opportunity',
    };
    const written = await changeRecord(ctx, tx, {
      model: leads,
      id: input.id,
      verb: 'convert',
      act: 'convert',
      change: () => change,
    });
    await linkAlong(ctx, tx, written.record);
    const links = {
      lead: input.id,
      opportunity: id,
      organization: lead['organization'] as string | null,
      person: lead['person'] as string | null,
    };
    await addTimelineEntry(ctx, tx, { kind: 'converted', facts: { number: opportunity.record['number'] }, links });
    return { lead: written, opportunity };
  });
}
