import type { EntityModel } from '../../core/entity.ts';
import { acceptLead } from '../../commands/acceptLead.ts';
import { addNote } from '../../commands/addNote.ts';
import { cancelActivity, completeActivity, reopenActivity } from '../../commands/activityActs.ts';
import { archiveLead, snoozeLead, unarchiveLead } from '../../commands/archiveLead.ts';
import { assignRecord } from '../../commands/assignRecord.ts';
import { modelOf, type Context } from '../../commands/context.ts';
import { convertLead } from '../../commands/convertLead.ts';
import { createContact } from '../../commands/createContact.ts';
import { linkContacts } from '../../commands/linkContacts.ts';
import { moveActivity } from '../../commands/moveActivity.ts';
import { askProcess } from '../../commands/process/askProcess.ts';
import { migrateProcess, previewMigration, type Migration } from '../../commands/process/migrateProcess.ts';
import { previewReplan, replanProcess, type Replan } from '../../commands/process/replanProcess.ts';
import { moveStage } from '../../commands/moveStage.ts';
import { visibleRecord, type Written } from '../../commands/record-write.ts';
import type { RecordData } from '../../store/record-table.ts';
import { asObject, asText, dryRunParameter, integerOf, isDryRun, optionalText, textOrNull } from '../input.ts';
import { recordSchema } from '../openapi-records.ts';
import type { Answer, Call, Route } from '../route.ts';
import { text, textOrEmpty, type Act } from './act.ts';
import { duplicateActs } from './duplicate-acts.ts';
import { versionOf, written } from './records.ts';

