import { companyDomain, companyKey, emailKey, personKey, phoneKey } from '../core/dedupe-keys.ts';
import type { Queries } from '../store/database.ts';
import { findRecordsBy } from '../store/record-list.ts';
import type { RecordData } from '../store/record-table.ts';
import { modelOf, type Context } from './context.ts';

/** What is known of somebody before a record is made of it. */
export interface Sketch {
  readonly company?: string | undefined;
  readonly email?: string | undefined;
  readonly phone?: string | undefined;
  readonly firstName?: string | undefined;
  readonly lastName?: string | undefined;
}

export type MatchReason = 'name' | 'email' | 'phone' | 'domain';

export interface Match {
  readonly record: RecordData;
  readonly reasons: readonly MatchReason[];
}

export interface Matches {
  readonly organizations: readonly Match[];
  readonly persons: readonly Match[];
  readonly leads: readonly Match[];
}

interface Probe {
  readonly reason: MatchReason;
  readonly field: string;
  readonly values: readonly string[];
}

const probe = (reason: MatchReason, field: string, value: string | undefined): Probe[] =>
  value === undefined || value === '' ? [] : [{ reason, field, values: [value] }];

const find = async (
  ctx: Context,
  db: Queries,
  search: { entity: string; probes: readonly Probe[]; exceptId?: string | undefined },
): Promise<Match[]> => {
  const model = modelOf(ctx, search.entity);
  const found = new Map<string, { record: RecordData; reasons: MatchReason[] }>();
  for (const { reason, field, values } of search.probes) {
    for (const record of await findRecordsBy(db, model, { tenantId: ctx.actor.tenantId, field, values, limit: 20 })) {
      const id = String(record['id']);
      if (id === search.exceptId || !ctx.ability.canOn('read', search.entity, record)) continue;
      const match = found.get(id) ?? { record, reasons: [] };
      if (!match.reasons.includes(reason)) match.reasons.push(reason);
      found.set(id, match);
    }
  }
  return [...found.values()].toSorted((one, other) => other.reasons.length - one.reasons.length);
};

const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value.trim() !== '' ? value : undefined;

/** What a record says of somebody, for `findMatches`. */
export const toSketch = (record: RecordData): Sketch => ({
  company: text(record['company'] ?? record['name']),
  email: text(record['email']),
  phone: text(record['phone']),
  firstName: text(record['firstName']),
  lastName: text(record['lastName']),
});

/** Records that may be the same company or person (B24), best first, each with its reasons. Shows only what the actor may read. */
export async function findMatches(
  ctx: Context,
  db: Queries,
  search: { readonly sketch: Sketch; readonly exceptLead?: string | undefined },
): Promise<Matches> {
  const { sketch } = search;
  const phone = sketch.phone === undefined ? undefined : phoneKey(sketch.phone);
  const mail = sketch.email === undefined ? undefined : emailKey(sketch.email);
  const name = [sketch.firstName, sketch.lastName].filter((part) => part !== undefined).join(' ');
  const organizations = await find(ctx, db, {
    entity: 'organization',
    probes: [
      ...probe('name', 'nameKey', sketch.company === undefined ? undefined : companyKey(sketch.company)),
      ...probe('phone', 'phoneKey', phone),
      ...probe('domain', 'domain', sketch.email === undefined ? undefined : companyDomain(sketch.email)),
    ],
  });
  const persons = await find(ctx, db, {
    entity: 'person',
    probes: [
      ...probe('email', 'emailKey', mail),
      ...probe('phone', 'phoneKey', phone),
      ...probe('name', 'nameKey', sketch.lastName === undefined ? undefined : personKey(name)),
    ],
  });
  const leads = await find(ctx, db, {
    entity: 'lead',
    probes: probe('email', 'email', mail),
    exceptId: search.exceptLead,
  });
  return { organizations, persons, leads };
}
