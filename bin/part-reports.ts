import { randomUUID } from 'node:crypto';
import type { PartHealth } from '../server/services.ts';
import type { Database } from '../store/database.ts';
import { deletePartReports, writePartReports } from '../store/part-reports.ts';

/** What a process without an app above it says of its parts in the database. */
export interface PartReports {
  /** Takes back what was said. */
  readonly stop: () => Promise<void>;
}

const everyMs = 5_000;

/** Reports every 5 seconds, for `server/remote-parts.ts`. While the database is away rounds are left out, and nobody is told: it is told elsewhere. */
export function keepReporting(db: Database, readParts: () => ReadonlyMap<string, PartHealth>): PartReports {
  const holder = randomUUID();
  let underWay: Promise<void> | undefined;
  const report = async (): Promise<void> => {
    const parts = readParts();
    const at = new Date().toISOString();
    if (parts.size > 0) await quietly(db.write(async (tx) => await writePartReports(tx, { holder, at, parts })));
    underWay = undefined;
  };
  const timer = setInterval(() => {
    underWay ??= report();
  }, everyMs);
  return {
    stop: async () => {
      clearInterval(timer);
      await underWay;
      await quietly(db.write(async (tx) => await deletePartReports(tx, holder)));
    },
  };
}

const quietly = async (work: Promise<void>): Promise<void> => await work.catch(() => undefined);
