import { runProgram } from './server.ts';

export interface Load {
  readonly url: string;
  readonly connections: number;
  readonly seconds: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Loaded {
  /** Good answers a second. */
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly failures: number;
}

/** One line of the table. `ratio` is ours to bare, of the rounds' median; absent where nothing is compared. */
export interface Figure {
  readonly name: string;
  readonly ours: number;
  readonly bare?: number;
  readonly ratio?: number;
  readonly unit: string;
  readonly p99Ms?: number;
  readonly bareP99Ms?: number;
  /** What the issue asks for, and whether it is met here. */
  readonly target: string;
  readonly isMet: boolean;
  readonly note?: string;
}

export interface Effort {
  readonly rounds: number;
  readonly seconds: number;
}

export const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
};

/** @throws Error when anything but good answers came back: a rate of failures is no figure. */
export async function load(options: Load): Promise<Loaded> {
  const loaded = JSON.parse(await runProgram({ file: 'bench/load.ts', args: [JSON.stringify(options)] })) as Loaded;
  if (loaded.failures > 0) throw new Error(`${options.url}: ${loaded.failures} requests failed`);
  return loaded;
}

export interface Compared {
  readonly ours: number;
  readonly bare: number;
  readonly ratio: number;
  readonly p99Ms: number;
  readonly bareP99Ms: number;
}

/** Both sides by turns, so that a slow moment of the machine hits both; medians of the rounds. */
export async function compare(
  effort: Effort,
  ours: Omit<Load, 'seconds'>,
  bare: Omit<Load, 'seconds'>,
): Promise<Compared> {
  const rounds: { ours: Loaded; bare: Loaded }[] = [];
  for (let round = 0; round < effort.rounds; round += 1) {
    const first = round % 2 === 0 ? ours : bare;
    const one = await load({ ...first, seconds: effort.seconds });
    const other = await load({ ...(first === ours ? bare : ours), seconds: effort.seconds });
    rounds.push(first === ours ? { ours: one, bare: other } : { ours: other, bare: one });
  }
  return {
    ours: median(rounds.map((round) => round.ours.perSecond)),
    bare: median(rounds.map((round) => round.bare.perSecond)),
    ratio: median(rounds.map((round) => round.ours.perSecond / round.bare.perSecond)),
    p99Ms: median(rounds.map((round) => round.ours.p99Ms)),
    bareP99Ms: median(rounds.map((round) => round.bare.p99Ms)),
  };
}
