import { statfs } from 'node:fs/promises';
import type { Request, Response } from 'express';
import { readBacklog } from '../store/backlog.ts';
import type { Intake } from './intake/intake.ts';
import type { PartHealth, Services } from './services.ts';

export interface Health {
  /** Each part with its state; `isReady` when intake and API work. Temporal being away does not make the app unready. */
  readiness(): Promise<{ readonly isReady: boolean; readonly body: Readonly<Record<string, unknown>> }>;
  parts(): Promise<Record<string, PartHealth>>;
  metrics(request: Request, response: Response): Promise<void>;
}

const lowDiskBytes = 500 * 1024 * 1024;

interface Noted {
  state: PartHealth['state'];
  since: string;
}

/** Remembers since when each part is in its state. */
const createSince = (now: () => Date): ((name: string, state: PartHealth['state']) => Noted) => {
  const noted = new Map<string, Noted>();
  return (name, state) => {
    const known = noted.get(name);
    if (known?.state === state) return known;
    const next = { state, since: now().toISOString() };
    noted.set(name, next);
    return next;
  };
};

export function createHealth(services: Services, intake: Intake): Health {
  const since = createSince(services.now);

  const database = async (): Promise<PartHealth> => {
    const startedAt = performance.now();
    try {
      await services.db.get('SELECT 1 AS `one`');
      return {
        ...since('database', 'ready'),
        number: Math.round((performance.now() - startedAt) * 100) / 100,
        unit: 'ms',
        dialect: services.db.dialect,
      };
    } catch (error) {
      return {
        ...since('database', 'down'),
        number: 0,
        unit: 'ms',
        text: error instanceof Error ? error.message : String(error),
      };
    }
  };

  const queue = async (isDatabaseUp: boolean): Promise<PartHealth> => {
    if (!isDatabaseUp) return { ...since('queue', 'down'), number: 0, unit: 'events' };
    const backlog = await readBacklog(services.db);
    const remote = services.remoteParts()['relay'];
    const rate = Number(remote?.['ratePerSecond'] ?? 0);
    const expectedEndAt =
      backlog.total > 0 && rate > 0
        ? new Date(services.now().getTime() + (backlog.total / rate) * 1000).toISOString()
        : null;
    return {
      ...since('queue', 'ready'),
      number: backlog.total,
      unit: 'events',
      lanes: backlog.lanes,
      ratePerSecond: rate,
      expectedEndAt,
    };
  };

  const disk = async (): Promise<PartHealth> => {
    const { bavail, bsize } = await statfs(services.dataFolder);
    const free = bavail * bsize;
    return { ...since('disk', free < lowDiskBytes ? 'degraded' : 'ready'), number: free, unit: 'bytes free' };
  };

  const parts = async (): Promise<Record<string, PartHealth>> => {
    const db = await database();
    const figures = intake.figures();
    const state = db.state === 'ready' ? 'ready' : 'down';
    const own: Record<string, PartHealth> = {
      api: { ...since('api', state), number: Math.round(process.memoryUsage.rss() / 1024 / 1024), unit: 'MB' },
      intake: {
        ...since('intake', state),
        number: figures.accepted,
        unit: 'messages',
        refused: figures.refused,
        active: figures.active,
      },
      database: db,
      queue: await queue(db.state === 'ready'),
      disk: await disk(),
    };
    return { ...own, ...services.remoteParts() };
  };

  return {
    parts,
    readiness: async () => {
      const all = await parts();
      const isReady = all['database']?.state === 'ready';
      return { isReady, body: { status: isReady ? 'ready' : 'down', parts: all } };
    },
    metrics: async (request, response) => {
      const { authorization, cookie } = request.headers;
      const peer = request.socket.remoteAddress ?? '';
      const isLocal = /^(::1|127\.|::ffff:127\.)/.test(peer) && request.headers['x-forwarded-for'] === undefined;
      const actor = isLocal
        ? undefined
        : await services.authenticator.authenticate({ authorization, cookie, isSecure: true });
      if (!isLocal && actor === undefined) {
        response.status(401).type('text/plain').send('a key is needed\n');
        return;
      }
      response.type('text/plain; version=0.0.4').send(toPrometheus(await parts()));
    },
  };
}

const toPrometheus = (parts: Readonly<Record<string, PartHealth>>): string => {
  const up = Object.entries(parts).map(
    ([name, part]) => `leitwerk_part_up{part="${name}"} ${part.state === 'ready' ? 1 : 0}`,
  );
  const numbers = Object.entries(parts).map(
    ([name, part]) => `leitwerk_part_number{part="${name}",unit="${part.unit}"} ${part.number}`,
  );
  const memory = process.memoryUsage();
  return [
    '# HELP leitwerk_part_up Whether a part works.',
    '# TYPE leitwerk_part_up gauge',
    ...up,
    '# HELP leitwerk_part_number The figure that tells most about a part.',
    '# TYPE leitwerk_part_number gauge',
    ...numbers,
    '# TYPE process_resident_memory_bytes gauge',
    `process_resident_memory_bytes ${memory.rss}`,
    '# TYPE process_uptime_seconds gauge',
    `process_uptime_seconds ${Math.round(process.uptime())}`,
    '',
  ].join('\n');
};
