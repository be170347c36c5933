import { asciiDomain, companyDomain, companyKey, emailKey, personKey, phoneKey } from './dedupe-keys.ts';
import type { Text } from './errors.ts';

type Data = Readonly<Record<string, unknown>>;

/** What a record says of a company or person, as keys under which two spellings meet. Empty texts say nothing. */
interface LikenessKeys {
  /** `<source>/<the sender's own id>`. */
  readonly sourceId: string;
  readonly vatId: string;
  readonly registerNumber: string;
  readonly email: string;
  readonly phone: string;
  readonly company: string;
  /** First and last name: a last name alone makes nobody the same. */
  readonly person: string;
  readonly address: string;
  readonly domain: string;
}

/** A record as it is compared. */
export interface Likeness extends LikenessKeys {
  /** The person's name as far as it is known: it only tells two people apart. */
  readonly name: string;
}

export type ReasonKind = keyof LikenessKeys | 'similarCompany' | 'similarPerson';

/** Why two records may be the same, in words. */
export interface Reason extends Text {
  readonly kind: ReasonKind;
}

export interface Score {
  /** 0 (nothing speaks for it) to 100. */
  readonly score: number;
  readonly reasons: readonly Reason[];
}

/** From here on two records are shown as a likely double. */
export const likelyScore = 50;

/** Fields that a reason speaks of, whichever of them a record has. */
const spokenOf: Readonly<Record<ReasonKind, readonly string[]>> = {
  sourceId: ['source', 'externalId'],
  vatId: ['vatId'],
  registerNumber: ['registerNumber'],
  email: ['email'],
  phone: ['phone'],
  company: ['company', 'name'],
  person: ['firstName', 'lastName'],
  address: ['street', 'postalCode'],
  domain: ['email', 'domain'],
  similarCompany: ['company', 'name'],
  similarPerson: ['firstName', 'lastName'],
};

/** Reasons that speak of no hidden field. */
export const tellable = (reasons: readonly Reason[], isHidden: (field: string) => boolean): readonly Reason[] =>
  reasons.filter(({ kind }) => !spokenOf[kind].some(isHidden));

const text = (value: unknown): string => (typeof value === 'string' ? value.trim() : '');

const compact = (value: unknown): string =>
  text(value)
    .toUpperCase()
    .replaceAll(/[^\p{L}\p{N}]/gu, '');

/** Fields without which two records are compared as before: an event about others concerns no double. */
export const comparedFields: ReadonlySet<string> = new Set([
  'externalId',
  'source',
  'vatId',
  'registerNumber',
  'email',
  'phone',
  'name',
  'company',
  'firstName',
  'lastName',
  'street',
  'postalCode',
  'domain',
  'state',
  'mergedInto',
  'deletedAt',
]);

/** Street and number within a postal code; the street alone says nothing. */
const addressKey = (record: Data): string => {
  const code = compact(record['postalCode']);
  const street = companyKey(text(record['street']).replace(/str(\.|aße|asse)?(?=\s|$)/i, 'strasse'));
  return code === '' || street === '' || !/\d/.test(street) ? '' : `${code} ${street.replaceAll(' ', '')}`;
};

/** Reads a record of any of the three kinds; a lead has both a company and a person. */
export function toLikeness(entity: string, record: Data): Likeness {
  const isCompany = entity === 'organization';
  const email = emailKey(text(record['email']));
  const externalId = text(record['externalId']);
  const company = entity === 'person' ? '' : text(isCompany ? record['name'] : record['company']);
  const name = isCompany || text(record['lastName']) === '' ? '' : personKey(personOf(record));
  return {
    sourceId: externalId === '' ? '' : `${text(record['source'])}/${externalId}`,
    vatId: compact(record['vatId']),
    registerNumber: compact(record['registerNumber']),
    email,
    phone: phoneKey(text(record['phone'])),
    company: companyKey(company),
    person: text(record['firstName']) === '' ? '' : name,
    name,
    address: addressKey(record),
    domain: (isCompany ? domainOf(record, email) : companyDomain(email)) ?? '',
  };
}

const personOf = (record: Data): string => `${text(record['firstName'])} ${text(record['lastName'])}`.trim();

const domainOf = (record: Data, email: string): string | undefined =>
  text(record['domain']) === '' ? companyDomain(email) : asciiDomain(text(record['domain']).toLowerCase());

interface Evidence extends Text {
  /** How likely two records are the same when nothing but this is known. */
  readonly weight: number;
}

const exact: Readonly<Record<keyof LikenessKeys, Evidence>> = {
  sourceId: { weight: 1, de: 'Gleiche Fremdkennung', en: 'Same external id' },
  vatId: { weight: 0.97, de: 'Gleiche USt-IdNr.', en: 'Same VAT id' },
  registerNumber: { weight: 0.95, de: 'Gleiche Handelsregisternummer', en: 'Same register number' },
  email: { weight: 0.92, de: 'Gleiche E-Mail', en: 'Same e-mail' },
  phone: { weight: 0.86, de: 'Gleiche Telefonnummer', en: 'Same phone number' },
  company: { weight: 0.65, de: 'Gleicher Firmenname', en: 'Same company name' },
  person: { weight: 0.5, de: 'Gleicher Personenname', en: 'Same person name' },
  address: { weight: 0.4, de: 'Gleiche Anschrift', en: 'Same address' },
  domain: { weight: 0.35, de: 'Gleiche Mail-Domain', en: 'Same mail domain' },
};

