import { readProcessorUs } from './processor.ts';
import { runProgram } from './server.ts';

/** What `bench/load.ts` is told. */
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
  /** Processor time that the server took for an answer: what bounds it once its share of a processor is used up. */
  readonly processorUs?: number | undefined;
}

export interface Target extends Omit<Load, 'seconds' | 'connections'> {
  /** The server that answers. */
  readonly pid: number;
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
  readonly processorUs?: number | undefined;
  readonly bareProcessorUs?: number | undefined;
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

interface Loading extends Target {
  readonly connections: number;
  readonly seconds: number;
}

/** @throws Error when anything but good answers came back: a rate of failures is no figure. */
export async function load({ pid, ...options }: Loading): Promise<Loaded> {
  const before = readProcessorUs(pid);
  const loaded = JSON.parse(await runProgram({ file: 'bench/load.ts', args: [JSON.stringify(options)] })) as Loaded;
  const after = readProcessorUs(pid);
  if (loaded.failures > 0) throw new Error(`${options.url}: ${loaded.failures} requests failed`);
  if (before === undefined || after === undefined) return loaded;
  return { ...loaded, processorUs: (after - before) / (loaded.perSecond * options.seconds) };
}

export interface Compared {
  readonly ours: number;
  readonly bare: number;
  readonly ratio: number;
  readonly p99Ms: number;
  readonly bareP99Ms: number;
  readonly processorUs?: number | undefined;
  readonly bareProcessorUs?: number | undefined;
}

const medianOf = (rounds: readonly Loaded[], figure: (one: Loaded) => number | undefined): number | undefined => {
  const values = rounds.flatMap((one) => figure(one) ?? []);
  return values.length === 0 ? undefined : median(values);
};

/** Medians of rounds of both sides; the ratio is the median of the rounds' own ratios. */
export function toCompared(ours: readonly Loaded[], bare: readonly Loaded[]): Compared {
  return {
    ours: median(ours.map((one) => one.perSecond)),
    bare: median(bare.map((one) => one.perSecond)),
    ratio: median(ours.map((one, round) => one.perSecond / (bare[round]?.perSecond ?? Number.NaN))),
    p99Ms: median(ours.map((one) => one.p99Ms)),
    bareP99Ms: median(bare.map((one) => one.p99Ms)),
    processorUs: medianOf(ours, (one) => one.processorUs),
    bareProcessorUs: medianOf(bare, (one) => one.processorUs),
  };
}

/** Both sides by turns, so that a slow moment of the machine hits both. */
export async function compare(
  effort: Effort & { readonly connections: number },
  ours: Target,
  bare: Target,
): Promise<Compared> {
  const { rounds, ...how } = effort;
  const loaded: Record<'ours' | 'bare', Loaded[]> = { ours: [], bare: [] };
  for (let round = 0; round < rounds; round += 1) {
    for (const side of round % 2 === 0 ? (['ours', 'bare'] as const) : (['bare', 'ours'] as const)) {
      loaded[side].push(await load({ ...(side === 'ours' ? ours : bare), ...how }));
    }
  }
  return toCompared(loaded.ours, loaded.bare);
}
