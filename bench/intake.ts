import { createApp, type App } from './app.ts';
import { compare, load, type Compared, type Effort, type Figure, type Target } from './measure.ts';
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

interface IntakeTarget extends Target {
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Where to post leads to, with a fresh key of the source. The app must have been started once. */
export async function intakeTarget(app: App, server: Server): Promise<IntakeTarget> {
  const { secret } = await app.command('source', 'rotate', source);
  return {
    pid: server.pid,
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

interface Sides {
  readonly connections: readonly number[];
  readonly target: Target;
  readonly bare: Target;
}

const measure = async (effort: Effort, name: string, { connections, target, bare }: Sides): Promise<Figure[]> => {
  const figures: Figure[] = [];
  for (const count of connections) {
    figures.push(figureOf(name, count, await compare({ ...effort, connections: count }, target, bare)));
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

/** The whole app while it starts the processes of what came in before: both sides share the processors with Temporal and the worker. */
const measureWithBacklog = async (effort: Effort, bare: Target): Promise<Figure[]> => {
  const app = await createApp();
  const server = await app.start();
  try {
    await server.line(/^temporal ready/);
    const target = await intakeTarget(app, server);
    await load({ ...target, connections: 100, seconds: 1 });
    return await measure(effort, 'intake, backlog draining', { connections: [1, 100], target, bare });
  } finally {
    await server.stop();
    await app.clear();
  }
};

/** Web intake, each answer after its fsync, against a bare server that stores the same row. */
export async function measureIntake(effort: Effort): Promise<Figure[]> {
  const app = await createApp();
  const server = await startServer({ file: 'bench/bare-intake.ts', args: [app.database] });
  const bare = {
    pid: server.pid,
    url: `${server.url}/lead`,
    body: leadBody,
    headers: { authorization: `Bearer ${bareKey}` },
  };
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
