import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openAsBlob } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { createApp, type App } from './app.ts';
import { intakeTarget } from './intake.ts';
import { load, median, type Effort, type Figure } from './measure.ts';
import { runProgram, type Server } from './server.ts';
import { readTree } from './start.ts';

const leastRatio = 0.5;
const mostMb = 300;
const mostListMs = 200;
const header = 'Vorname;Nachname;E-Mail;Telefon;Firma;Straße;PLZ;Ort;Budget;Nachricht\n';

const rowOf = (index: number): string =>
  `Jörg;Meyer ${index};joerg.${index}@meyer-maschinenbau.example;+49 30 ${1_000_000 + index};Meyer Maschinenbau GmbH;Hauptstraße 12;10115;Berlin;"12.500,50";Wir suchen ein neues Lager mit 2.000 m² in Berlin und bitten um Ihren Rückruf.\n`;

const writeRows = async (path: string, count: number): Promise<void> => {
  const file = await open(path, 'w');
  await file.write(header);
  for (let index = 0; index < count; index += 1_000)
    await file.write(Array.from({ length: 1_000 }, (_, more) => rowOf(index + more)).join(''));
  await file.close();
};

interface Imported {
  readonly perSecond: number;
  /** Most that all our processes but Temporal's server had resident together. */
  readonly residentMb: number;
  /** Answers of a list request meanwhile. */
  readonly listP99Ms: number;
}

interface Running {
  readonly server: Server;
  readonly headers: Readonly<Record<string, string>>;
}

interface State {
  readonly state: string;
  readonly created: number;
  readonly error: unknown;
}

const stateOf = async ({ server, headers }: Running, id: string): Promise<State> => {
  const answer = await fetch(`${server.url}/api/v1/imports/${id}`, { headers });
  return ((await answer.json()) as { data: State }).data;
};

const timeList = async ({ server, headers }: Running): Promise<number> => {
  const startedAt = performance.now();
  const answer = await fetch(`${server.url}/api/v1/leads?limit=50`, { headers });
  await answer.arrayBuffer();
  return performance.now() - startedAt;
};

const begin = async ({ server, headers }: Running, path: string): Promise<string> => {
  const body = new FormData();
  body.set('source', 'csv-datei');
  body.set('processes', 'none');
  body.set('file', await openAsBlob(path), 'bench.csv');
  const answer = await fetch(`${server.url}/api/v1/imports`, { method: 'POST', headers, body });
  return ((await answer.json()) as { data: { id: string } }).data.id;
};

/** Temporal's server is counted apart. */
const readOwnMb = (root: number): number =>
  readTree(root)
    .filter(({ command }) => !/server start-dev/.test(command))
    .reduce((sum, { megabytes }) => sum + megabytes, 0);

/** Whether every row is in. @throws when not all of them came. */
const isThrough = async (running: Running, id: string, count: number): Promise<boolean> => {
  const { state, created, error } = await stateOf(running, id);
  if (state === 'failed') throw new Error(JSON.stringify(error));
  if (state === 'done' && created !== count) throw new Error(`${created} of ${count} rows came in`);
  return state === 'done';
};

/** A start gives its memory back after 1.5 s (`bin/settle-memory.ts`); what an import needs is asked here. */
const settledMs = 2_500;

/** From upload to the last row visible. */
const importRows = async (running: Running, path: string, count: number): Promise<Imported> => {
  const startedAt = performance.now();
  const id = await begin(running, path);
  const listMs: number[] = [];
  let residentMb = 0;
  do {
    listMs.push(await timeList(running));
    residentMb = Math.max(residentMb, readOwnMb(running.server.pid));
    await wait(100);
  } while (!(await isThrough(running, id, count)));
  const seconds = (performance.now() - startedAt) / 1_000;
  const sorted = listMs.toSorted((a, b) => a - b);
  return {
    perSecond: count / seconds,
    residentMb,
    listP99Ms: Math.round(sorted[Math.floor(sorted.length * 0.99)] ?? 0),
  };
};

const withApp = async <T>(measure: (running: Running, app: App) => Promise<T>): Promise<T> => {
  const app = await createApp();
  const server = await app.start();
  try {
    await server.line(/^temporal ready/);
    const { key } = await app.command('key', 'create', '--name', 'bench', '--role', 'superadmin');
    await wait(settledMs);
    return await measure({ server, headers: { authorization: `Bearer ${String(key)}` } }, app);
  } finally {
    await server.stop();
    await app.clear();
  }
};

/** Leads that come in by the web a second, alone and while a file is being taken in. */
const measureIntakeMeanwhile = async (path: string, seconds: number): Promise<Figure> =>
  await withApp(async (running, app) => {
    const target = await intakeTarget(app, running.server);
    const post = async (): Promise<number> => (await load({ ...target, connections: 10, seconds })).perSecond;
    await post();
    const alone = await post();
    await begin(running, path);
    await wait(1_000);
    const meanwhile = await post();
    return {
      name: 'intake while a file comes in, 10 connections',
      ours: meanwhile,
      bare: alone,
      ratio: meanwhile / alone,
      unit: 'leads/s',
      target: `≥ ${leastRatio} of its own rate alone`,
      isMet: meanwhile / alone >= leastRatio,
      note: '"bare" is our own intake without an import.',
    };
  });

const memoryFigure = (count: number, residentMb: number): Figure => ({
  name: `CSV, ${count} rows: memory of all our processes`,
  ours: residentMb,
  unit: 'MB',
  target: `≤ ${mostMb} MB`,
  isMet: residentMb <= mostMb,
});

/** As many rows as a whole year brings: the memory must be that of a small file. */
const measureMany = async (folder: string): Promise<Figure> => {
  const count = 1_000_000;
  const path = join(folder, 'many.csv');
  await writeRows(path, count);
  const { residentMb } = await withApp(async (running) => await importRows(running, path, count));
  await rm(path);
  return memoryFigure(count, residentMb);
};

/** A file of leads with duplicate check and validation, from upload to the last row, against the least that stores them. */
export async function measureCsv(effort: Effort): Promise<Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), 'leitwerk-bench-csv-'));
  const count = effort.rounds > 1 ? 100_000 : 10_000;
  const rounds = Math.min(effort.rounds, 3);
  const path = join(folder, 'bench.csv');
  try {
    await writeRows(path, count);
    const ours: Imported[] = [];
    const bare: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const database = join(folder, `bare-${round}.sqlite`);
      const took = Number(await runProgram({ file: 'bench/bare-csv.ts', args: [database, path] }));
      bare.push((count / took) * 1_000);
      ours.push(await withApp(async (running) => await importRows(running, path, count)));
    }
    const ratio = median(ours.map(({ perSecond }, round) => perSecond / (bare[round] ?? Number.NaN)));
    const residentMb = Math.max(...ours.map((one) => one.residentMb));
    const p99Ms = Math.max(...ours.map(({ listP99Ms }) => listP99Ms));
    return [
      {
        name: `CSV, ${count} rows from upload to the last`,
        ours: median(ours.map(({ perSecond }) => perSecond)),
        bare: median(bare),
        ratio,
        p99Ms,
        unit: 'rows/s',
        target: `≥ ${leastRatio}, a list meanwhile < ${mostListMs} ms`,
        isMet: ratio >= leastRatio && p99Ms < mostListMs,
      },
      memoryFigure(count, residentMb),
      await measureIntakeMeanwhile(path, effort.seconds),
      ...(effort.rounds > 1 ? [await measureMany(folder)] : []),
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
