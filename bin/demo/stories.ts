import {
  archiveReasons,
  businessWishes,
  callResults,
  cities,
  companies,
  firstNames,
  lastNames,
  notes,
  privateWishes,
  streets,
} from './words.ts';

interface ActBase {
  readonly at: string;
  /** Position in `staff`. */
  readonly by: number;
}

export type StoryAct = ActBase &
  (
    | { readonly kind: 'assign' }
    | { readonly kind: 'move'; readonly stage: string }
    | { readonly kind: 'note' | 'call'; readonly text: string }
    | { readonly kind: 'contact'; readonly of: 'organization' | 'person' }
    | { readonly kind: 'convert'; readonly of: 'lead' | 'deal' }
    | { readonly kind: 'archive'; readonly reason: string }
  );

/** One lead: what came in, and what was done with it. */
export interface Story {
  readonly source: string;
  readonly receivedAt: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly acts: readonly StoryAct[];
}

const howMany = 420;
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** The same numbers every time (mulberry32), so that a demo can be talked about. */
const createChance = (seed: number): (() => number) => {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
};

interface Dice {
  readonly roll: () => number;
  readonly pick: <T>(list: readonly T[]) => T;
  readonly between: (from: number, to: number) => number;
}

const createDice = (seed: number): Dice => {
  const roll = createChance(seed);
  return {
    roll,
    pick: <T>(list: readonly T[]): T => list[Math.floor(roll() * list.length)] as T,
    between: (from, to) => Math.floor(from + roll() * (to - from + 1)),
  };
};

/** Moves an instant into office hours of a working day, so that nobody in the demo works on Sunday night. */
const inOffice = (atMs: number, dice: Dice): number => {
  const date = new Date(atMs);
  const back = [2, 0, 0, 0, 0, 0, 1][date.getUTCDay()] ?? 0;
  const day = atMs - back * dayMs - (atMs % dayMs);
  return day + (7 + dice.roll() * 8) * hourMs;
};

const slug = (text: string): string =>
  text
    .toLowerCase()
    .replaceAll('ä', 'ae')
    .replaceAll('ö', 'oe')
    .replaceAll('ü', 'ue')
    .replaceAll('ß', 'ss')
    .replaceAll('ı', 'i')
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');

const bodyOf = (dice: Dice, index: number): Record<string, unknown> => {
  const isBusiness = dice.roll() < 0.45;
  const wish = dice.pick(isBusiness ? businessWishes : privateWishes);
  const [postalCode, city] = dice.pick(cities);
  const firstName = dice.pick(firstNames);
  const lastName = dice.pick(lastNames);
  const company = isBusiness ? dice.pick(companies) : undefined;
  const domain =
    company === undefined ? dice.pick(['gmx.de', 'web.de', 't-online.de', 'posteo.de']) : `${slug(company)}.example`;
  const budget = Math.round((wish.budget[0] + dice.roll() * (wish.budget[1] - wish.budget[0])) / 100) * 100;
  return {
    title: company === undefined ? `${wish.title}, ${city}` : `${wish.title} – ${company}`,
    firstName,
    lastName,
    email: `${slug(firstName)}.${slug(lastName)}@${domain}`,
    phone: `+49 ${dice.between(431, 4999)} ${dice.between(100_000, 999_999)}`,
    ...(company === undefined
      ? {}
      : {
          company,
          jobTitle: dice.pick(['Geschäftsführung', 'Einkauf', 'Technische Leitung', 'Verwaltung', 'Inhaber']),
        }),
    street: `${dice.pick(streets)} ${dice.between(1, 120)}`,
    postalCode,
    city,
    country: 'Deutschland',
    message: wish.message,
    ...(dice.roll() < 0.8 ? { budget } : {}),
    ...(dice.roll() < 0.35 ? { priority: dice.pick(['hoch', 'dringend', 'niedrig', 'hoch']) } : {}),
    ...(wish.tag !== undefined && dice.roll() < 0.7 ? { tags: [wish.tag] } : {}),
    ...(dice.roll() < 0.3
      ? {
          campaign: dice.pick([
            'Herbstaktion Wärmepumpe',
            'Messe Neue Energien',
            'Newsletter Oktober',
            'Empfehlungsprogramm',
          ]),
        }
      : {}),
    score: dice.between(5, 95),
    consent: true,
    externalId: `demo-${index}`,
  };
};

/** How far a lead has come; the older, the further. */
type Ending = 'new' | 'contacted' | 'clarifying' | 'done' | 'converted' | 'archived';

const endingOf = (ageDays: number, dice: Dice): Ending => {
  const roll = dice.roll();
  if (ageDays < 1) return roll < 0.75 ? 'new' : 'contacted';
  if (ageDays < 6) return roll < 0.15 ? 'new' : roll < 0.6 ? 'contacted' : roll < 0.85 ? 'clarifying' : 'converted';
  if (roll < 0.1) return 'clarifying';
  if (roll < 0.14) return 'done';
  return roll < 0.62 ? 'converted' : 'archived';
};

const actsOf = (
  dice: Dice,
  story: { ending: Ending; fromMs: number; nowMs: number; isBusiness: boolean },
): StoryAct[] => {
  const { ending, fromMs, nowMs, isBusiness } = story;
  if (ending === 'new') return [];
  const by = dice.between(2, 4);
  const acts: StoryAct[] = [];
  let clock = fromMs;
  const next = (): ActBase => {
    clock = Math.min(clock + (0.3 + dice.roll() * 20) * hourMs, nowMs - 60_000);
    return { at: new Date(clock).toISOString(), by };
  };
  acts.push(
    { kind: 'assign', ...next() },
    { kind: 'move', stage: 'kontaktversuch', ...next() },
    { kind: 'call', text: dice.pick(callResults), ...next() },
  );
  if (ending === 'contacted') return acts;
  if (dice.roll() < 0.6) acts.push({ kind: 'note', text: dice.pick(notes), ...next() });
  acts.push({ kind: 'move', stage: 'in-klaerung', ...next() });
  if (ending === 'clarifying') return acts;
  if (ending === 'archived') {
    acts.push({ kind: 'archive', reason: dice.pick(archiveReasons), ...next() });
    return acts;
  }
  if (isBusiness) acts.push({ kind: 'contact', of: 'organization', ...next() });
  acts.push({ kind: 'contact', of: 'person', ...next() }, { kind: 'move', stage: 'erledigt', ...next() });
  if (ending === 'converted') acts.push({ kind: 'convert', of: dice.roll() < 0.6 ? 'deal' : 'lead', ...next() });
  return acts;
};

/** The leads of the last eight weeks, oldest first. */
export function createStories(now: Date): Story[] {
  const dice = createDice(20_26);
  const nowMs = now.getTime();
  return Array.from({ length: howMany }, (_, index): Story => {
    const ageDays = 56 * (1 - index / howMany) ** 1.4;
    const rawMs = nowMs - ageDays * dayMs;
    const fromMs = ageDays < 1 ? rawMs : Math.min(inOffice(rawMs, dice), nowMs - 2 * hourMs);
    const body = bodyOf(dice, index);
    const source =
      'company' in body
        ? dice.pick(['webformular', 'lead-agentur', 'kaltakquise'])
        : dice.pick(['facebook', 'webformular', 'facebook']);
    const acts = actsOf(dice, { ending: endingOf(ageDays, dice), fromMs, nowMs, isBusiness: 'company' in body });
    return { source, receivedAt: new Date(fromMs).toISOString(), body, acts };
  });
}
