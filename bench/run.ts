/**
 * Measures the product against the least that could do the same, in one run on one machine: `npm run bench`.
 * `-- --only intake,lists,csv,processes,smtp,start,ui` measures a part, `--quick` takes a minute and is only good for seeing that it works.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { measureCsv } from './csv.ts';
import { measureIntake } from './intake.ts';
import { measureLists } from './lists.ts';
import type { Effort, Figure } from './measure.ts';
import { measureProcesses } from './processes.ts';
import { measureSmtp } from './smtp.ts';
import { measureStart } from './start.ts';
import { toTable } from './table.ts';
import { measureUi } from './ui.ts';

const parts: Readonly<Record<string, (effort: Effort) => Promise<Figure[]>>> = {
  intake: measureIntake,
  lists: measureLists,
  csv: measureCsv,
  processes: measureProcesses,
  smtp: measureSmtp,
  start: measureStart,
  ui: measureUi,
};

const { values } = parseArgs({ options: { only: { type: 'string' }, quick: { type: 'boolean', default: false } } });
const wanted = values.only?.split(',') ?? Object.keys(parts);
const effort = values.quick ? { rounds: 1, seconds: 2 } : { rounds: 5, seconds: 5 };

const figures: Figure[] = [];
for (const name of wanted) {
  const measurePart = parts[name];
  if (measurePart === undefined) throw new Error(`--only takes ${Object.keys(parts).join(', ')}; not ${name}`);
  const found = await measurePart(effort);
  figures.push(...found);
  process.stdout.write(`${toTable(found)}\n\n`);
}

const results = new URL('results/', import.meta.url);
mkdirSync(results, { recursive: true });
const machine = { processors: cpus().length, model: cpus()[0]?.model ?? '', node: process.version };
writeFileSync(
  new URL('latest.json', results),
  `${JSON.stringify({ at: new Date().toISOString(), machine, effort, figures }, undefined, 2)}\n`,
);
process.exitCode = figures.every((figure) => figure.isMet) ? 0 : 1;
