import { LeitwerkError } from '../../core/errors.ts';
import type { Tx } from '../../store/database.ts';
import { forgoProcess } from '../../store/processes.ts';
import type { RecordData } from '../../store/record-table.ts';
import type { Context } from '../context.ts';
import { createWithin } from '../createRecord.ts';
import { writeLead } from '../receiveMessage.ts';
import { changeRecord } from '../record-write.ts';
import { assertOpen } from '../updateRecord.ts';
import type { ImportJob } from './import-job.ts';
import type { ReadyRow } from './import-rows.ts';

interface Written {
  readonly outcome: 'created' | 'updated' | 'unchanged';
  readonly recordId: string | null;
  readonly event: number | null;
}

interface Row {
  readonly job: ImportJob;
  readonly ready: ReadyRow;
  /** Id of the record that the row is about. */
  readonly there: string | undefined;
}

/** What a row says nothing of stays as it is. */
const patchOf = ({ values }: ReadyRow, job: ImportJob, record: RecordData): RecordData => {
  const { title, ...rest } = values;
  // A title that was made up of the row does not replace the record's.
  const isTitleGiven = job.model.name !== 'lead' || (record['title'] ?? '') === '';
  return isTitleGiven && title !== undefined ? { ...rest, title } : rest;
};

const updateOf = async (ctx: Context, tx: Tx, { job, ready, there }: Row): Promise<Written> => {
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
  const isChanged = written.event > 0;
  return {
    outcome: isChanged ? 'updated' : 'unchanged',
    recordId: there ?? null,
    event: isChanged ? written.event : null,
  };
};

const createLead = async (ctx: Context, tx: Tx, { job, ready }: Row): Promise<Written> => {
  const { values, additional } = ready;
  const { source } = job;
  if (!job.ability.canOn('create', 'lead', { ...values, source: source.key })) throw new LeitwerkError('Forbidden');
  const isCarried = job.starts !== 'none';
  const lead = await writeLead({ ...ctx, lane: job.lane }, tx, { values, source, additional, isCarried });
  if (!isCarried) await forgo(ctx, tx, { job, recordId: lead.id });
  return { outcome: 'created', recordId: lead.id, event: lead.event };
};

const createOther = async (ctx: Context, tx: Tx, { job, ready }: Row): Promise<Written> => {
  const { record, event } = await createWithin({ ...ctx, ability: job.ability, lane: job.lane }, tx, {
    model: job.model,
    input: ready.values,
  });
  const recordId = String(record['id']);
  if (job.starts === 'none' && job.model.hasPipeline) await forgo(ctx, tx, { job, recordId });
  return { outcome: 'created', recordId, event };
};

const forgo = async (ctx: Context, tx: Tx, of: { job: ImportJob; recordId: string }): Promise<void> => {
  const { tenantId } = ctx.actor;
  const key = { tenantId, entity: of.job.model.name, recordId: of.recordId };
  await forgoProcess(tx, key, ctx.now().toISOString());
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
  if (row.there !== undefined) return await updateOf(ctx, tx, row);
  return row.job.model.name === 'lead' ? await createLead(ctx, tx, row) : await createOther(ctx, tx, row);
}