/** The acts, as data: routes, description, rights and bulk work from this one list. */
export const acts: readonly Act[] = [
  {
    name: 'assign',
    entities: 'owned',
    summary: { de: 'Verantwortlichen setzen', en: 'Assign' },
    body: { owner: textOrEmpty },
    required: ['owner'],
    perform: async (ctx, model, input) =>
      await assignRecord(ctx, model, { id: input.id, owner: textOrNull(input['owner'], '/owner') }),
  },
  {
    name: 'accept',
    entities: ['lead'],
    summary: {
      de: 'Annehmen: selbst übernehmen und eine Stufe weiter',
      en: 'Accept: take it on and move one stage on',
    },
    body: {},
    perform: async (ctx, _model, input) => await acceptLead(ctx, { id: input.id, version: input.version }),
  },
  {
    name: 'move',
    entities: 'pipeline',
    summary: { de: 'In eine andere Stufe bringen', en: 'Move to another stage' },
    body: { stage: text },
    required: ['stage'],
    perform: async (ctx, model, input) =>
      await moveStage(ctx, model, { id: input.id, stage: asText(input['stage'], '/stage'), version: input.version }),
  },
  {
    name: 'archive',
    entities: ['lead'],
    summary: { de: 'Archivieren', en: 'Archive' },
    body: { reason: textOrEmpty },
    perform: async (ctx, _model, input) =>
      await archiveLead(ctx, { id: input.id, reason: optionalText(input['reason'], '/reason') }),
  },
  {
    name: 'unarchive',
    entities: ['lead'],
    summary: { de: 'Aus dem Archiv holen', en: 'Bring back from the archive' },
    body: {},
    perform: async (ctx, _model, input) => await unarchiveLead(ctx, { id: input.id }),
  },
  {
    name: 'snooze',
    entities: ['lead'],
    summary: { de: 'Zurückstellen', en: 'Snooze' },
    body: { until: { type: ['string', 'null'], format: 'date-time' } },
    required: ['until'],
    perform: async (ctx, _model, input) =>
      await snoozeLead(ctx, { id: input.id, until: textOrNull(input['until'], '/until') }),
  },
  {
    name: 'create-organization',
    entities: ['lead'],
    summary: { de: 'Firma anlegen', en: 'Create organization' },
    body: { fields: { type: 'object' }, force: { type: 'boolean' } },
    perform: async (ctx, _model, input) => await contact(ctx, 'organization', input),
  },
  {
    name: 'create-person',
    entities: ['lead'],
    summary: { de: 'Person anlegen', en: 'Create person' },
    body: { fields: { type: 'object' }, force: { type: 'boolean' } },
    perform: async (ctx, _model, input) => await contact(ctx, 'person', input),
  },
  {
    name: 'link',
    entities: ['lead'],
    summary: { de: 'Mit Firma oder Person verknüpfen', en: 'Link with organization or person' },
    body: { organization: textOrEmpty, person: textOrEmpty },
    perform: async (ctx, _model, input) => {
      const side = (name: 'organization' | 'person'): string | null | undefined =>
        name in input ? textOrNull(input[name], `/${name}`) : undefined;
      return await linkContacts(ctx, { id: input.id, organization: side('organization'), person: side('person') });
    },
  },
  {
    name: 'convert',
    entities: ['lead'],
    summary: { de: 'In Verkaufschance umwandeln', en: 'Convert to opportunity' },
    body: {
      title: textOrEmpty,
      kind: { enum: ['lead', 'deal'] },
      createContacts: { type: 'boolean' },
      force: { type: 'boolean' },
    },
    perform: async (ctx, _model, input) => {
      const kind = input['kind'] === 'deal' ? 'deal' : 'lead';
      const made = await convertLead(ctx, {
        id: input.id,
        title: optionalText(input['title'], '/title'),
        kind,
        createContacts: input['createContacts'] === true,
        force: input['force'] === true,
      });
      return {
        ...made.lead,
        extra: { opportunity: visibleRecord(ctx, modelOf(ctx, 'opportunity'), made.opportunity.record) },
      };
    },
  },
  ...duplicateActs,
  {
    name: 'note',
    entities: 'told',
    summary: { de: 'Notiz hinzufügen', en: 'Add a note' },
    body: { text, noteType: textOrEmpty },
    required: ['text'],
    perform: async (ctx, model, input) => {
      const note = {
        id: input.id,
        text: asText(input['text'], '/text'),
        noteType: optionalText(input['noteType'], '/noteType'),
      };
      const entry = await addNote(ctx, model, note);
      return { ...entry, extra: { entry: visibleRecord(ctx, modelOf(ctx, 'timeline-entry'), entry.record) } };
    },
  },
  {
    name: 'process/retry',
    entities: 'pipeline',
    summary: { de: 'Angehaltenen Prozess fortsetzen', en: 'Repair and continue a parked process' },
    body: {},
    perform: async (ctx, model, input) => await askProcess(ctx, model, { id: input.id, request: 'retry' }),
  },
  {
    name: 'process/skip',
    entities: 'pipeline',
    summary: { de: 'Nicht länger warten', en: 'Stop waiting, or leave the failed step' },
    body: {},
    perform: async (ctx, model, input) => await askProcess(ctx, model, { id: input.id, request: 'skip' }),
  },
  {
    name: 'process/migrate',
    entities: 'pipeline',
    summary: { de: 'Unter einer anderen Fassung weiterführen', en: 'Go on under another revision' },
    body: { revision: { type: 'integer' }, stageMap: { type: 'object', additionalProperties: { type: 'string' } } },
    required: ['revision'],
    preview: async (ctx, model, input) => await previewMigration(ctx, model, migrationOf(input)),
    perform: async (ctx, model, input) => await migrateProcess(ctx, model, migrationOf(input)),
  },
  {
    name: 'process/replan',
    entities: 'pipeline',
    summary: { de: 'Plan neu beginnen lassen', en: 'Anchor the plan to a new start' },
    body: { start: { type: 'string', format: 'date-time' } },
    required: ['start'],
    preview: async (ctx, model, input) => await previewReplan(ctx, model, replanOf(input)),
    perform: async (ctx, model, input) => await replanProcess(ctx, model, replanOf(input)),
  },
  {
    name: 'complete',
    entities: ['activity'],
    summary: { de: 'Erledigen', en: 'Complete' },
    body: { result: textOrEmpty },
    perform: async (ctx, _model, input) =>
      await completeActivity(ctx, { id: input.id, result: optionalText(input['result'], '/result') }),
  },
  {
    name: 'reopen',
    entities: ['activity'],
    summary: { de: 'Wieder öffnen', en: 'Open again' },
    body: {},
    perform: async (ctx, _model, input) => await reopenActivity(ctx, { id: input.id }),
  },
  {
    name: 'cancel',
    entities: ['activity'],
    summary: { de: 'Absagen', en: 'Cancel' },
    body: {},
    perform: async (ctx, _model, input) => await cancelActivity(ctx, { id: input.id }),
  },
  {
    name: 'move',
    entities: ['activity'],
    summary: { de: 'Verschieben', en: 'Move' },
    body: { startAt: textOrEmpty, dueAt: { type: 'string', format: 'date-time' }, shiftFollowers: { type: 'boolean' } },
    required: ['dueAt'],
    perform: async (ctx, _model, input) => {
      const startAt = optionalText(input['startAt'], '/startAt');
      return await moveActivity(ctx, {
        id: input.id,
        startAt,
        dueAt: asText(input['dueAt'], '/dueAt'),
        shiftFollowers: input['shiftFollowers'] === true,
      });
    },
  },
];

