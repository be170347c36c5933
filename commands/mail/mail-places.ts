import { companyDomain, emailKey } from '../../core/dedupe-keys.ts';
import type { NumberingConfig } from '../../schemas/generated/config.ts';
import type { Queries } from '../../store/database.ts';
import { readEffect } from '../../store/effects.ts';
import { findMailThreads } from '../../store/mail-threads.ts';
import { findRecordsBy } from '../../store/record-list.ts';
import type { RecordData } from '../../store/record-table.ts';
import { modelOf, type Context } from '../context.ts';
import { mailSpellings } from '../mailSpellings.ts';
import { findReadable } from '../readRecord.ts';
import { linksOf } from '../timeline.ts';

/** Where a mail belongs: link field of the timeline → id. */
export type Links = Readonly<Record<string, string>>;

const findBy = async (
  ctx: Context,
  db: Queries,
  search: { readonly entity: string; readonly field: string; readonly values: readonly string[] },
): Promise<RecordData[]> => {
  const { entity, ...rest } = search;
  if (!ctx.snapshot.models.has(entity)) return [];
  const found = await findRecordsBy(db, modelOf(ctx, entity), { tenantId: ctx.actor.tenantId, ...rest, limit: 20 });
  return found.filter((record) => ctx.ability.canOn('read', entity, record));
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
  const record = await findReadable({ ...ctx, db }, modelOf(ctx, entity), id);
  return record === undefined ? undefined : linksOf(ctx, entity, record);
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

export async function knownAddress(ctx: Context, db: Queries, address: string): Promise<KnownAddress> {
  const [person] = await findBy(ctx, db, { entity: 'person', field: 'emailKey', values: [emailKey(address)] });
  const leads = await findBy(ctx, db, { entity: 'lead', field: 'email', values: mailSpellings(emailKey(address)) });
  const open = leads.filter((lead) => lead['state'] === 'open');
  const [lead] = open.toSorted((one, other) => String(other['createdAt']).localeCompare(String(one['createdAt'])));
  const domain = companyDomain(address);
  const own = person?.['organization'];
  const organizations =
    typeof own === 'string' || domain === undefined
      ? []
      : await findBy(ctx, db, { entity: 'organization', field: 'domain', values: mailSpellings(domain) });
  const organization = typeof own === 'string' ? own : organizations[0]?.['id'];
  return { person, lead, organization: typeof organization === 'string' ? organization : undefined };
}
