import { LeitwerkError } from '../core/errors.ts';
import { assertCan, modelOf, transact, type Context } from './context.ts';
import { createWithin } from './createRecord.ts';
import { changeRecord, loadRecord, type Written } from './record-write.ts';
import { addTimelineEntry } from './timeline.ts';

export interface Conversion {
  readonly lead: Written;
  readonly opportunity: Written;
}

/** Lead fields that the opportunity takes over (B17, B28, B29). */
const copied = ['title', 'source', 'priority', 'budget', 'owner', 'team', 'tags', 'organization', 'person'];

/**
 * Makes an opportunity of an open lead: title, budget, contact and source are copied, both are linked, the lead's qualified-at is set (B16, B20).
 * @throws LeitwerkError `Locked` when the lead is not open, `InvalidInput`, `NotFound`, `Forbidden`.
 */
export async function convertLead(
  ctx: Context,
  input: { readonly id: string; readonly title?: string | undefined; readonly kind?: 'lead' | 'deal' | undefined },
): Promise<Conversion> {
  const leads = modelOf(ctx, 'lead');
  const opportunities = modelOf(ctx, 'opportunity');
  assertCan(ctx, 'create', opportunities);
  return await transact(ctx, async (tx) => {
    const lead = await loadRecord(ctx, tx, { model: leads, id: input.id });
    if (lead['state'] !== 'open')
      throw new LeitwerkError('Locked', { facts: { state: lead['state'], opportunity: lead['opportunity'] } });
    const fields = Object.fromEntries(copied.map((name) => [name, lead[name] ?? null]));
    const title = input.title ?? lead['title'];
    const opportunity = await createWithin(ctx, tx, {
      model: opportunities,
      input: { ...fields, title, kind: input.kind ?? 'lead', lead: lead['id'], note: lead['message'] ?? null },
    });
    const id = String(opportunity.record['id']);
    const change = {
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