const replanOf = (input: RecordData & { readonly id: string }): Replan => ({
  id: input.id,
  start: asText(input['start'], '/start'),
});

/** Reads the body of a migration. */
export const migrationOf = (input: RecordData & { readonly id: string }): Migration => ({
  id: input.id,
  revision: integerOf(input['revision'], '/revision'),
  stageMap:
    input['stageMap'] === undefined ? undefined : (asObject(input['stageMap']) as Readonly<Record<string, string>>),
});

const contact = async (
  ctx: Context,
  kind: 'organization' | 'person',
  input: RecordData & { id: string },
): Promise<Written & { extra: RecordData }> => {
  const fields = input['fields'] === undefined || input['fields'] === null ? undefined : asObject(input['fields']);
  const made = await createContact(ctx, { lead: input.id, kind, fields, force: input['force'] === true });
  return { ...made.lead, extra: { [kind]: visibleRecord(ctx, modelOf(ctx, kind), made.contact.record) } };
};

/** Shipped entities with a timeline; those that pipelines carry have one as well. */
const told: ReadonlySet<string> = new Set(['lead', 'organization', 'person', 'opportunity']);

/** Whether an entity has an act. */
export const hasAct = (act: Act, model: EntityModel): boolean => {
  if (model.isReadOnly) return false;
  if (act.entities === 'all') return true;
  if (act.entities === 'owned') return model.fields.has('owner') && model.name !== 'saved-view';
  if (act.entities === 'pipeline') return model.hasPipeline;
  if (act.entities === 'told') return model.hasPipeline || told.has(model.name);
  return act.entities.includes(model.name);
};

const performCall = async (call: Call, act: Act): Promise<Answer> => {
  const model = modelOf(call.ctx, call.params['plural'] ?? '');
  const body = call.body === undefined ? {} : asObject(call.body);
  const input = { ...body, id: call.params['id'] ?? '' };
  if (act.preview !== undefined && isDryRun(call.query))
    return { json: { data: await act.preview(call.ctx, model, input) } };
  const version = versionOf(call);
  const result = await act.perform(call.ctx, model, { ...input, ...(version === undefined ? {} : { version }) });
  if (act.name === 'note') return { status: 201, json: { data: result.extra?.['entry'], event: result.event } };
  const answer = written(call, model, result);
  return { ...answer, json: { ...(answer.json as object), ...result.extra } };
};

/** One route an act; entities of the same act's name share the address. */
export const actRoutes: readonly Route[] = acts.map((act) => ({
  method: 'post',
  path: `/:plural/:id/${act.name}`,
  summary: act.summary,
  access: { kind: 'verb', verb: act.name },
  ...(act.preview === undefined ? {} : { query: dryRunParameter }),
  body: {
    type: 'object',
    properties: act.body,
    ...(act.required === undefined ? {} : { required: act.required }),
    additionalProperties: false,
  },
  answer: recordSchema,
  isFor: (model) => hasAct(act, model),
  handle: async (call) => await performCall(call, act),
}));
