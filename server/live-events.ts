import type { ServerResponse } from 'node:http';
import { LeitwerkError } from '../core/errors.ts';
import type { Context } from '../commands/context.ts';
import { mayRead } from '../commands/readRecord.ts';
import { findRecord } from '../store/records.ts';
import { EventFeed, type FeedPart } from '../store/event-feed.ts';
import { readEventsAfter, type EventRow } from '../store/events.ts';
import { actorLabel } from './record-names.ts';
import type { Services } from './services.ts';

const pollMs = 300;
const pingMs = 15_000;
const mostStreams = 500;
/** A stream's access is looked at again this often. */
const checkMs = 600;
/** What a client gets of what it missed; beyond that it does better to load anew. */
const mostMissed = 1_000;

/** Events of what admins change; whoever is signed in reads settings, because forms and lists are made of them. */
const configActs: ReadonlySet<string> = new Set(['config.publish', 'config.archive', 'schema.publish']);

interface Stream {
  /** With the snapshot in force: renewed when a newer one is. */
  ctx: Context;
  readonly response: ServerResponse;
  /** Newest event that this client has been told, or was not allowed to be told. */
  position: number;
  checkedAt: number;
}

type Parts = Pick<Services, 'db' | 'registry' | 'authenticator' | 'abilityOf' | 'log' | 'now'>;

/** Pushes what changes to open browsers, as server-sent events. Sees the changes of every process: it reads the change feed. */
export class LiveEvents {
  readonly #parts: Parts;
  readonly #streams = new Set<Stream>();
  /** While anybody listens. */
  #feed: Promise<EventFeed> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isReading = false;
  #pingedAt = 0;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * Answers with a stream that goes on until the client leaves or may no longer be in.
   * @param lastEventId the newest event the client knows: it gets what it missed, as far as that is a bounded part
   * @throws LeitwerkError `RateLimited` when too many are open.
   */
  async open(ctx: Context, response: ServerResponse, lastEventId: number | undefined): Promise<void> {
    if (this.#streams.size >= mostStreams) throw new LeitwerkError('RateLimited', { retryAfterSeconds: 10 });
    const last = (await this.#follow()).position;
    const position = lastEventId === undefined || lastEventId > last ? last : Math.max(lastEventId, last - mostMissed);
    response.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    // The number alone tells the client nothing but where to go on after a lost connection.
    response.write(`retry: 2000\nid: ${position}\n\n`);
    const stream: Stream = { ctx, response, position, checkedAt: this.#parts.now().getTime() };
    this.#streams.add(stream);
    response.on('close', () => this.#leave(stream));
    this.#timer ??= setInterval(() => void this.#read(), pollMs);
  }

  /** Something was just committed here: look at once. */
  poke(): void {
    void this.#read();
  }

  close(): void {
    for (const stream of this.#streams) this.#leave(stream);
  }

  async #follow(): Promise<EventFeed> {
    this.#feed ??= EventFeed.begin(this.#parts.db, this.#parts.now().getTime());
    try {
      return await this.#feed;
    } catch (error) {
      this.#feed = undefined;
      throw error;
    }
  }

  async #read(): Promise<void> {
    if (this.#isReading || this.#streams.size === 0) return;
    this.#isReading = true;
    try {
      const nowMs = this.#parts.now().getTime();
      await this.#dropStale(nowMs);
      const feed = await this.#follow();
      for (const stream of this.#streams) await this.#catchUp(stream, feed);
      const { late, next } = await feed.read(this.#parts.db, nowMs);
      // Whoever hears of a new setting asks for it at once: it must be in force here by then, wherever it was published.
      if ([...late, ...next].some((row) => configActs.has(row.act))) await this.#parts.registry.refresh();
      for (const stream of this.#streams) {
        this.#renew(stream);
        await this.#send(stream, { late, next, settled: feed.settled });
      }
      this.#ping(nowMs);
    } catch (error) {
      this.#parts.log.warn({ err: error }, 'live events could not be read');
    } finally {
      this.#isReading = false;
    }
  }

  /** What a stream that has just begun missed of what the feed has read. */
  async #catchUp(stream: Stream, feed: EventFeed): Promise<void> {
    while (stream.position < feed.position) {
      const rows = await readEventsAfter(this.#parts.db, stream.position, mostMissed);
      const next = rows.filter((row) => feed.hasRead(row.seq));
      await this.#send(stream, { late: [], next, settled: feed.settled });
      stream.position = Math.min(rows.length < mostMissed ? feed.position : (rows.at(-1)?.seq ?? 0), feed.position);
    }
  }

  async #send(stream: Stream, part: FeedPart & { readonly settled: number }): Promise<void> {
    let text = '';
    // Without a number of their own: the client goes on from the newest before which nothing is missing.
    for (const row of part.late) if (await this.#maySee(stream.ctx, row)) text += toMessage(stream.ctx, row);
    for (const row of part.next) {
      if (row.seq <= stream.position) continue;
      stream.position = row.seq;
      if (!(await this.#maySee(stream.ctx, row))) continue;
      text += `id: ${Math.min(row.seq, part.settled)}\n${toMessage(stream.ctx, row)}`;
    }
    if (text !== '') stream.response.write(text);
  }

  async #maySee(ctx: Context, row: EventRow): Promise<boolean> {
    if (row.tenantId !== ctx.actor.tenantId) return false;
    if (configActs.has(row.act)) return row.entity !== 'schemas' || ctx.ability.can('read', row.recordId);
    const model = ctx.snapshot.models.get(row.entity);
    if (model === undefined || !ctx.ability.can('read', row.entity)) return false;
    if (ctx.ability.rowFilter('read', row.entity) === undefined) return true;
    const record = await findRecord(this.#parts.db, model, {
      tenantId: row.tenantId,
      id: row.recordId,
      isDeletedToo: true,
    });
    return record !== undefined && (await mayRead({ ...ctx, db: this.#parts.db }, model, record));
  }

  /** What a published role or schema allows and takes away holds for open streams as well. */
  #renew(stream: Stream): void {
    const { actor, snapshot: known } = stream.ctx;
    const snapshot = this.#parts.registry.snapshot(actor.tenantId);
    if (snapshot === known) return;
    stream.ctx = { ...stream.ctx, snapshot, ability: this.#parts.abilityOf(snapshot, actor) };
  }

  /** Who was disabled is out within a second; who has another role comes again and gets its rights. */
  async #dropStale(nowMs: number): Promise<void> {
    for (const stream of this.#streams) {
      if (nowMs - stream.checkedAt < checkMs) continue;
      stream.checkedAt = nowMs;
      if (!(await this.#parts.authenticator.isStillIn(stream.ctx.actor))) this.#leave(stream);
    }
  }

  #ping(nowMs: number): void {
    if (nowMs - this.#pingedAt < pingMs) return;
    this.#pingedAt = nowMs;
    for (const stream of this.#streams) stream.response.write(': ping\n\n');
  }

  #leave(stream: Stream): void {
    this.#streams.delete(stream);
    stream.response.end();
    if (this.#streams.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#feed = undefined;
  }
}

const toMessage = (ctx: Context, row: EventRow): string => {
  const data = {
    seq: row.seq,
    entity: row.entity,
    id: row.recordId,
    act: row.act,
    actor: row.actor,
    actorName: actorLabel(ctx, row.actor),
    version: row.version,
    at: row.at,
  };
  return `event: change\ndata: ${JSON.stringify(data)}\n\n`;
};
