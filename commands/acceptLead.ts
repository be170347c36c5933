import { LeitwerkError } from '../core/errors.ts';
import { canEnter, toIssue } from '../core/pipeline/enter.ts';
import { isClosed } from '../core/pipeline/run.ts';
import { modelOf, transact, type Context } from './context.ts';
import { pipelineOf } from './pipelineOf.ts';
import { changeRecord, loadRecord, type Written } from './record-write.ts';
import { addTimelineEntry, linksOf } from './timeline.ts';

/**
 * Takes a lead on: whoever accepts becomes responsible, and the lead goes to the stage after its own. One write, so that one undo
 * takes both back. At the last stage only the owner changes.
 * @throws LeitwerkError `InvalidInput` naming what the next stage requires, `Locked` for a closed lead, `Conflict` for another version
 * and for who is not a person, `NotFound`, `Forbidden`.
 */
export async function acceptLead(
  ctx: Context,
  input: { readonly id: string; readonly version?: number | undefined },
): Promise<Written> {
  const model = modelOf(ctx, 'lead');
  return await transact(ctx, async (tx) => {
    const lead = await loadRecord(ctx, tx, { model, id: input.id });
    const owner = personOf(ctx);
    if (isClosed(lead)) throw new LeitwerkError('Locked', { facts: { state: lead['state'] } });
    const definition = await pipelineOf(tx, model, lead);
    const stages = [...definition.stages.keys()];
    const from = String(lead['stage']);
    const to = stages[stages.indexOf(from) + 1] ?? from;
    const at = ctx.now().toISOString();
    const faults = canEnter(definition, to, { record: { ...lead, ...owner }, now: at });
    if (faults.length > 0) {
      throw new LeitwerkError('InvalidInput', {
        issues: faults.map((fault) => toIssue(fault, ctx.language)),
      });
    }
    const written = await changeRecord(ctx, tx, {
      model,
      id: input.id,
      verb: 'accept',
      act: 'accept',
      version: input.version,
      change: () => ({ ...owner, ...(to === from ? {} : { stage: to, stageSince: at }) }),
    });
    const links = linksOf(ctx, model.name, written.record);
    if (lead['owner'] !== owner.owner)
      await addTimelineEntry(ctx, tx, { kind: 'assigned', facts: { owner: owner.owner }, links });
    if (to !== from) await addTimelineEntry(ctx, tx, { kind: 'moved', facts: { from, to }, links });
    return written;
  });
}

/** Responsible are people: a key or a process assigns instead. */
const personOf = ({ actor, snapshot }: Context): { readonly owner: string; readonly team?: string } => {
  const user = actor.kind === 'user' ? snapshot.users.get(actor.id) : undefined;
  if (user === undefined) {
    throw new LeitwerkError('Conflict', {
      text: {
        de: 'Annehmen kann nur ein Mensch; ein Schlüssel weist stattdessen jemandem zu.',
        en: 'Only a person can accept; a key assigns to somebody instead.',
      },
    });
  }
  return { owner: user.id, ...(user.team == null ? {} : { team: user.team }) };
};
