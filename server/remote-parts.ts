import type { Text } from '../core/errors.ts';
import type { Queries } from '../store/database.ts';
import { readPartReports, type PartReport } from '../store/part-reports.ts';
import type { PartHealth, Services } from './services.ts';

/** Parts of processes that run apart, as they stand in the database. */
export interface RemoteParts {
  /** As read last, a second ago at most: nobody waits for the database. Nothing before it has been read once. */
  readonly parts: Services['remoteParts'];
  readonly stop: () => void;
}

const lookMs = 1_000;
const silentMs = 20_000;

interface Absence {
  readonly unit: string;
  readonly never: Text;
  readonly gone: Text;
}

/** Without these nothing is carried forward: where nobody reports them, that is shown. */
const needed: Readonly<Record<string, Absence>> = {
  worker: {
    unit: 'MB',
    never: { de: 'Noch hat sich kein Worker-Prozess gemeldet.', en: 'No worker process has reported yet.' },
    gone: { de: 'Kein Worker-Prozess meldet sich mehr.', en: 'No worker process reports any more.' },
  },
  relay: {
    unit: 'events',
    never: {
      de: 'Noch hat kein Worker-Prozess ein Relay gemeldet.',
      en: 'No worker process has reported a relay yet.',
    },
    gone: { de: 'Kein Worker-Prozess meldet noch ein Relay.', en: 'No worker process reports a relay any more.' },
  },
};

/** Looks every second what other processes report, once before it answers. While the database is away what was read last grows old. */
export async function watchRemoteParts(db: Queries, now: () => Date): Promise<RemoteParts> {
  const startedAt = now().toISOString();
  const heard = new Map<string, string>();
  let reports: readonly PartReport[] | undefined;
  let isLooking = false;
  const look = async (): Promise<void> => {
    if (isLooking) return;
    isLooking = true;
    try {
      reports = await readPartReports(db);
      for (const { name, at } of reports) if (at > (heard.get(name) ?? '')) heard.set(name, at);
    } catch {
      // The health page has a part for the database, which says so.
    } finally {
      isLooking = false;
    }
  };
  await look();
  const timer = setInterval(() => void look(), lookMs);
  return {
    parts: () => (reports === undefined ? {} : toRemoteParts(reports, { now: now(), startedAt, heard })),
    stop: () => clearInterval(timer),
  };
}

interface Known {
  readonly now: Date;
  /** Since when we look. */
  readonly startedAt: string;
  /** When a report of each part was made last, also of those that have been taken back since. */
  readonly heard: ReadonlyMap<string, string>;
}

/**
 * Each part once, whatever the number of processes that report it: as the one that works says, the freshest of several;
 * `down` when nobody has been heard for 20 seconds.
 */
export function toRemoteParts(reports: readonly PartReport[], known: Known): Readonly<Record<string, PartHealth>> {
  const silentBefore = new Date(known.now.getTime() - silentMs).toISOString();
  const parts: Record<string, PartHealth> = {};
  for (const [name, absence] of Object.entries(needed)) parts[name] = absentPart(absence, known, known.heard.get(name));
  for (const [name, own] of Map.groupBy(reports, (report) => report.name)) {
    const fresh = own.filter(({ at }) => at >= silentBefore).map(({ part, at }) => ({ part: part as PartHealth, at }));
    const [best] = fresh.toSorted((one, other) => rankOf(one.part) - rankOf(other.part) || latestFirst(one, other));
    const part = best?.part ?? silentPart(own, known.heard.get(name));
    if (part !== undefined) parts[name] = part;
  }
  return parts;
}

const latestFirst = (one: { readonly at: string }, other: { readonly at: string }): number =>
  one.at < other.at ? 1 : -1;

/** Who has the duty tells of it: one that stands by does not know what is wrong, but it is about to take over from one that cannot. */
const rankOf = ({ state, isStandby }: PartHealth): number => {
  if (isStandby === true) return 2;
  if (state === 'ready') return 0;
  return state === 'degraded' ? 1 : 3;
};

const absentPart = ({ unit, never, gone }: Absence, { startedAt }: Known, heardAt: string | undefined): PartHealth => {
  const texts = heardAt === undefined ? never : gone;
  return { state: 'down', since: heardAt ?? startedAt, number: 0, unit, text: texts.en, texts };
};

/**
 * Its figures are those of the last report; how fast it went says nothing any more.
 * Undefined when a later one was taken back: then it is not this process that is missing.
 */
const silentPart = (reports: readonly PartReport[], heardAt: string | undefined): PartHealth | undefined => {
  const last = reports.toSorted(latestFirst)[0];
  if (last === undefined || (heardAt !== undefined && heardAt > last.at)) return undefined;
  const { number, unit } = last.part as PartHealth;
  const time = `${last.at.slice(0, 19).replace('T', ' ')} UTC`;
  const texts = {
    de: `Seit ${time} wurde nichts gehört: Der Prozess läuft nicht mehr oder erreicht die Datenbank nicht.`,
    en: `Nothing was heard since ${time}: the process has ended or does not reach the database.`,
  };
  return { state: 'down', since: last.at, number, unit, text: texts.en, texts };
};
