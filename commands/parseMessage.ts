import { inLanguage } from '../core/errors.ts';
import { readAudit } from '../store/events.ts';
import type { RecordData } from '../store/record-table.ts';
import { modelOf, type Context } from './context.ts';
import { mapFitting, mapMessage, type MappedMessage } from './mapMessage.ts';
import { sourceOf, type Source } from './source.ts';

/** What a person did with a message after it had come. */
export interface Attempt {
  readonly at: string;
  readonly actor: string;
  readonly state: unknown;
  readonly errors: unknown;
}

export interface ParsedMessage {
  /** Undefined for a message that cannot be read. */
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
  const attempts = events
    .filter(({ act }) => act === 'intake-message.replay')
    .map(({ at, actor, changes }) => ({
      at,
      actor,
      state: changes?.['state']?.[1] ?? null,
      errors: changes?.['errors']?.[1] ?? null,
    }));
  return { mapped: fields === undefined ? undefined : mapVisible(ctx, message, fields), attempts };
}

/** Of a mail a lead is made without what does not fit: that is said of it. */
const fittingMail = (ctx: Context, source: Source, body: RecordData): MappedMessage => {
  const { unfit, issues, ...mapped } = mapFitting(ctx, source, { body });
  return { ...mapped, issues: unfit.length > 0 ? unfit : issues };
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