const similar = {
  similarCompany: { of: 'company', weight: 0.55, de: 'Ähnlicher Firmenname', en: 'Similar company name' },
  similarPerson: { of: 'person', weight: 0.4, de: 'Ähnlicher Personenname', en: 'Similar person name' },
} as const;

const leastSimilarity = 0.7;

const pairsOf = (word: string): Map<string, number> => {
  const pairs = new Map<string, number>();
  for (let index = 0; index + 1 < word.length; index += 1) {
    const pair = word.slice(index, index + 2);
    pairs.set(pair, (pairs.get(pair) ?? 0) + 1);
  }
  return pairs;
};

/** Share of letter pairs that two texts have in common (Dice): 0 to 1. */
export function similarity(one: string, other: string): number {
  if (one === other) return 1;
  const [first, second] = [pairsOf(one), pairsOf(other)];
  let shared = 0;
  for (const [pair, count] of first) shared += Math.min(count, second.get(pair) ?? 0);
  const all = Math.max(one.length - 1, 0) + Math.max(other.length - 1, 0);
  return all === 0 ? 0 : (2 * shared) / all;
}

const kinds = Object.keys(exact) as readonly (keyof LikenessKeys)[];
/** Two different ones are two different companies, whatever else they share. */
const distinguishing = ['vatId', 'registerNumber'] as const;

const shares = (one: Likeness, other: Likeness, kind: keyof LikenessKeys): boolean =>
  one[kind] !== '' && one[kind] === other[kind];

const differs = (one: Likeness, other: Likeness, kind: keyof LikenessKeys): boolean =>
  one[kind] !== '' && other[kind] !== '' && one[kind] !== other[kind];

const isNamedAlike = (one: Likeness, other: Likeness): boolean =>
  one.name === '' || other.name === '' || similarity(one.name, other.name) >= leastSimilarity;

/** Two people of one company: what is the company's speaks for the company only. */
const areColleagues = (one: Likeness, other: Likeness): boolean =>
  !isNamedAlike(one, other) && !(['sourceId', 'email', 'phone'] as const).some((kind) => shares(one, other, kind));

/** What a name weighs that many people bear, where companies or mail domains speak for two of them. */
const namesakeWeight = 0.3;

const isCompanyAlike = (one: Likeness, other: Likeness): boolean =>
  one.company !== '' && similarity(one.company, other.company) >= leastSimilarity;

/** Their companies or mail domains contradict each other, and neither speaks for one and the same. */
const areElsewhere = (one: Likeness, other: Likeness): boolean =>
  !isCompanyAlike(one, other) &&
  !shares(one, other, 'domain') &&
  (differs(one, other, 'company') || differs(one, other, 'domain'));

/**
 * How likely two records are the same company or person, and why: the same answer whichever comes first. Reasons are independent witnesses: each
 * takes its share of the doubt that the others left.
 */
export function scoreLikeness(one: Likeness, other: Likeness): Score {
  const reasons: Reason[] = [];
  let doubt = 1;
  const witness = (kind: ReasonKind, weight: number, { de, en }: Text): void => {
    doubt *= 1 - weight;
    reasons.push({ kind, de, en });
  };
  const weightOf = (kind: keyof LikenessKeys): number =>
    kind === 'person' && areElsewhere(one, other) ? namesakeWeight : exact[kind].weight;
  for (const kind of kinds) if (shares(one, other, kind)) witness(kind, weightOf(kind), exact[kind]);
  for (const kind of ['similarCompany', 'similarPerson'] as const) {
    const { of, weight } = similar[kind];
    const share = one[of] === '' || other[of] === '' || one[of] === other[of] ? 0 : similarity(one[of], other[of]);
    if (share >= leastSimilarity) witness(kind, weight * share, similar[kind]);
  }
  const isOther = distinguishing.some((kind) => differs(one, other, kind)) || areColleagues(one, other);
  const score = Math.round((1 - doubt) * 100);
  return { score: isOther ? Math.min(score, likelyScore - 1) : score, reasons };
}

/**
 * Whether two records are the same without anybody looking: one address, one external id, or one phone number, which several people of one
 * company may share, so that different names speak against it.
 */
export const isCertain = (one: Likeness, other: Likeness): boolean =>
  shares(one, other, 'email') ||
  shares(one, other, 'sourceId') ||
  (shares(one, other, 'phone') && isNamedAlike(one, other));

/** The same for two companies: their VAT id, or their name together with anything else that is a company's own. */
export const isCertainCompany = (one: Likeness, other: Likeness): boolean =>
  shares(one, other, 'vatId') ||
  (shares(one, other, 'company') &&
    (['registerNumber', 'email', 'phone', 'address', 'domain'] as const).some((kind) => shares(one, other, kind)));

/** Without vowels and doubled letters, so that the most usual slips of the pen meet. */
const skeleton = (key: string): string => {
  const bare = key.replaceAll(/[aeiouyh\s]/g, '').replaceAll(/(.)\1+/g, '$1');
  return bare.length < 4 ? '' : bare.slice(0, 12);
};

/** Keys under which records that may be the same are found, each with the kind in front. A domain alone makes nobody the same. */
export function matchKeys(likeness: Likeness): readonly string[] {
  const keys = kinds
    .filter((kind) => kind !== 'domain' && likeness[kind] !== '')
    .map((kind) => `${kind}:${likeness[kind]}`);
  const company = skeleton(likeness.company);
  const person = skeleton(likeness.person);
  return [
    ...keys,
    ...(company === '' ? [] : [`likeCompany:${company}`]),
    ...(person === '' ? [] : [`likePerson:${person}`]),
  ].map((key) => key.slice(0, 180));
}
