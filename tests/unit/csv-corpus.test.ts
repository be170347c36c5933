import { beforeAll, describe, expect, it } from 'vitest';
import { detectDialect, headSize, readRecords, type CsvRecord, type Dialect } from '../../connectors/csv/index.ts';
import { LeitwerkError } from '../../core/errors.ts';
import { knowsColumn } from '../../core/import-columns.ts';
import { expected } from '../corpus/csv/expected.ts';
import { corpusTable, tableNames } from '../corpus/csv/read.ts';
import { shippedModel } from '../support/configuration.ts';
import { mutated } from '../support/mutate.ts';
import { chooseSeed, createRandom, type Random } from '../support/random.ts';

const seed = chooseSeed();
/** `FUZZ_RUNS=20000 SEED=…` for a night's run. */
const runs = Number(process.env['FUZZ_RUNS'] ?? 500);

let knows: (name: string) => boolean;
beforeAll(async () => void (knows = knowsColumn(await shippedModel('lead'))));

const detect = (bytes: Buffer): Dialect =>
  detectDialect(bytes.subarray(0, headSize), { isWhole: bytes.byteLength <= headSize, wishes: {}, knows });

const read = async (
  bytes: Buffer,
  dialect: Dialect,
  from = { at: dialect.start, line: dialect.startLine, pieces: bytes.length + 1 },
): Promise<CsvRecord[]> => {
  const open = async (start: number): Promise<AsyncGenerator<Uint8Array>> =>
    await Promise.resolve(
      (async function* () {
        await Promise.resolve();
        for (let at = start; at < bytes.length; at += from.pieces) yield bytes.subarray(at, at + from.pieces);
      })(),
    );
  const found: CsvRecord[] = [];
  for await (const rows of readRecords(open, dialect, from)) found.push(...rows);
  return found;
};

describe('the corpus of tables (R25)', () => {
  it('has an expected outcome for every table, and a table for every outcome', () => {
    expect(tableNames.toSorted()).toEqual(Object.keys(expected).toSorted());
  });

  it.each(tableNames)('%s', async (name) => {
    const { rows = [], leads: _leads, refused: _refused, ...wanted } = expected[name] ?? {};
    const bytes = corpusTable(name);
    const dialect = detect(bytes);
    expect(dialect).toMatchObject(wanted);
    for (const pieces of [1, 5, bytes.length]) {
      const found = await read(bytes, dialect, { at: dialect.start, line: dialect.startLine, pieces });
      expect(found.map(({ line, cells, fault }) => [line, cells ?? fault.de])).toEqual(
        rows.map(([line, cells]) => [
          line,
          typeof cells === 'string' ? (expect.stringContaining(cells) as unknown) : cells,
        ]),
      );
    }
  });
});

/** What readers of tables stumble over. */
const tokens = [
  '"',
  '""',
  ';',
  ',',
  '\t',
  '|',
  '\r',
  '\n',
  '\r\n',
  '\0',
  '\uFEFF',
  'sep=,\r\n',
  ' "',
  '" ',
  '=1+1',
  'é',
]
  .map((token) => Buffer.from(token))
  .concat([Buffer.from([0xff, 0xfe]), Buffer.from([0xe4]), Buffer.from('"'.repeat(999)), Buffer.from(';'.repeat(300))]);

const other = (random: Random): Buffer => corpusTable(random.pick(tableNames));

/** The dialect, or none because the file is refused in a sentence. */
const detectOrRefuse = (bytes: Buffer): Dialect | undefined => {
  try {
    return detect(bytes);
  } catch (error) {
    if (error instanceof LeitwerkError && error.code === 'Unreadable') return undefined;
    throw error;
  }
};

describe(`mutated tables (R24), SEED=${seed}`, () => {
  it(
    `${runs}: each is refused in a sentence or read, the same in pieces and from the middle on`,
    { timeout: 10_000 + runs * 100 },
    async () => {
      const random = createRandom(seed);
      let readable = 0;
      for (let run = 0; run < runs; run += 1) {
        const name = random.pick(tableNames);
        const bytes = mutated(random, corpusTable(name), { tokens, other });
        const what = `run ${run} of SEED=${seed}, from ${name}`;
        const dialect = detectOrRefuse(bytes);
        if (dialect === undefined) continue;
        readable += 1;
        const whole = await read(bytes, dialect);
        const lines = whole.map(({ line }) => line);
        expect(lines, what).toEqual(lines.toSorted((a, b) => a - b));
        expect(new Set(lines).size, what).toBe(lines.length);
        for (const { cells } of whole) if (cells !== undefined) expect(cells.length, what).toBe(dialect.columns.length);
        const pieces = 1 + random.below(50);
        const { start: at, startLine: line } = dialect;
        expect(await read(bytes, dialect, { at, line, pieces }), what).toEqual(whole);
        const middle = whole[random.below(whole.length + 1)];
        if (middle === undefined) continue;
        const rest = await read(bytes, dialect, { at: middle.end, line: middle.nextLine, pieces });
        expect(rest, what).toEqual(whole.slice(whole.indexOf(middle) + 1));
      }
      expect(readable).toBeGreaterThan(runs / 2);
    },
  );
});
