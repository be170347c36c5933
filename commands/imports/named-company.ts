import { derivedFields } from '../../core/derive.ts';
import { LeitwerkError } from '../../core/errors.ts';
import type { Tx } from '../../store/database.ts';
import { findRecordsBy } from '../../store/record-list.ts';
import { modelOf, type Context } from '../context.ts';
import { createWithin } from '../createRecord.ts';
import type { ImportJob } from './import-job.ts';
import type { ReadyRow } from './import-rows.ts';

/** More of one name are not told apart. */
const several = 2;

/** The one company of that name, however it is spelled; a new one where there is none; undefined where it is not clear or not allowed. */
const findOrMake = async (ctx: Context, tx: Tx, of: { job: ImportJob; name: string }): Promise<string | undefined> => {
  const { job, name } = of;
  const model = modelOf(ctx, 'organization');
  const key = derivedFields(model.name, { name })['nameKey'];
  if (typeof key !== 'string') return undefined;
  const search = { tenantId: ctx.actor.tenantId, field: 'nameKey', values: [key], limit: several };
  const found = await findRecordsBy(tx, model, search);
  const [only] = found;
  if (only !== undefined) {
    const isClear = found.length === 1 && job.ability.canOn('read', model.name, only);
    return isClear ? String(only['id']) : undefined;
  }
  const own = { ...ctx, ability: job.ability, lane: job.lane };
  try {
    const { record } = await createWithin(own, tx, { model, input: { name } });
    return String(record['id']);
  } catch (error) {
    if (error instanceof LeitwerkError && ['Forbidden', 'InvalidInput', 'Conflict'].includes(error.code))
      return undefined;
    throw error;
  }
};

/** A person's row with the company that it names; where none can be linked, the name is kept with what no field takes. */
export async function withCompany(
  ctx: Context,
  tx: Tx,
  { job, ready }: { readonly job: ImportJob; readonly ready: ReadyRow },
): Promise<ReadyRow> {
  const { company, values, additional } = ready;
  if (company === undefined) return ready;
  const organization = await findOrMake(ctx, tx, { job, name: company });
  if (organization !== undefined) return { ...ready, values: { ...values, organization } };
  const label = job.model.fields.get('organization')?.label[ctx.language] ?? 'organization';
  return { ...ready, additional: { [label]: company, ...additional } };
}
