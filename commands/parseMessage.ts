import { inLanguage } from '../core/errors.ts';
import { readAudit, type EventRow } from '../store/events.ts';
import type { RecordData } from '../store/record-table.ts';
import { modelOf, type Context } from './context.ts';
import { mapFitting, mapMessage, type MappedMessage } from './mapMessage.ts';
import { sourceOf, type Source } from './source.ts';

/** What a person did with a message after it had come, and what that came to. */
export interface Attempt {
  readonly at: string;
  readonly actor: string;
  readonly state: unknown;
  readonly errors: unknown;
}

export interface ParsedMessage {
  /** Undefined for a message that cannot be read, and for a notice: it only tells of what is mapped when it is fetched. */
  readonly mapped: MappedMessage | undefined;
  /** Newest first. */
  readonly attempts: readonly Attempt[];
}

const attemptsShown = 50;

/**
 * What today's mapping makes of a kept message, without writing anything, and how earlier replays came out. Fields of a lead that the
 * actor may not see are left out. `fields` is what the message says; undefined when it cannot be read.
 * @throws LeitwerkError `NotFound` when its source is gone or inactive.
 */
export async function parseMessage(
  ctx: Context,
  of: { readonly message: RecordData; readonly fields: RecordData | undefined },
): Promise<ParsedMessage> {
  const { message, fields } = of;
  const events = await readAudit(ctx.db, {
    tenantId: ctx.actor.tenantId,
    entity: 'intake-message',
    recordId: String(message['id']),
    limit: attemptsShown,
  });
  const isMapped = fields !== undefined && message['channel'] !== 'notice';
  return {
    mapped: isMapped ? mapVisible(ctx, message, fields) : undefined,
    attempts: attemptsOf(message, events),
  };
}

/** Of a mail a lead is made without what does not fit: that is said of it. */
const fittingMail = (ctx: Context, source: Source, body: RecordData): MappedMessage => {
  const { unfit, issues, ...mapped } = mapFitting(ctx, source, { body });
  return { ...mapped, issues: unfit.length > 0 ? unfit : issues };
};

/**
 * Events, the newest first, keep only what they have changed: what an attempt came to is what stood there before the next one, or stands
 * there now.
 */
const attemptsOf = (message: RecordData, events: readonly EventRow[]): Attempt[] => {
  const attempts: Attempt[] = [];
  let then: Pick<Attempt, 'state' | 'errors'> = { state: message['state'], errors: message['errors'] ?? null };
  let outcome = then;
  for (const { act, at, actor, changes } of events) {
    const { state = [then.state], errors = [then.errors] } = changes ?? {};
    then = { state: state[0], errors: errors[0] ?? null };
    if (act !== 'intake-message.replay') continue;
    attempts.push({ at, actor, ...outcome });
    outcome = then;
  }
  return attempts;
};

const mapVisible = (ctx: Context, message: RecordData, body: RecordData): MappedMessage => {
  const headers = (message['headers'] ?? {}) as Readonly<Record<string, string>>;
  const source = sourceOf(ctx.snapshot, String(message['source']));
  const mapped =
    message['channel'] === 'mail' ? fittingMail(ctx, source, body) : mapMessage(ctx, source, { body, headers });
  const model = modelOf(ctx, 'lead');
  const isShown = (name: string): boolean => ctx.ability.isReadable(model.name, name);
  return {
    values: Object.fromEntries(Object.entries(mapped.values).filter(([name]) => isShown(name))),
    additional: isShown('additional') ? mapped.additional : {},
    issues: mapped.issues.map((issue) => inLanguage(issue, ctx.language)),
  };
};
