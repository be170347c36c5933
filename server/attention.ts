import { inLanguage, type Issue, type Language } from '../core/errors.ts';
import { parseFilter } from '../core/filter/index.ts';
import { filterOptions } from '../commands/filterOptions.ts';
import { modelOf } from '../commands/context.ts';
import type { Source } from '../commands/source.ts';
import { readFeeds } from '../store/feeds.ts';
import { listRecords } from '../store/record-list.ts';
import type { RecordData } from '../store/record-table.ts';
import type { Call } from './route.ts';
import { parkedProcesses } from './routes/processes.ts';

const mostMessages = 50;
/** Messages that nothing but a person makes go on. */
const halted = 'state in (quarantined, parked)';

const nothing = { code: null, step: null, attempts: 0, temporalUrl: null, retry: null, skip: null };

/** Settings that were not taken, and why. */
const configFaults = (call: Call): RecordData[] =>
  call.services.configIssues.map((issue) => ({
    ...nothing,
    entity: 'config',
    plural: 'config',
    recordId: issue.file ?? issue.path,
    title: `${issue.file ?? ''}:${issue.line ?? 1}:${issue.column ?? 1}`,
    code: issue.code,
    error: inLanguage(issue, call.ctx.language).message,
    since: null,
  }));

const sourceLabel = ({ ctx }: Call, key: string): string => {
  const source = ctx.snapshot.config('sources').get(key)?.value as Source | undefined;
  return source?.label[ctx.language] ?? key;
};

const firstFault = (errors: unknown, language: Language): string | null => {
  const [first] = (Array.isArray(errors) ? errors : []) as readonly Issue[];
  return first === undefined ? null : inLanguage(first, language).message;
};

/** Received messages that have come to a halt, of those that the actor may see; the newest first. */
const haltedMessages = async (call: Call): Promise<RecordData[]> => {
  const { ctx, services } = call;
  const model = modelOf(ctx, 'intake-message');
  const { data } = await listRecords(services.db, model, {
    tenantId: ctx.actor.tenantId,
    rows: ctx.ability.rowFilter('read', model.name),
    filter: parseFilter(halted, model, filterOptions(ctx, model)),
    sort: [{ field: 'receivedAt', isDescending: true }],
    limit: mostMessages,
    fields: [...model.fields.values()].filter(({ name }) => ctx.ability.isReadable(model.name, name)),
    total: 'none',
  });
  return data.map((message) => ({
    ...nothing,
    entity: model.name,
    plural: model.plural,
    recordId: message['id'],
    title: message['subject'] ?? sourceLabel(call, String(message['source'])),
    code: message['state'],
    error: firstFault(message['errors'], ctx.language),
    attempts: message['attempts'] ?? 0,
    since: message['receivedAt'],
    retry: `/${model.plural}/${String(message['id'])}/replay`,
  }));
};

/** Sources that are not asked any more until somebody does what their fault says. */
const stoppedFeeds = async (call: Call): Promise<RecordData[]> => {
  const { ctx, services } = call;
  if (!ctx.ability.may('config', 'write')) return [];
  const feeds = await readFeeds(services.db, ctx.actor.tenantId);
  return [...feeds.values()]
    .filter(({ state }) => state === 'stopped')
    .map(({ source, fault, faultAt }) => ({
      ...nothing,
      entity: 'source',
      plural: 'sources',
      recordId: source,
      title: sourceLabel(call, source),
      code: 'stopped',
      error: fault === null ? null : fault.message[ctx.language],
      since: faultAt,
      retry: `/sources/${source}/fetch`,
    }));
};

/** What waits for a person, with the addresses of what can be done about it. */
export const attentionOf = async (call: Call): Promise<RecordData[]> => [
  ...configFaults(call),
  ...(await stoppedFeeds(call)),
  ...(await parkedProcesses(call)),
  ...(await haltedMessages(call)),
];
