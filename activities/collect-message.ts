import { modelOf, type Context } from '../commands/context.ts';
import { noteCollection } from '../commands/delivery.ts';
import { sourceOf, type Source } from '../commands/source.ts';
import type { Access, Notice, PresetWebhook } from '../connectors/port.ts';
import { issueOf, LeitwerkError, type Issue } from '../core/errors.ts';
import { parseExactJson } from '../core/json.ts';
import { findFeedItems } from '../store/feeds.ts';
import { readParkedNotices } from '../store/intake.ts';
import type { RecordData } from '../store/record-table.ts';
import { findRecord } from '../store/records.ts';
import { processContext } from './context.ts';
import type { CollectActivities, ImportInput } from './contract.ts';
import { toDetail } from './failure.ts';
import { openAccess, presetOfSource, withOutcome, type Outgoing } from './outgoing.ts';
import { takeItem } from './take-item.ts';
import { beating, translating } from './attempt.ts';

interface Failure {
  readonly notice: Notice | undefined;
  readonly error: unknown;
}

interface Gathering {
  readonly ctx: Context;
  readonly source: Source;
  readonly webhook: PresetWebhook;
  readonly access: Access;
}

const fetchOne = async ({ ctx, source, webhook, access }: Gathering, notice: Notice): Promise<string | null> => {
  const body = webhook.fetch === undefined ? notice.facts : await webhook.fetch(access, notice);
  return await takeItem(ctx, source, { id: notice.id, body });
};

interface Gathered {
  readonly lead: string | null;
  readonly failures: readonly Failure[];
}

/** Fetches what the delivery tells of and has not been taken yet; one that cannot be fetched does not keep the others. */
const gather = async (gathering: Gathering, notices: readonly Notice[]): Promise<Gathered> => {
  const { ctx, source } = gathering;
  const key = { tenantId: ctx.actor.tenantId, source: source.key };
  const known = await findFeedItems(
    ctx.db,
    key,
    notices.map(({ id }) => id),
  );
  const failures: Failure[] = [];
  let lead: string | null = null;
  for (const notice of notices.filter(({ id }) => !known.has(id))) {
    try {
      const made = await withOutcome(ctx, source, async () => await fetchOne(gathering, notice));
      lead ??= made;
    } catch (error) {
      failures.push({ notice, error });
      // A limit that is reached, or a token that has ended, is so for the others, too.
      const fault = error instanceof LeitwerkError ? error.facts['fault'] : undefined;
      if (fault === 'limit' || fault === 'credentials') break;
    }
  }
  return { lead, failures };
};

const toIssue = ({ notice, error }: Failure, { language }: Context): Issue => {
  const { code, message } = toDetail(error);
  return issueOf({ path: notice?.path ?? '', code }, message, language);
};

const readBody = async (outgoing: Outgoing, message: RecordData): Promise<Readonly<Record<string, unknown>>> => {
  const { body, bodyBlob } = message;
  const raw = typeof bodyBlob === 'string' ? await outgoing.blobs.get(bodyBlob) : Buffer.from(String(body ?? ''));
  return parseExactJson(raw) as Readonly<Record<string, unknown>>;
};

const collect = async (outgoing: Outgoing, ctx: Context, message: RecordData): Promise<Gathered> => {
  try {
    const source = sourceOf(ctx.snapshot, String(message['source']));
    const { webhook } = presetOfSource(source);
    if (webhook === undefined) return { lead: null, failures: [] };
    const access = await openAccess(outgoing, ctx, source);
    return await gather({ ctx, source, webhook, access }, webhook.readNotices(await readBody(outgoing, message)));
  } catch (error) {
    return { lead: null, failures: [{ notice: undefined, error }] };
  }
};

/** Settles deliveries that wait for a person although all that they tell of has come another way meanwhile. */
export async function settleParked(outgoing: Outgoing, ctx: Context, source: Source): Promise<void> {
  const { webhook } = presetOfSource(source);
  if (webhook === undefined) return;
  const key = { tenantId: ctx.actor.tenantId, source: source.key };
  for (const message of await readParkedNotices(ctx.db.scans, modelOf(ctx, 'intake-message'), key)) {
    const ids = webhook.readNotices(await readBody(outgoing, message)).map(({ id }) => id);
    const known = await findFeedItems(ctx.db, key, ids);
    if (!ids.every((id) => known.has(id))) continue;
    const lead = ids.map((id) => known.get(id) ?? null).find((one) => one !== null) ?? null;
    await noteCollection(ctx, String(message['id']), { state: 'accepted', lead, issues: [] });
  }
}

const isHopeful = ({ error }: Failure): boolean => !(error instanceof LeitwerkError) || error.isRetryable;

/** The activities of `collectMessage`. */
export function createCollectActivities(outgoing: Outgoing): CollectActivities {
  const contextOf = ({ tenantId, id }: ImportInput): Context =>
    processContext(outgoing, { tenantId, entity: 'intake-message', recordId: id });
  const find = async (ctx: Context, id: string): Promise<RecordData | undefined> => {
    const message = await findRecord(ctx.db, modelOf(ctx, 'intake-message'), { tenantId: ctx.actor.tenantId, id });
    return message?.['state'] === 'waiting' ? message : undefined;
  };
  const run = async (input: ImportInput): Promise<void> => {
    await outgoing.registry.refresh();
    const ctx = contextOf(input);
    const message = await find(ctx, input.id);
    if (message === undefined) return;
    const { lead, failures } = await collect(outgoing, ctx, message);
    const issues = failures.map((failure) => toIssue(failure, ctx));
    const hopeful = failures.find(isHopeful);
    const state = failures.length === 0 ? 'accepted' : hopeful === undefined ? 'parked' : 'waiting';
    await noteCollection(ctx, input.id, { state, lead, issues });
    if (hopeful !== undefined) throw hopeful.error;
  };
  return {
    collectMessage: async (input) => await translating(async () => await beating(async () => await run(input))),
    parkMessage: async (input) =>
      await translating(async () => {
        const ctx = contextOf(input);
        const message = await find(ctx, input.id);
        if (message === undefined) return;
        const issues = (message['errors'] ?? []) as readonly Issue[];
        await noteCollection(ctx, input.id, { state: 'parked', lead: null, issues });
      }),
  };
}
