import {
  isCertain,
  isCertainCompany,
  matchKeys,
  scoreLikeness,
  toLikeness,
  type Likeness,
  type Reason,
} from '../core/duplicate-score.ts';
import type { Queries } from '../store/database.ts';
import { findByMatchKeys } from '../store/duplicates.ts';
import { findRecordsBy } from '../store/record-list.ts';
import type { RecordData } from '../store/record-table.ts';
import { findRecordsById } from '../store/records.ts';
import { modelOf, type Context } from './context.ts';
import { mostOfKey } from './duplicates/follow.ts';
import { mailSpellings } from './mailSpellings.ts';
import { visibleRecord } from './record-write.ts';

/** What is known of somebody before a record is made of it: fields of a lead, a company or a person. */
export type Sketch = RecordData;

export interface Match {
  readonly record: RecordData;
  /** 1 to 100. */
  readonly score: number;
  readonly reasons: readonly Reason[];
  /** The same without anybody looking. */
  readonly isCertain: boolean;
}

export interface Matches {
  readonly organizations: readonly Match[];
  readonly persons: readonly Match[];
  readonly leads: readonly Match[];
}

type Compared = 'organization' | 'person' | 'lead';

/** Columns that hold a key of the record itself: found in the moment it is written. The others are written behind it. */
const keyColumns: Readonly<Record<Compared, Readonly<Record<string, keyof Likeness>>>> = {
  organization: { nameKey: 'company', phoneKey: 'phone', domain: 'domain' },
  person: { emailKey: 'email', phoneKey: 'phone', nameKey: 'person' },
  lead: { email: 'email' },
};

/** A company has no person in it and a person no company: what does not concern them must not speak for or against. */
const concerning: Readonly<Record<Compared, readonly (keyof Likeness)[]>> = {
  organization: ['vatId', 'registerNumber', 'phone', 'email', 'company', 'address', 'domain'],
  person: ['email', 'phone', 'person', 'name'],
  lead: ['sourceId', 'email', 'phone', 'company', 'person', 'name', 'address', 'domain'],
};

const narrowed = (entity: Compared, likeness: Likeness): Likeness => {
  const names = concerning[entity];
  const silent = Object.fromEntries(
    (Object.keys(likeness) as readonly (keyof Likeness)[])
      .filter((name) => !names.includes(name))
      .map((name) => [name, '']),
  );
  return { ...likeness, ...silent };
};

const candidates = async (
  ctx: Context,
  db: Queries,
  of: { readonly entity: Compared; readonly likeness: Likeness },
): Promise<Map<string, RecordData>> => {
  const { entity, likeness } = of;
  const model = modelOf(ctx, entity);
  const { tenantId } = ctx.actor;
  const found = new Map<string, RecordData>();
  const add = async (field: string, values: readonly string[]): Promise<void> => {
    for (const record of await findRecordsBy(db, model, { tenantId, field, values, limit: mostOfKey }))
      found.set(String(record['id']), record);
  };
  for (const [field, kind] of Object.entries(keyColumns[entity]))
    if (likeness[kind] !== '') await add(field, mailSpellings(likeness[kind]));
  const keys = matchKeys(likeness);
  const ids = [...(await findByMatchKeys(db, { tenantId, entity, keys, most: mostOfKey }))].filter(
    (id) => !found.has(id),
  );
  for (const record of await findRecordsById(db, model, { tenantId, ids }))
    if (record['deletedAt'] === null) found.set(String(record['id']), record);
  return found;
};

/** Below that only one weak thing is alike. */
const leastScore = 30;

interface Search {
  readonly sketch: Sketch;
  readonly exceptLead?: string | undefined;
  /** Nobody is shown what is found: fields that the actor may not see speak, too. */
  readonly isUnseen?: boolean;
}

const find = async (
  ctx: Context,
  db: Queries,
  of: Omit<Search, 'sketch' | 'exceptLead'> & {
    readonly entity: Compared;
    readonly sketch: Likeness;
    readonly exceptId?: string | undefined;
  },
): Promise<Match[]> => {
  const { entity, exceptId } = of;
  const model = modelOf(ctx, entity);
  const likeness = narrowed(entity, of.sketch);
  const matches: Match[] = [];
  for (const record of (await candidates(ctx, db, { entity, likeness })).values()) {
    const mayBe =
      record['id'] !== exceptId && record['mergedInto'] === null && ctx.ability.canOn('read', entity, record);
    if (!mayBe) continue;
    const shown = of.isUnseen === true ? record : visibleRecord(ctx, model, record);
    const known = toLikeness(entity, shown);
    const { score, reasons } = scoreLikeness(likeness, known);
    const isSame = entity === 'organization' ? isCertainCompany : isCertain;
    if (score >= leastScore) matches.push({ record: shown, score, reasons, isCertain: isSame(likeness, known) });
  }
  return matches.toSorted((one, other) => other.score - one.score);
};

/** What a record says of somebody, for `findMatches`. */
export const toSketch = (record: RecordData): Sketch => ({ ...record, company: record['company'] ?? record['name'] });

/** Records that may be the same company or person (B24), the likeliest first, each with its reasons. Shows only what the actor may read, and asks no other fields. */
export async function findMatches(ctx: Context, db: Queries, { exceptLead, ...search }: Search): Promise<Matches> {
  const of = { ...search, sketch: toLikeness('lead', search.sketch) };
  return {
    organizations: await find(ctx, db, { ...of, entity: 'organization' }),
    persons: await find(ctx, db, { ...of, entity: 'person' }),
    leads: await find(ctx, db, { ...of, entity: 'lead', exceptId: exceptLead }),
  };
}
