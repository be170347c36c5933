/** Numbers that a seed determines, so that a failure can be played again with the seed it printed. */
export interface Random {
  /** A whole number from 0 to `limit` − 1. */
  below(limit: number): number;
  pick<T>(values: readonly [T, ...T[]] | readonly T[]): T;
}

/** Mulberry32, by Tommy Ettinger (public domain). */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const below = (limit: number): number => Math.floor(next() * limit);
  return {
    below,
    pick: <T>(values: readonly T[]): T => {
      const value = values[below(values.length)];
      if (value === undefined) throw new Error('nothing to pick from');
      return value;
    },
  };
}

/** The seed of this run: `SEED=…` plays an earlier one again. Printed, so that a failure can be. */
export function chooseSeed(): number {
  const given = Number(process.env['SEED']);
  const seed = Number.isInteger(given) && given > 0 ? given : Math.floor(Math.random() * 1_000_000) + 1;
  process.stdout.write(`SEED=${seed}\n`);
  return seed;
}
