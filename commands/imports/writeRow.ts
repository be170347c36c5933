import { LeitwerkError } from '../../core/errors.ts';
import type { Tx } from '../../store/database.ts';
import { forgoProcesses } from '../../store/processes.ts';
import { matchSources, matchValue } from '../../core/match-key.ts';
import type { RecordData } from '../../store/record-table.ts';
import type { Context } from '../context.ts';
import { createWithin } from '../createRecord.ts';
import { meetKnownLead, withAdditional, type KnownArrival } from '../duplicates/knownLead.ts';
import { draftLead, writeLeads, type LeadDraft } from '../writeLead.ts';
import { changeRecord, refusingDoubles } from '../record-write.ts';
import { assertOpen } from '../updateRecord.ts';
import type { ImportJob } from './import-job.ts';
import type { ReadyRow } from './import-rows.ts';
import { withCompany } from './named-company.ts';
import { noteNews, noteUnmapped } from './unmapped.ts';

interface Written {
  readonly outcome: 'created' | 'updated' | 'unchanged' | 'duplicate';
  readonly recordId: string | null;
  readonly event: number | null;
}

interface Row {
  readonly job: ImportJob;
  readonly ready: ReadyRow;
  /** Id of the record that the row is about. */
  readonly there: string | undefined;
  readonly batch: LeadBatch;
}

const among = (values: RecordData, names: ReadonlySet<string> | undefined): RecordData =>
  names === undefined ? values : Object.fromEntries(Object.entries(values).filter(([name]) => names.has(name)));

/** What a record was found by is the same however it is spelt: "Mueller GmbH" does not rename "Müller GmbH". */
const withoutMatch = (values: RecordData, { model, match }: ImportJob, record: RecordData): RecordData => {
  if (match === undefined) return values;
  const isSame = matchValue(model, match, { ...record, ...values }) === matchValue(model, match, record);
  const sources = new Set(matchSources(match));
  return isSame ? Object.fromEntries(Object.entries(values).filter(([name]) => !sources.has(name))) : values;
};

/** What a row says nothing of, or nothing new, stays as it is. */
const patchOf = ({ values, additional, only }: ReadyRow, job: ImportJob, record: RecordData): RecordData => {
  const { title, ...said } = values;
  const isLead = job.model.name === 'lead';
  const news = withoutMatch(among(said, only?.fields), job, record);
  const rest = { ...news, ...(isLead ? withAdditional(record, additional) : {}) };
  // A title that was made up of the row does not replace the record's.
  const isTitleGiven = !isLead || (record['title'] ?? '') === '';
  return isTitleGiven && title !== undefined ? { ...rest, title } : rest;
};

const updateOf = async (ctx: Context, tx: Tx, { job, there, batch, ...row }: Row): Promise<Written> => {
  // It may be one that a row above has just made.
  if (batch.drafts.some(({ id }) => id === there)) await flushLeads(ctx, tx, { job, batch });
  const additional = among(row.ready.additional, row.ready.only?.columns);
  const ready = { ...row.ready, additional };
  const written = await changeRecord({ ...ctx, ability: job.ability, lane: job.lane }, tx, {
    model: job.model,
    id: there ?? '',
    verb: 'update',
    act: 'update',
    change: (record) => {
      assertOpen(job.model, record);
      return patchOf(ready, job, record);
    },
  });
  const { record } = written;
  const noted = await noteNews(ctx, tx, { model: job.model, record, additional, line: ready.row.line });
  const event = written.event > 0 ? written.event : noted;
  return {
    outcome: event > 0 ? 'updated' : 'unchanged',
    recordId: there ?? null,
    event: event > 0 ? event : null,
  };
};

/** Leads that are written together behind the chunk's last row: alone each would take twice as long, on MySQL much longer. */
export interface LeadBatch {
  readonly drafts: LeadDraft[];
  /** Numbers of the events of those that have been written, by id. */
  readonly events: Map<string, number>;
}

/** Writes what waits. */
export async function flushLeads(ctx: Context, tx: Tx, of: { job: ImportJob; batch: LeadBatch }): Promise<void> {
  const drafts = of.batch.drafts.splice(0);
  if (drafts.length === 0) return;
  for (const [id, event] of await writeLeads(ctx, tx, drafts)) of.batch.events.set(id, event);
  if (of.job.starts === 'none') await forgo(ctx, tx, { job: of.job, recordIds: drafts.map(({ id }) => id) });
}

/** Where a value may be another record's already, the row that has it must be told from the others. */
const isAlone = ({ model }: ImportJob): boolean =>
  model.unique.length > 0 || [...model.fields.values()].some((field) => field.isUnique);

/** An attached row has changed nothing that could be taken back. */
const metOutcome = ({ state, lead, event }: KnownArrival): Written =>
  state === 'updated' && event > 0
    ? { outcome: 'updated', recordId: lead, event }
    : { outcome: state === 'updated' ? 'unchanged' : 'duplicate', recordId: lead, event: null };

const createLead = async (ctx: Context, tx: Tx, { job, ready, batch }: Row): Promise<Written> => {
  const { values, additional } = ready;
  const { source } = job;
  if (!job.ability.canOn('create', 'lead', { ...values, source: source.key })) throw new LeitwerkError('Forbidden');
  if (source.duplicates === 'attach' || source.duplicates === 'update') {
    // Rows above may be about the same person.
    await flushLeads(ctx, tx, { job, batch });
    const met = await meetKnownLead({ ...ctx, lane: job.lane }, tx, { source, values, additional });
    if (met !== undefined) return metOutcome(met);
  }
  const isCarried = job.starts !== 'none';
  const draft = draftLead({ ...ctx, lane: job.lane }, { values, source, additional, isCarried });
  batch.drafts.push(draft);
  if (isAlone(job)) await refusingDoubles(ctx, async () => await flushLeads(ctx, tx, { job, batch }));
  return { outcome: 'created', recordId: draft.id, event: null };
};

const createOther = async (ctx: Context, tx: Tx, { job, ready }: Row): Promise<Written> => {
  const { record, event } = await createWithin({ ...ctx, ability: job.ability, lane: job.lane }, tx, {
    model: job.model,
    input: ready.values,
  });
  const recordId = String(record['id']);
  await noteUnmapped(ctx, tx, { model: job.model, record, additional: ready.additional });
  if (job.starts === 'none' && job.model.hasPipeline) await forgo(ctx, tx, { job, recordIds: [recordId] });
  return { outcome: 'created', recordId, event };
};

const forgo = async (
  ctx: Context,
  tx: Tx,
  of: { readonly job: ImportJob; readonly recordIds: readonly string[] },
): Promise<void> => {
  const { tenantId } = ctx.actor;
  const keys = of.recordIds.map((recordId) => ({ tenantId, entity: of.job.model.name, recordId }));
  await forgoProcesses(tx, keys, ctx.now().toISOString());
};

/**
 * Writes what a row says: a new record, or a change of the one that is there. A check writes nothing.
 * @throws LeitwerkError `InvalidInput`, `Forbidden`, `Conflict`, `Locked`, `NotFound`: the row's own faults.
 */
export async function writeRow(ctx: Context, tx: Tx, row: Row): Promise<Written> {
  if (row.job.record.isDryRun) {
    const outcome = row.there === undefined ? 'created' : 'updated';
    return { outcome, recordId: row.there ?? 'new', event: null };
  }
  const ready = await withCompany(ctx, tx, row);
  if (row.there !== undefined) return await updateOf(ctx, tx, { ...row, ready });
  return row.job.model.name === 'lead' ? await createLead(ctx, tx, row) : await createOther(ctx, tx, { ...row, ready });
}
