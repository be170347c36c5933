import type { Random } from './random.ts';

interface Material {
  /** What parsers of such input stumble over. */
  readonly tokens: readonly Buffer[];
  /** Another input, of which pieces are put in. */
  readonly other: (random: Random) => Buffer;
}

const slice = (random: Random, bytes: Buffer): Buffer => {
  const start = random.below(bytes.length + 1);
  return bytes.subarray(start, start + random.below(200));
};

/** One change: a flipped byte, a token or a piece of another input put in, a piece taken out or doubled, the end cut off. */
const mutate = (random: Random, bytes: Buffer, { tokens, other }: Material): Buffer => {
  const at = random.below(bytes.length + 1);
  const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)];
  switch (random.below(6)) {
    case 0:
      return Buffer.concat([before, Buffer.from([random.below(256)]), after.subarray(1)]);
    case 1:
      return Buffer.concat([before, random.pick(tokens), after]);
    case 2:
      return Buffer.concat([before, slice(random, other(random)), after]);
    case 3:
      return Buffer.concat([before, after.subarray(random.below(100))]);
    case 4:
      return Buffer.concat([before, slice(random, bytes), after]);
    default:
      return random.below(4) === 0 ? before : bytes;
  }
};

/** The bytes after one to eight changes. */
export const mutated = (random: Random, bytes: Buffer, material: Material): Buffer => {
  let result = bytes;
  for (let changes = 1 + random.below(8); changes > 0; changes -= 1) result = mutate(random, result, material);
  return result;
};
