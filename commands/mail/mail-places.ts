import { companyDomain, emailKey } from '../../core/dedupe-keys.ts';
import type { NumberingConfig } from '../../schemas/generated/config.ts';
import type { Queries } from '../../store/database.ts';
import { findMergedAway } from '../../store/duplicates.ts';
import { readEffect } from '../../store/effects.ts';
import { findMailThreads } from '../../store/mail-threads.ts';
import { findRecordsBy } from '../../store/record-list.ts';
import type { RecordData } from '../../store/record-table.ts';
import { findRecord } from '../../store/records.ts';
import { modelOf, type Context } from '../context.ts';
import { standingOf } from '../duplicates/standing.ts';
import { mailSpellings } from '../mailSpellings.ts';
import { mayRead } from '../readRecord.ts';
import { linksOf } from '../timeline.ts';

/** Where a mail belongs: link field of the timeline → id. */
export type Links = Readonly<Record<string, string>>;

/** What a link most likely means: the deal before the company it is with. */
const order = ['opportunity', 'lead', 'person', 'organization'];

const rankOf = (entity: string): number => (order.includes(entity) ? order.indexOf(entity) : -1);

/** Sorts links, the most telling first. */
export const byPlace = ([one]: readonly [string, string], [other]: readonly [string, string]): number =>
  rankOf(one) - rankOf(other);

/** Whatever leads to a merged record leads to the one that stands for it now. */
const standing = async (
  ctx: Context,
  db: Queries,
  { entity, record }: { readonly entity: string; readonly record: RecordData | undefined },
): Promise<RecordData | undefined> =>
  record === undefined
    ? undefined
    : await standingOf(db, modelOf(ctx, entity), { tenantId: ctx.actor.tenantId, record });

const findBy = async (
  ctx: Context,
  db: Queries,
  search: { readonly entity: string; readonly field: string; readonly values: readonly string[] },
): Promise<RecordData[]> => {
  const { entity, ...rest } = search;
  if (!ctx.snapshot.models.has(entity)) return [];
  const found = await findRecordsBy(db, modelOf(ctx, entity), { tenantId: ctx.actor.tenantId, ...rest, limit: 20 });
  const records: RecordData[] = [];
  for (const one of found) {
    const record = await standing(ctx, db, { entity, record: one });
    if (record !== undefined && ctx.ability.canOn('read', entity, record)) records.push(record);
  }
  return records;
};

/** What the numbers of a mail name. */
export interface NumberedPlaces {
  /** In the order of the numbers. */
  readonly places: readonly Links[];
  /** Of those that read like numbers given here what no record has that the actor may see. */
  readonly missing: readonly string[];
}

/** The records that these numbers name (`OPP-1042`), of any entity that is numbered, each with all that it belongs to. */
export async function placesByNumber(ctx: Context, db: Queries, numbers: readonly string[]): Promise<NumberedPlaces> {
  const wanted = new Map<string, Links[]>(numbers.map((number) => [number.toUpperCase(), []]));
  if (wanted.size === 0) return { places: [], missing: [] };
  const values = [...new Set([...numbers, ...wanted.keys()])];
  const given = [...ctx.snapshot.config('numbering').values()].map(({ value }) => value as NumberingConfig);
  for (const { entity, field } of given)
    for (const record of await findBy(ctx, db, { entity, field, values }))
      wanted.get(String(record[field]).toUpperCase())?.push(linksOf(ctx, entity, record));
  const isOurs = (number: string): boolean =>
    given.some(({ pattern }) => number.startsWith((pattern.split('{')[0] ?? '').toUpperCase()));
  const missing = [...wanted].flatMap(([number, found]) => (found.length === 0 && isOurs(number) ? [number] : []));
  return { places: [...wanted.values()].flat(), missing };
}

/** What each of several entries of one mail links: a record shows a mail once. */
export function linksOfEntries(places: readonly Links[]): Links[] {
  const linked = new Set<string>();
  return places.flatMap((place) => {
    const links = Object.entries(place).filter((link) => !linked.has(link.join('/')));
    for (const link of links) linked.add(link.join('/'));
    return links.length === 0 ? [] : [Object.fromEntries(links)];
  });
}

/** Mails that we sent have the effect's name in their Message-ID (`connectors/mail-out`). */
const sentEffect = /^([0-9a-f]{32})\.\d+@/;

