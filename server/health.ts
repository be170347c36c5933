import { statfs } from 'node:fs/promises';
import type { Request, Response } from 'express';
import { LeitwerkError } from '../core/errors.ts';
import { countWaitingMails, readBacklog } from '../store/backlog.ts';
import { countOpenAlerts } from '../store/source-alerts.ts';
import type { Intake } from './intake/intake.ts';
import type { PartHealth, Services } from './services.ts';

const lowDiskBytes = 500 * 1024 * 1024;

/** What the health page, `/health/ready`, `/metrics` and the operations page say of the running system. */
export class Health {
  readonly #services: Services;
  readonly #intake: Pick<Intake, 'figures'>;
  readonly #startedAt: string;
  /** Since when each part is in its state. */
  readonly #since = new Map<string, { state: PartHealth['state']; since: string }>();

  constructor(services: Services, intake: Pick<Intake, 'figures'>) {
    this.#services = services;
    this.#intake = intake;
    this.#startedAt = services.now().toISOString();
  }

  /** Each part with its state; ready when intake and API work. Temporal being away does not make the app unready. */
  async readiness(): Promise<{ readonly isReady: boolean; readonly body: Readonly<Record<string, unknown>> }> {
    const parts = await this.parts();
    const isReady = parts['database']?.state === 'ready';
    return { isReady, body: { status: isReady ? 'ready' : 'down', parts } };
  }

  async parts(): Promise<Record<string, PartHealth>> {
    const database = await this.#database();
    const state = database.state === 'ready' ? 'ready' : 'down';
    const { accepted, refused, active } = this.#intake.figures();
    const memory = Math.round(process.memoryUsage.rss() / 1024 / 1024);
    return {
      api: { ...this.#noted('api', state), number: memory, unit: 'MB' },
      intake: { ...this.#noted('intake', state), number: accepted, unit: 'messages', refused, active },
      database,
      queue: await this.#queue(state === 'ready'),
      sources: await this.#sources(state === 'ready'),
      mail: await this.#mail(state === 'ready'),
      disk: await this.#disk(),
      ...this.#services.remoteParts(),
    };
  }

  /** Prometheus text, for loopback or with a key. */
  async metrics(request: Request, response: Response): Promise<void> {
    const { authorization, cookie } = request.headers;
    const peer = request.socket.remoteAddress ?? '';
    const isLocal = /^(::1|127\.|::ffff:127\.)/.test(peer) && request.headers['x-forwarded-for'] === undefined;
    const isKnown =
      isLocal ||
      (await this.#services.authenticator.authenticate({ authorization, cookie, isSecure: true })) !== undefined;
    if (!isKnown) response.status(401).set('www-authenticate', 'Bearer').type('text/plain').send('a key is needed\n');
    else response.type('text/plain; version=0.0.4').send(toPrometheus(await this.parts()));
  }

  async #database(): Promise<PartHealth> {
    const startedAt = performance.now();
    try {
      await this.#services.db.get('SELECT 1 AS `one`');
      const number = Math.round((performance.now() - startedAt) * 100) / 100;
      return { ...this.#noted('database', 'ready'), number, unit: 'ms', dialect: this.#services.db.dialect };
    } catch (error) {
      const { text } = error instanceof LeitwerkError ? error : new LeitwerkError('Unavailable', { cause: error });
      return { ...this.#noted('database', 'down'), number: 0, unit: 'ms', text: text.en, texts: text };
    }
  }

  /** Sources that have fallen silent or deliver faults, of every company. */
  async #sources(isDatabaseUp: boolean): Promise<PartHealth> {
    const number = isDatabaseUp ? await countOpenAlerts(this.#services.db) : 0;
    return { ...this.#noted('sources', number > 0 ? 'degraded' : 'ready'), number, unit: 'alerts' };
  }

  async #queue(isDatabaseUp: boolean): Promise<PartHealth> {
    if (!isDatabaseUp) return { ...this.#noted('queue', 'down'), number: 0, unit: 'events' };
    const { total, lanes } = await readBacklog(this.#services.db);
    const ratePerSecond = Number(this.#services.remoteParts()['relay']?.['ratePerSecond'] ?? 0);
    const endsAt = this.#services.now().getTime() + (total / ratePerSecond) * 1000;
    const expectedEndAt = total > 0 && ratePerSecond > 0 ? new Date(endsAt).toISOString() : null;
    return { ...this.#noted('queue', 'ready'), number: total, unit: 'events', lanes, ratePerSecond, expectedEndAt };
  }

  /** `off` where no outgoing mail server is set: mails wait, visibly. */
  async #mail(isDatabaseUp: boolean): Promise<PartHealth> {
    const state = this.#services.hasMail ? 'ready' : 'off';
    const number = isDatabaseUp ? await countWaitingMails(this.#services.db) : 0;
    return { ...this.#noted('mail', state), number, unit: 'waiting' };
  }

  async #disk(): Promise<PartHealth> {
    const { bavail, bsize } = await statfs(this.#services.dataFolder);
    const free = bavail * bsize;
    return { ...this.#noted('disk', free < lowDiskBytes ? 'degraded' : 'ready'), number: free, unit: 'bytes free' };
  }

  #noted(name: string, state: PartHealth['state']): { state: PartHealth['state']; since: string } {
    const known = this.#since.get(name);
    if (known?.state === state) return known;
    // A part that works when it is looked at for the first time has worked from the start.
    const hasBeenSo = known === undefined && (state === 'ready' || state === 'off');
    const noted = { state, since: hasBeenSo ? this.#startedAt : this.#services.now().toISOString() };
    this.#since.set(name, noted);
    return noted;
  }
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
