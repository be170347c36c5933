import { LeitwerkError, type Text } from '../core/errors.ts';
import type { Tx } from '../store/database.ts';
import type { RecordData } from '../store/record-table.ts';
import { assertCan, modelOf, transact, type Context } from './context.ts';
import { createWithin } from './createRecord.ts';
import { findMatches, toSketch, type Match } from './findMatches.ts';
import { linkAlong } from './linkContacts.ts';
import { changeRecord, loadRecord, writeIssues, type Written } from './record-write.ts';

type Kind = 'organization' | 'person';

/** Lead fields that a new company or person takes over (B25, B26). */
const copied: Readonly<Record<Kind, Readonly<Record<string, string>>>> = {
  organization: { name: 'company', street: 'street', postalCode: 'postalCode', city: 'city', country: 'country' },
  person: { firstName: 'firstName', lastName: 'lastName', email: 'email', phone: 'phone', jobTitle: 'jobTitle' },
};

const copyFrom = (lead: RecordData, kind: Kind): RecordData => {
  const fields: Record<string, unknown> = {};
  for (const [to, from] of Object.entries(copied[kind]))
    if (lead[from] !== null && lead[from] !== undefined) fields[to] = lead[from];
  return { ...fields, owner: lead['owner'] ?? null, team: lead['team'] ?? null };
};

/** A new person belongs to the lead's company. */
const linkOf = (lead: RecordData, kind: Kind): RecordData =>
  kind === 'person' && typeof lead['organization'] === 'string' ? { organization: lead['organization'] } : {};

interface Creation {
  readonly kind: Kind;
  readonly fields: RecordData;
  /** Nobody is shown the matches. */
  readonly isUnseen?: boolean;
}

const matchesOf = async (ctx: Context, tx: Tx, creation: Creation): Promise<readonly Match[]> => {
  const { kind, fields, isUnseen = false } = creation;
  const matches = await findMatches(ctx, tx, { sketch: toSketch(fields), isUnseen });
  return kind === 'organization' ? matches.organizations : matches.persons;
};

/** @throws LeitwerkError `Conflict` with `facts.matches` where there are likely doubles (B24). */
export const refuseDoubles = async (ctx: Context, tx: Tx, creation: Creation): Promise<void> => {
  const found = await matchesOf(ctx, tx, creation);
  if (found.length === 0) return;
  throw new LeitwerkError('Conflict', {
    text:
      creation.kind === 'organization'
        ? { de: 'Diese Firma gibt es vielleicht schon.', en: 'This organization may exist already.' }
        : { de: 'Diese Person gibt es vielleicht schon.', en: 'This person may exist already.' },
    facts: { matches: found.map((match) => presentMatch(creation.kind, match)) },
  });
};

/** A match as the API shows it. */
export const presentMatch = (entity: string, match: Match): RecordData => {
  const shown =
    {
      organization: ['name', 'city'],
      person: ['name', 'email', 'organization'],
      lead: ['title', 'createdAt', 'state'],
    }[entity] ?? [];
  return {
    id: match.record['id'],
    ...Object.fromEntries(shown.map((name) => [name, match.record[name] ?? null])),
    score: match.score,
    certain: match.isCertain,
    reasons: match.reasons,
  };
};

export interface ContactInput {
  /** The lead that it is made from. */
  readonly lead: string;
  readonly kind: Kind;
  /** Corrections of what is copied from the lead. */
  readonly fields?: RecordData | undefined;
  /** Makes it although there are matches. */
  readonly force?: boolean | undefined;
}

const hasOne: Readonly<Record<Kind, Text>> = {
  organization: { de: 'Der Eintrag hat schon eine Firma.', en: 'The lead has an organization already.' },
  person: { de: 'Der Eintrag hat schon eine Person.', en: 'The lead has a person already.' },
};

/**
 * Makes a company or person of a lead's details and links it with the lead, and person with company, whichever came first (B25–B27).
 * @throws LeitwerkError `Conflict` with `facts.matches` when there are likely doubles and `force` is not set (B24),
 * `Locked` when the lead has one already, `InvalidInput`, `NotFound`, `Forbidden`.
 */
export async function createContact(
  ctx: Context,
  input: ContactInput,
): Promise<{ readonly lead: Written; readonly contact: Written }> {
  const leads = modelOf(ctx, 'lead');
  const model = modelOf(ctx, input.kind);
  assertCan(ctx, 'create', model);
  return await transact(ctx, async (tx) => {
    const lead = await loadRecord(ctx, tx, { model: leads, id: input.lead });
    if (lead[input.kind] !== null)
      throw new LeitwerkError('Locked', { text: hasOne[input.kind], facts: { [input.kind]: lead[input.kind] } });
    const issues = writeIssues(ctx, model, input.fields ?? {});
    if (issues.length > 0) throw new LeitwerkError('InvalidInput', { issues });
    const fields = { ...copyFrom(lead, input.kind), ...input.fields };
    if (input.force !== true) await refuseDoubles(ctx, tx, { kind: input.kind, fields });
    const contact = await createWithin(ctx, tx, { model, input: { ...linkOf(lead, input.kind), ...fields } });
    const written = await changeRecord(ctx, tx, {
      model: leads,
      id: input.lead,
      verb: 'link',
      act: 'link',
      change: () => ({ [input.kind]: contact.record['id'] }),
    });
    await linkAlong(ctx, tx, written.record);
    return { lead: written, contact };
  });
}

/** Lead field without which there is nobody to make a record of. */
const naming: Readonly<Record<Kind, string>> = { organization: 'company', person: 'lastName' };

/**
 * Company and person that a lead names and is not linked with yet: those that certainly exist, the others made of its details.
 * Answers the links, for the caller to write.
 * @throws LeitwerkError `Conflict` with `facts.matches` when there are likely doubles and `force` is not set (B24), `InvalidInput`, `Forbidden`.
 */
export async function provideContacts(
  ctx: Context,
  tx: Tx,
  { lead, force }: { readonly lead: RecordData; readonly force: boolean },
): Promise<RecordData> {
  const links: Record<string, unknown> = {};
  for (const kind of ['organization', 'person'] as const) {
    const name = lead[naming[kind]];
    if (lead[kind] !== null || typeof name !== 'string' || name.trim() === '') continue;
    const fields = { ...linkOf({ ...lead, ...links }, kind), ...copyFrom(lead, kind) };
    // What the lead says beyond the new record's own fields (a company's domain is in its sender's address) speaks for a match as well.
    const said = { ...lead, ...fields };
    const known = (await matchesOf(ctx, tx, { kind, fields: said, isUnseen: true })).find((match) => match.isCertain);
    if (known === undefined && !force) await refuseDoubles(ctx, tx, { kind, fields });
    links[kind] = known?.record['id'] ?? (await make(ctx, tx, { kind, fields }))['id'];
  }
  return links;
}

const make = async (ctx: Context, tx: Tx, { kind, fields }: Creation): Promise<RecordData> => {
  const model = modelOf(ctx, kind);
  assertCan(ctx, 'create', model);
  return (await createWithin(ctx, tx, { model, input: fields })).record;
};