const placeOf = async (
  ctx: Context,
  db: Queries,
  [entity, id]: readonly [string, string],
): Promise<Links | undefined> => {
  if (!ctx.snapshot.models.has(entity)) return undefined;
  const model = modelOf(ctx, entity);
  const stored = await findRecord(db, model, { tenantId: ctx.actor.tenantId, id, isDeletedToo: true });
  const record = await standing(ctx, db, { entity, record: stored });
  if (record === undefined || !(await mayRead({ ...ctx, db }, model, record))) return undefined;
  return linksOf(ctx, entity, record);
};

/** The place of the newest mail of the conversation that is known, as its records are linked today. */
export async function placeByThread(
  ctx: Context,
  db: Queries,
  messageIds: readonly string[],
): Promise<Links | undefined> {
  const { tenantId } = ctx.actor;
  for (const { links } of await findMailThreads(db, tenantId, messageIds)) {
    const places = await Promise.all(Object.entries(links).map(async (link) => await placeOf(ctx, db, link)));
    const known = places.filter((place) => place !== undefined);
    if (known.length > 0) return Object.assign({}, ...known) as Links;
  }
  for (const messageId of messageIds) {
    const id = sentEffect.exec(messageId)?.[1];
    const effect = id === undefined ? undefined : await readEffect(db, tenantId, id);
    if (effect !== undefined) return await placeOf(ctx, db, [effect.entity, effect.recordId]);
  }
  return undefined;
}

/** What is known of an address. */
export interface KnownAddress {
  readonly person: RecordData | undefined;
  readonly organization: string | undefined;
  /** The newest lead under this address that is still open. */
  readonly lead: RecordData | undefined;
}

/** What the records have become that were known by these addresses before they were merged: the newest of each entity. */
const findSuccessors = async (
  ctx: Context,
  db: Queries,
  addresses: readonly string[],
): Promise<ReadonlyMap<string, RecordData>> => {
  const { tenantId } = ctx.actor;
  const found = new Map<string, RecordData>();
  for (const { entity, loser } of await findMergedAway(db, { tenantId, addresses })) {
    if (found.has(entity) || !ctx.snapshot.models.has(entity)) continue;
    const stored = await findRecord(db, modelOf(ctx, entity), { tenantId, id: loser, isDeletedToo: true });
    const record = await standing(ctx, db, { entity, record: stored });
    if (record !== undefined && ctx.ability.canOn('read', entity, record)) found.set(entity, record);
  }
  return found;
};

const findOpenLead = async (ctx: Context, db: Queries, key: string): Promise<RecordData | undefined> => {
  const leads = await findBy(ctx, db, { entity: 'lead', field: 'email', values: mailSpellings(key) });
  const open = leads.filter((lead) => lead['state'] === 'open');
  return open.toSorted((one, other) => String(other['createdAt']).localeCompare(String(one['createdAt'])))[0];
};

interface Holders {
  readonly person?: RecordData | undefined;
  readonly organization?: RecordData | undefined;
}

/** Who has the address as records are now; who had it before a merge is looked for only where somebody is missing. */
const findHolders = async (ctx: Context, db: Queries, address: string): Promise<Holders> => {
  const key = emailKey(address);
  const domain = companyDomain(address);
  const domains = domain === undefined ? [] : mailSpellings(domain);
  const [person] = await findBy(ctx, db, { entity: 'person', field: 'emailKey', values: [key] });
  if (typeof person?.['organization'] === 'string') return { person };
  const [organization] = await findBy(ctx, db, { entity: 'organization', field: 'domain', values: domains });
  if (person !== undefined && (organization !== undefined || domain === undefined)) return { person, organization };
  const successors = await findSuccessors(ctx, db, [key, ...domains]);
  return {
    person: person ?? successors.get('person'),
    organization: organization ?? successors.get('organization'),
  };
};

export async function knownAddress(ctx: Context, db: Queries, address: string): Promise<KnownAddress> {
  const holders = await findHolders(ctx, db, address);
  const lead = await findOpenLead(ctx, db, emailKey(address));
  const organization = holders.person?.['organization'] ?? holders.organization?.['id'];
  return { person: holders.person, lead, organization: typeof organization === 'string' ? organization : undefined };
}
