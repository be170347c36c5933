import { LeitwerkError, type Text } from '../../core/errors.ts';
import type { PipelineConfig } from '../../core/pipeline/config.ts';
import { isClosed } from '../../core/pipeline/run.ts';
import { modelOf } from '../../commands/context.ts';
import { findReadable, readRecord } from '../../commands/readRecord.ts';
import { pipelineOf } from '../../commands/pipelineOf.ts';
import { effectSummary, waitText } from '../../commands/process/step.ts';
import { readRevision } from '../../store/config.ts';
import { effectId, readEffect } from '../../store/effects.ts';
import { readOutdated } from '../../store/outdated-processes.ts';
import { readParked, readProcess, type ProcessError, type ProcessKey, type ProcessRow } from '../../store/processes.ts';
import type { RecordData } from '../../store/record-table.ts';
import type { Answer, Call, Route } from '../route.ts';

const temporalUrl = (call: Call, key: ProcessKey): string | null => {
  const ui = call.services.temporalUi();
  if (ui === null) return null;
  const id = encodeURIComponent(`${key.entity}/${key.tenantId}/${key.recordId}`);
  return `${ui.url}/namespaces/${encodeURIComponent(ui.namespace)}/workflows/${id}`;
};

/** A process may be parked because its revision is gone: then the stage has no name but its key. */
const stageLabel = async (call: Call, process: ProcessRow, key: string): Promise<string> => {
  const { tenantId, pipeline, revision } = process;
  const stored = await readRevision(call.services.db, { tenantId, kind: 'pipelines', key: pipeline }, revision);
  const stage = (stored?.value as PipelineConfig | undefined)?.stages.find((one) => one.key === key);
  return stage?.label[call.ctx.language] ?? key;
};

const ownStep: Text = { de: 'Nächsten Schritt ausführen', en: 'Take the next step' };

/** What failed, as an admin knows it from the pipeline: `Webhook: lead.new (Kontaktversuch)`. */
const stepName = async (call: Call, process: ProcessRow, { step, stage }: ProcessError): Promise<string> => {
  const { language } = call.ctx;
  const effect = await readEffect(call.services.db, process.tenantId, effectId(step));
  const label = await stageLabel(call, process, effect?.stage ?? stage);
  return `${effect === undefined ? ownStep[language] : effectSummary(effect, language)} (${label})`;
};

/** Why a process is parked, in the reader's language. */
const presentError = async (call: Call, process: ProcessRow): Promise<RecordData | null> => {
  const { error } = process;
  if (error === undefined) return null;
  return { ...error, message: error.message[call.ctx.language], step: await stepName(call, process, error) };
};

const presentNext = async (call: Call, process: ProcessRow | undefined): Promise<RecordData> => {
  const next = process?.state === 'running' ? process.next : undefined;
  const error = process === undefined ? null : await presentError(call, process);
  const refused = process?.state === 'running' ? process.position.refused : null;
  if (refused !== null) return { nextActionAt: null, nextAction: waitText(refused), error };
  return { nextActionAt: next?.at ?? null, nextAction: next?.text ?? null, error };
};

/** Where a record's process stands: what it waits for, what went wrong, which revision it runs under. */
const processOf = async (call: Call): Promise<Answer> => {
  const model = modelOf(call.ctx, call.params['plural'] ?? '');
  const record = await readRecord(call.ctx, model, call.params['id'] ?? '');
  const key = { tenantId: call.ctx.actor.tenantId, entity: model.name, recordId: String(record['id']) };
  const process = await readProcess(call.services.db, key);
  const { pipeline, pipelineRevision: revision, stage } = record;
  const latestRevision = call.ctx.snapshot.config('pipelines').get(String(pipeline))?.revision ?? null;
  const migratable = !isClosed(record) && latestRevision !== null && latestRevision !== revision;
  // One that was closed before its process began gets none.
  const state = process?.state ?? (pipeline === null || isClosed(record) ? 'none' : 'starting');
  return {
    json: {
      data: {
        state,
        pipeline,
        revision,
        latestRevision,
        stage,
        ...(await presentNext(call, process)),
        temporalUrl: temporalUrl(call, key),
        migratable,
      },
    },
  };
};

const presentParked = async (
  call: Call,
  parked: { process: ProcessRow; plural: string; title: unknown },
): Promise<RecordData> => {
  const { process, plural, title } = parked;
  const error = await presentError(call, process);
  const { code = null, message = null, step = null, attempts = 0, at = process.updatedAt } = error ?? {};
  return {
    entity: process.entity,
    plural,
    recordId: process.recordId,
    title,
    code,
    error: message,
    step,
    attempts,
    since: at,
    temporalUrl: temporalUrl(call, process),
    retry: `/${plural}/${process.recordId}/process/retry`,
    skip: `/${plural}/${process.recordId}/process/skip`,
  };
};

/** Parked processes whose records this actor may see, newest first. */
export const parkedProcesses = async (call: Call): Promise<readonly RecordData[]> => {
  const list: RecordData[] = [];
  for (const process of await readParked(call.services.db, call.ctx.actor.tenantId)) {
    const model = call.ctx.snapshot.models.get(process.entity);
    const record = model === undefined ? undefined : await findReadable(call.ctx, model, process.recordId);
    // Not theirs to see, or gone.
    if (model === undefined || record === undefined) continue;
    const title = record[model.titleField] ?? process.recordId;
    list.push(await presentParked(call, { process, plural: model.plural, title }));
  }
  return list;
};

export const processRoute: Route = {
  method: 'get',
  path: '/:plural/:id/process',
  summary: { de: 'Prozess des Datensatzes', en: 'Process of the record' },
  access: { kind: 'verb', verb: 'read' },
  isFor: (model) => model.hasPipeline,
  handle: processOf,
};

/** Most ids at once: as many as `POST /<plural>/bulk` takes. */
const mostIds = 1_000;

/** Who still runs under an older revision of a pipeline, by revision and stage; `process/migrate` takes them along, one or many. */
const outdatedOf = async (call: Call): Promise<Answer> => {
  const { ctx, services } = call;
  const { tenantId } = ctx.actor;
  const head = ctx.snapshot.config('pipelines').get(call.params['key'] ?? '');
  if (head === undefined) throw new LeitwerkError('NotFound');
  const model = modelOf(ctx, (head.value as PipelineConfig).entity);
  const { groups, ids } = await readOutdated(services.db, model, {
    tenantId,
    pipeline: head.key,
    latest: head.revision,
    rows: ctx.ability.rowFilter('read', model.name),
    limit: mostIds,
  });
  const named: (RecordData & { readonly position: number })[] = [];
  for (const group of groups) {
    const stored = { tenantId, pipeline: head.key, pipelineRevision: group.revision };
    const { stages } = await pipelineOf(services.db, model, stored);
    const label = stages.get(group.stage)?.label ?? { de: group.stage, en: group.stage };
    named.push({ ...group, label, position: [...stages.keys()].indexOf(group.stage) });
  }
  named.sort((one, other) => one.position - other.position);
  const total = groups.reduce((sum, group) => sum + group.count, 0);
  return { json: { data: { plural: model.plural, latest: head.revision, total, groups: named, ids } } };
};

export const outdatedRoute: Route = {
  method: 'get',
  path: '/config/pipelines/:key/outdated',
  summary: { de: 'Prozesse unter älteren Fassungen', en: 'Processes under older revisions' },
  access: { kind: 'may', area: 'config' },
  handle: outdatedOf,
};
