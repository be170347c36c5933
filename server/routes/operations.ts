import { LeitwerkError } from '../../core/errors.ts';
import { modelOf } from '../../commands/context.ts';
import { readParked, readProcess, type ProcessKey } from '../../store/processes.ts';
import type { RecordData } from '../../store/record-table.ts';
import { findRecord } from '../../store/records.ts';
import type { Health } from '../health.ts';
import type { LiveEvents } from '../live-events.ts';
import type { Answer, Call, Route } from '../route.ts';

const lastEventId = (call: Call): number | undefined => {
  const header = call.headers['last-event-id'] ?? call.query.get('lastEventId');
  const id = Number(header ?? Number.NaN);
  return Number.isInteger(id) && id >= 0 ? id : undefined;
};

const events = async (call: Call, live: LiveEvents): Promise<Answer> => {
  await live.open(call.ctx, call.response, lastEventId(call));
  return { isHandled: true };
};

const temporalUrl = (call: Call, key: ProcessKey): string | null => {
  const ui = call.services.temporalUi();
  if (ui === null) return null;
  const id = encodeURIComponent(`${key.entity}/${key.tenantId}/${key.recordId}`);
  return `${ui.url}/namespaces/${encodeURIComponent(ui.namespace)}/workflows/${id}`;
};

/** Where a record's process stands: what it waits for, what went wrong, which revision it runs under. */
const processOf = async (call: Call): Promise<Answer> => {
  const model = modelOf(call.ctx, call.params['plural'] ?? '');
  const record = await findRecord(call.services.db, model, { tenantId: call.ctx.actor.tenantId, id: call.params['id'] ?? '' });
  if (record === undefined || !call.ctx.ability.canOn('read', model.name, record)) throw new LeitwerkError('NotFound');
  const key = { tenantId: call.ctx.actor.tenantId, entity: model.name, recordId: String(record['id']) };
  const process = await readProcess(call.services.db, key);
  const latest = call.ctx.snapshot.config('pipelines').get(String(record['pipeline']))?.revision ?? null;
  const revision = record['pipelineRevision'];
  return {
    json: {
      data: {
        state: process?.state ?? (record['pipeline'] === null ? 'none' : 'starting'),
        pipeline: record['pipeline'],
        revision,
        latestRevision: latest,
        stage: record['stage'],
        nextActionAt: process?.state === 'running' ? (process.next?.at ?? null) : null,
        nextAction: process?.state === 'running' ? (process.next?.text ?? null) : null,
        error: process?.error ?? null,
        temporalUrl: temporalUrl(call, key),
        migratable: record['state'] === 'open' && latest !== null && latest !== revision,
      },
    },
  };
};

/** Settings that were not taken, and why. */
const configFaults = (call: Call): RecordData[] =>
  call.services.configIssues.map((issue) => ({
    entity: 'config',
    plural: 'config',
    recordId: issue.file ?? issue.path,
    title: `${issue.file ?? ''}:${issue.line ?? 1}:${issue.column ?? 1}`,
    code: issue.code,
    error: { de: issue.message, en: issue.message },
    step: null,
    attempts: 0,
    since: null,
    temporalUrl: null,
  }));

/** What needs a person: settings that were not taken, then parked processes that this actor may see, newest first. */
const attention = async (call: Call): Promise<readonly RecordData[]> => {
  const list = configFaults(call);
  for (const process of await readParked(call.services.db, call.ctx.actor.tenantId)) {
    const model = call.ctx.snapshot.models.get(process.entity);
    const record = model === undefined ? undefined : await findRecord(call.services.db, model, { tenantId: process.tenantId, id: process.recordId });
    if (model === undefined || record === undefined || !call.ctx.ability.canOn('read', model.name, record)) continue;
    const { error } = process;
    list.push({
      entity: process.entity,
      plural: model.plural,
      recordId: process.recordId,
      title: record[model.titleField] ?? process.recordId,
      code: error?.code ?? null,
      error: error?.message ?? null,
      step: error?.step ?? null,
      attempts: error?.attempts ?? 0,
      since: error?.at ?? process.updatedAt,
      temporalUrl: temporalUrl(call, process),
    });
  }
  return list;
};

/** Watching the system: live changes, and the health page with what needs attention. */
export const operationsRoutes = (live: LiveEvents, health: Health): readonly Route[] => [
  {
    method: 'get',
    path: '/events',
    summary: { de: 'Änderungen, während sie geschehen (Server-Sent Events)', en: 'Changes as they happen (server-sent events)' },
    access: { kind: 'signedIn' },
    handle: async (call) => await events(call, live),
  },
  {
    method: 'get',
    path: '/operations',
    summary: { de: 'Zustand aller Teile', en: 'State of every part' },
    access: { kind: 'may', area: 'operate' },
    handle: async (call) => ({ json: { data: { parts: await health.parts(), attention: await attention(call) } } }),
  },
  {
    method: 'get',
    path: '/:plural/:id/process',
    summary: { de: 'Prozess des Datensatzes', en: 'Process of the record' },
    access: { kind: 'verb', verb: 'read' },
    isFor: (model) => model.hasPipeline,
    handle: processOf,
  },
];
