import Sqlite from 'better-sqlite3';
import { createApp } from './app.ts';
import { intakeTarget } from './intake.ts';
import { median, type Effort, type Figure } from './measure.ts';
import { runProgram } from './server.ts';

const perRound = 300;
const leastRatio = 1.5;
const endsWithinMs = 300_000;

/** Processes that have taken their first step: plan made, reminders set. */
const countProcesses = (file: string): number => {
  const db = new Sqlite(file, { readonly: true });
  const count = db.prepare("SELECT COUNT(*) FROM process WHERE entity = 'lead'").pluck().get() as number;
  db.close();
  return count;
};

const postLeads = async (
  target: { url: string; body: string; headers: Readonly<Record<string, string>> },
  prefix: string,
): Promise<void> => {
  const numbers = Array.from({ length: perRound }, (_, index) => index).values();
  const post = async (): Promise<void> => {
    for (const number of numbers) {
      const body = target.body.replace('[<id>]', `${prefix}-${number}`);
      const answer = await fetch(target.url, {
        method: 'POST',
        body,
        headers: { ...target.headers, 'content-type': 'application/json' },
      });
      await answer.arrayBuffer();
      if (answer.status !== 202) throw new Error(`a lead was answered with ${answer.status}`);
    }
  };
  await Promise.all(Array.from({ length: 10 }, post));
};

const untilProcesses = async (file: string, count: number): Promise<void> => {
  const deadline = performance.now() + endsWithinMs;
  while (countProcesses(file) < count) {
    if (performance.now() > deadline)
      throw new Error(`only ${countProcesses(file)} of ${count} processes have started`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};

/** From the post of some hundred leads to the first step of their last process, against workflows of one ordinary activity on the same server. */
export async function measureProcesses(effort: Effort): Promise<Figure[]> {
  const app = await createApp();
  const server = await app.start();
  try {
    await server.line(/^temporal ready/);
    const target = await intakeTarget(app, server);
    const ours: number[] = [];
    const bare: number[] = [];
    for (let round = 0; round < effort.rounds + 1; round += 1) {
      const startedAt = performance.now();
      await postLeads(target, `round-${round}`);
      await untilProcesses(app.database, (round + 1) * perRound);
      ours.push(perRound / ((performance.now() - startedAt) / 1_000));
      const answer = await runProgram({
        file: 'bench/bare-workflow/run.ts',
        args: [`127.0.0.1:${app.env['TEMPORAL_PORT'] ?? ''}`, `${perRound}`],
      });
      bare.push((JSON.parse(answer) as { perSecond: number }).perSecond);
    }
    // The first round warms both up.
    const ratio = median(ours.slice(1).map((one, index) => one / (bare[index + 1] ?? Number.NaN)));
    return [
      {
        name: 'lead processes',
        ours: median(ours.slice(1)),
        bare: median(bare.slice(1)),
        ratio,
        unit: 'processes/s',
        target: `≥ ${leastRatio}`,
        isMet: ratio >= leastRatio,
      },
    ];
  } finally {
    await server.stop();
    await app.clear();
  }
}
