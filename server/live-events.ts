import type { ServerResponse } from 'node:http';
import { LeitwerkError } from '../core/errors.ts';
import type { Context } from '../commands/context.ts';
import { findRecord } from '../store/records.ts';
import { readEventsAfter, readLastSeq, type EventRow } from '../store/events.ts';
import type { Services } from './services.ts';

const pollMs = 300;
const pingMs = 15_000;
const mostStreams = 500;
const batch = 200;

interface Stream {
  readonly ctx: Context;
  readonly response: ServerResponse;
  checkedAt: number;
}

/** Pushes what changes to open browsers, as server-sent events. */
export interface LiveEvents {
  /** Answers with a stream that goes on until the client leaves or may no longer be in. @throws LeitwerkError `RateLimited`. */
  open(ctx: Context, response: ServerResponse, lastEventId: number | undefined): Promise<void>;
  /** Something was just committed here: look at once. */
  poke(): void;
  close(): void;
}

/** Sees the changes of every process, because it reads the change feed in the database. */
export function createLiveEvents(services: Pick<Services, 'db' | 'authenticator' | 'log' | 'now'>): LiveEvents {
  const { db, log } = services;
  const streams = new Set<Stream>();
  let position = -1;
  let timer: NodeJS.Timeout | undefined;
  let isReading = false;
  let pingedAt = 0;

  const message = async (stream: Stream, row: EventRow): Promise<string | undefined> => {
    const { ctx } = stream;
    const model = ctx.snapshot.models.get(row.entity);
    if (row.tenantId !== ctx.actor.tenantId || model === undefined || !ctx.ability.can('read', row.entity)) return undefined;
    if (ctx.ability.rowFilter('read', row.entity) !== undefined) {
      const record = await findRecord(db, model, { tenantId: row.tenantId, id: row.recordId, isDeletedToo: true });
      if (record === undefined || !ctx.ability.canOn('read', row.entity, record)) return undefined;
    }
    const [kind, id = ''] = row.actor.split('/');
    const actorName = kind === 'user' ? (ctx.snapshot.users.get(id)?.name ?? id) : row.actor;
    const data = { seq: row.seq, entity: row.entity, id: row.recordId, act: row.act, actor: row.actor, actorName, version: row.version, at: row.at };
    return `id: ${row.seq}\nevent: change\ndata: ${JSON.stringify(data)}\n\n`;
  };

  const send = async (stream: Stream, rows: readonly EventRow[]): Promise<void> => {
    let text = '';
    for (const row of rows) text += (await message(stream, row)) ?? '';
    if (text !== '') stream.response.write(text);
  };

  const leave = (stream: Stream): void => {
    streams.delete(stream);
    stream.response.end();
    if (streams.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  };

  /** A disabled user's stream ends within a second. */
  const dropStale = async (nowMs: number): Promise<void> => {
    for (const stream of streams) {
      if (nowMs - stream.checkedAt < 600) continue;
      stream.checkedAt = nowMs;
      if (!(await services.authenticator.isStillIn(stream.ctx.actor))) leave(stream);
    }
  };

  const read = async (): Promise<void> => {
    if (isReading || streams.size === 0) return;
    isReading = true;
    try {
      const nowMs = services.now().getTime();
      await dropStale(nowMs);
      const rows = await readEventsAfter(db, position, batch);
      for (const stream of streams) await send(stream, rows);
      position = rows.at(-1)?.seq ?? position;
      if (nowMs - pingedAt > pingMs) {
        pingedAt = nowMs;
        for (const stream of streams) stream.response.write(': ping\n\n');
      }
    } catch (error) {
      log.warn({ err: error }, 'live events could not be read');
    } finally {
      isReading = false;
    }
  };

  return {
    open: async (ctx, response, lastEventId) => {
      if (streams.size >= mostStreams) throw new LeitwerkError('RateLimited', { retryAfterSeconds: 10 });
      const last = await readLastSeq(db);
      if (streams.size === 0) position = last;
      response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' });
      response.write('retry: 2000\n\n');
      const stream: Stream = { ctx, response, checkedAt: services.now().getTime() };
      // What the client missed: a bounded part, beyond which it does better to load anew.
      if (lastEventId !== undefined && lastEventId < position) {
        const missed = await readEventsAfter(db, Math.max(lastEventId, position - 1_000), 1_000);
        await send(stream, missed.filter((row) => row.seq <= position));
      }
      streams.add(stream);
      response.on('close', () => leave(stream));
      timer ??= setInterval(() => void read(), pollMs);
    },
    poke: () => void read(),
    close: () => {
      for (const stream of streams) leave(stream);
    },
  };
}
