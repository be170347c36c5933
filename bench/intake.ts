import { createApp, type App } from './app.ts';
import { compare, load, median, type Compared, type Effort, type Figure } from './measure.ts';
import { startServer, type Server } from './server.ts';

/** About 400 bytes; `[<id>]` is another text in every request. */
export const leadBody = JSON.stringify({
  externalId: '[<id>]',
  firstName: 'Jörg',
  lastName: 'Meyer',
  company: 'Meyer Maschinenbau GmbH',
  email: 'joerg.meyer@meyer-maschinenbau.example',
  phone: '+49 30 1234567',
  street: 'Hauptstraße 12',
  postalCode: '10115',
  city: 'Berlin',
  country: 'Deutschland',
  message: 'Wir suchen ein neues Lager mit 2.000 m² in Berlin und bitten um Ihren Rückruf.',
  budget: 12_500,
  campaign: 'Frühjahr',
});

export const source = 'lead-agentur';
const bareKey = 'bare-key';
const leastRatio = 0.5;
const mostP99Ms = 50;

interface Target {
  readonly url: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Where to post leads to, with a fresh key of the source. The app must have been started once. */
export async function intakeTarget(app: App, server: Server): Promise<Target> {
  const { secret } = await app.command('source', 'rotate', source);
  return {
    url: `${server.url}/intake/${source}`,
    body: leadBody,
    headers: { authorization: `Bearer ${String(secret)}` },
  };
}

const figureOf = (name: string, connections: number, compared: Compared): Figure => ({
  name: `${name}, ${connections} connection${connections === 1 ? '' : 's'}`,
  ...compared,
  unit: 'leads/s',
  target: `≥ ${leastRatio}, p99 < ${mostP99Ms} ms`,
  isMet: compared.ratio >= leastRatio && compared.p99Ms < mostP99Ms,
});

const measure = async (
  effort: Effort,
  name: string,
  { connections, target, bare }: { connections: readonly number[]; target: Target; bare: Target },
): Promise<Figure[]> => {
  const figures: Figure[] = [];
  for (const count of connections) {
    figures.push(
      figureOf(name, count, await compare(effort, { ...target, connections: count }, { ...bare, connections: count })),
    );
  }
  return figures;
};

/** The app alone (`--role api`): nothing else wants the processor. */
const measureAlone = async (effort: Effort, bare: Target): Promise<Figure[]> => {
  const app = await createApp();
  const server = await app.start('api');
  try {
    return await measure(effort, 'intake', {
      connections: [1, 10, 100],
      target: await intakeTarget(app, server),
      bare,
    });
  } finally {
    await server.stop();
    await app.clear();
  }
};

/** The whole app with a worker that finds no Temporal. */
const measureWithoutTemporal = async (effort: Effort, bare: Target): Promise<Figure[]> => {
  const app = await createApp({ TEMPORAL_ADDRESS: '127.0.0.1:9' });
  const server = await app.start();
  try {
    return await measure(effort, 'intake, Temporal stopped', {
      connections: [1, 100],
      target: await intakeTarget(app, server),
      bare,
    });
  } finally {
    await server.stop();
    await app.clear();
  }
};

/** The whole app while it starts the processes of what came in before: everything shares the processors, the bare server has them alone. */
const measureWithBacklog = async (effort: Effort, bare: Target): Promise<Figure[]> => {
  const app = await createApp();
  const server = await app.start();
  try {
    await server.line(/^temporal ready/);
    const target = await intakeTarget(app, server);
    const bares = [];
    const ours = [];
    for (let round = 0; round < effort.rounds; round += 1) {
      bares.push(await load({ ...bare, connections: 100, seconds: effort.seconds }));
    }
    await load({ ...target, connections: 100, seconds: 1 });
    for (let round = 0; round < effort.rounds; round += 1) {
      ours.push(await load({ ...target, connections: 100, seconds: effort.seconds }));
    }
    const compared = {
      ours: median(ours.map((one) => one.perSecond)),
      bare: median(bares.map((one) => one.perSecond)),
      ratio: median(ours.map((one) => one.perSecond)) / median(bares.map((one) => one.perSecond)),
      p99Ms: median(ours.map((one) => one.p99Ms)),
      bareP99Ms: median(bares.map((one) => one.p99Ms)),
    };
    return [figureOf('intake, backlog draining', 100, compared)];
  } finally {
    await server.stop();
    await app.clear();
  }
};

/** Web intake, each answer after its fsync, against a bare server that stores the same row. */
export async function measureIntake(effort: Effort): Promise<Figure[]> {
  const app = await createApp();
  const server = await startServer({ file: 'bench/bare-intake.ts', args: [app.database] });
  const bare = { url: `${server.url}/lead`, body: leadBody, headers: { authorization: `Bearer ${bareKey}` } };
  try {
    await load({ ...bare, connections: 10, seconds: 1 });
    return [
      ...(await measureAlone(effort, bare)),
      ...(await measureWithoutTemporal(effort, bare)),
      ...(await measureWithBacklog(effort, bare)),
    ];
  } finally {
    await server.stop();
    await app.clear();
  }
}
