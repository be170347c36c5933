import { LeitwerkError } from '../../core/errors.ts';
import { toConfigKind } from '../../core/config/kinds.ts';
import { archiveConfig } from '../../commands/archiveConfig.ts';
import { modelOf } from '../../commands/context.ts';
import { previewConfig, publishConfig, type PublishInput } from '../../commands/publishConfig.ts';
import { previewSchema, publishSchema, type PublishSchemaInput } from '../../commands/publishSchema.ts';
import { restoreConfig } from '../../commands/restoreConfig.ts';
import { readHead, readRevision, readRevisions, type ConfigHead } from '../../store/config.ts';
import type { RecordData } from '../../store/record-table.ts';
import { asObject, dryRunParameter, integerOf, isDryRun } from '../input.ts';
import { actorLabels } from '../record-names.ts';
import type { Answer, Call, Route } from '../route.ts';
import { isKnown, versionOf } from './records.ts';

const yamlTypes = ['application/yaml', 'application/x-yaml', 'text/yaml', 'text/plain'];

const kindOf = (call: Call): string => toConfigKind(call.params['kind'] ?? '');

const wantsYaml = (call: Call): boolean =>
  /yaml/.test(call.headers.accept ?? '') && !/json/.test(call.headers.accept ?? '');

const presentHead = (head: ConfigHead): RecordData => ({ key: head.key, revision: head.revision, value: head.value });

const position = (head: ConfigHead): number => Number((head.value as { position?: number }).position ?? 1_000);

const list = (call: Call): Answer => {
  const heads = [...call.ctx.snapshot.config(kindOf(call)).values()];
  const sorted = heads.toSorted((one, other) => position(one) - position(other) || one.key.localeCompare(other.key));
  return { json: { data: sorted.map(presentHead) } };
};

const headOf = async (call: Call, kind: string, key: string): Promise<ConfigHead> => {
  const head = await readHead(call.services.db, { tenantId: call.ctx.actor.tenantId, kind, key });
  if (head === undefined) throw new LeitwerkError('NotFound');
  return head;
};

const read = async (call: Call): Promise<Answer> => {
  const head = await headOf(call, kindOf(call), call.params['key'] ?? '');
  const etag = `"${head.revision}"`;
  if (wantsYaml(call)) return { text: head.yaml, headers: { etag, 'content-type': 'application/yaml; charset=utf-8' } };
  const { isArchived, hash, author, comment, createdAt, yaml } = head;
  return {
    headers: { etag },
    json: { data: { ...presentHead(head), yaml, hash, author, comment, createdAt, isArchived } },
  };
};

/** A JSON body may be the value itself or what a read answered: `{data: {value}}`. */
const unwrap = (body: RecordData, name: string): RecordData => {
  const inner = 'data' in body && Object.keys(body).length === 1 ? asObject(body['data']) : body;
  return name in inner && typeof inner[name] === 'object' ? asObject(inner[name]) : inner;
};

const inputOf = (call: Call): PublishInput => ({
  kind: kindOf(call),
  key: call.params['key'] ?? '',
  ...(typeof call.body === 'string' ? { yaml: call.body } : { value: unwrap(asObject(call.body), 'value') }),
  comment: call.query.get('comment') ?? undefined,
  expectedRevision: call.headers['if-none-match'] === '*' ? 0 : versionOf(call),
});

const write = async (call: Call): Promise<Answer> => {
  if (isDryRun(call.query)) return { json: { data: await previewConfig(call.ctx, inputOf(call)) } };
  const published = await publishConfig(call.ctx, inputOf(call));
  await call.services.registry.refresh();
  return {
    status: published.revision === 1 && published.isNew ? 201 : 200,
    headers: { etag: `"${published.revision}"` },
    json: { data: published },
  };
};

const archive = async (call: Call): Promise<Answer> => {
  await archiveConfig(call.ctx, { kind: kindOf(call), key: call.params['key'] ?? '' });
  await call.services.registry.refresh();
  return { status: 204 };
};

const listRevisions = async (call: Call, kind: string, key: string): Promise<Answer> => {
  const revisions = await readRevisions(call.services.db, { tenantId: call.ctx.actor.tenantId, kind, key });
  if (revisions.length === 0) throw new LeitwerkError('NotFound');
  const authorName = await actorLabels(
    call.ctx,
    revisions.map(({ author }) => author),
  );
  const data = revisions.map(({ revision, hash, author, comment, createdAt }) => ({
    revision,
    hash,
    author,
    authorName: authorName(author),
    comment,
    createdAt,
  }));
  return { json: { data } };
};

const readOneRevision = async (call: Call, kind: string, key: string): Promise<Answer> => {
  const number = Number(call.params['revision']);
  const revision = await readRevision(call.services.db, { tenantId: call.ctx.actor.tenantId, kind, key }, number);
  if (revision === undefined || !Number.isInteger(number)) throw new LeitwerkError('NotFound');
  return { json: { data: revision } };
};

const restore = async (call: Call, kind: string, key: string): Promise<Answer> => {
  const revision = integerOf(Number(call.params['revision']), '/revision');
  const data = await restoreConfig(call.ctx, { kind, key, revision, confirm: call.query.get('confirm') ?? undefined });
  await call.services.registry.refresh();
  return { json: { data } };
};

const readSchemas = (call: Call): Answer => {
  const models = [...call.ctx.snapshot.models.values()].filter((model) => call.ctx.ability.can('read', model.name));
  return {
    json: {
      data: models.map((model) => ({
        entity: model.name,
        plural: model.plural,
        revision: model.revision,
        schema: shownSchema(call, model.name),
      })),
    },
  };
};

/** The schema with the fields that the system adds, as forms and lists need it; without what this actor may not see. */
const shownSchema = (call: Call, entity: string): RecordData => {
  const model = modelOf(call.ctx, entity);
  const isShown = (name: string): boolean =>
    model.fields.get(name)?.isHidden !== true && call.ctx.ability.isReadable(model.name, name);
  const properties: Record<string, unknown> = {};
  for (const [name, field] of model.fields) {
    if (!isShown(name)) continue;
    properties[name] = model.schema.properties[name] ?? {
      type: field.kind === 'integer' ? 'integer' : 'string',
      ...(field.kind === 'instant' ? { format: 'date-time' } : {}),
      'x-label': field.label,
      'x-section': field.section,
      'x-system': true,
      ...(field.configKind === undefined ? {} : { 'x-config': field.configKind }),
      ...(field.listPosition === undefined ? {} : { 'x-list': field.listPosition }),
    };
  }
  const { titleField, indexes = [], unique = [], ...about } = model.schema['x-entity'];
  // Whoever makes a model of the schema finds no field in it that it does not have.
  return {
    ...model.schema,
    required: (model.schema.required ?? []).filter(isShown),
    properties,
    'x-entity': {
      ...about,
      titleField: isShown(titleField) ? titleField : 'id',
      indexes: indexes.filter((names) => names.every(isShown)),
      unique: unique.filter((names) => names.every(isShown)),
    },
  };
};

/** The schema as its author wrote it: what `PUT` takes back. */
const readSchema = async (call: Call): Promise<Answer> => {
  const model = modelOf(call.ctx, call.params['entity'] ?? '');
  if (!call.ctx.ability.can('read', model.name)) throw new LeitwerkError('NotFound');
  const etag = `"${model.revision}"`;
  if (isKnown(call, etag)) return { status: 304, headers: { etag } };
  const schema = call.ctx.ability.may('config', 'read') ? model.schema : shownSchema(call, model.name);
  return {
    headers: { etag },
    json: { data: { entity: model.name, plural: model.plural, schema, revision: model.revision } },
  };
};

const schemaName = (call: Call): string => {
  const name = call.params['entity'] ?? '';
  return call.ctx.snapshot.modelsByPlural.get(name)?.name ?? name;
};

const writeSchema = async (call: Call): Promise<Answer> => {
  const input: PublishSchemaInput = {
    entity: schemaName(call),
    schema: unwrap(asObject(call.body), 'schema'),
    expectedRevision: call.headers['if-none-match'] === '*' ? 0 : versionOf(call),
    confirm: call.query.get('confirm') ?? undefined,
    comment: call.query.get('comment') ?? undefined,
  };
  if (isDryRun(call.query)) return { json: { data: { impact: await previewSchema(call.ctx, input) } } };
  const published = await publishSchema(call.ctx, input);
  await call.services.registry.refresh();
  const status = published.revision === 1 && published.isNew ? 201 : 200;
  return {
    status,
    headers: { etag: `"${published.revision}"` },
    json: { data: { schema: input.schema, revision: published.revision, impact: published.impact } },
  };
};

const signedIn = { kind: 'signedIn' } as const;
const mayConfigure = { kind: 'may', area: 'config' } as const;
const publishing = { ...dryRunParameter, comment: { type: 'string' } } as const;
const confirming = { confirm: { type: 'string', description: 'Hash of the impact of a destructive change.' } } as const;
const kindAndKey = (call: Call): [string, string] => [kindOf(call), call.params['key'] ?? ''];
const schemaKey = (call: Call): [string, string] => ['schemas', schemaName(call)];

/** Configuration and schemas: read by everyone who is signed in, because forms and lists are made of them; written by admins. */
export const configRoutes: readonly Route[] = [
  {
    method: 'get',
    path: '/schemas',
    summary: { de: 'Schemas aller Objekte', en: 'Schemas of every entity' },
    access: signedIn,
    handle: readSchemas,
  },
  {
    method: 'get',
    path: '/schemas/:entity',
    summary: { de: 'Schema eines Objekts', en: 'Schema of an entity' },
    access: signedIn,
    handle: readSchema,
  },
  {
    method: 'put',
    path: '/schemas/:entity',
    summary: { de: 'Schema veröffentlichen', en: 'Publish a schema' },
    access: mayConfigure,
    body: { type: 'object' },
    query: { ...publishing, ...confirming },
    handle: writeSchema,
  },
  {
    method: 'get',
    path: '/schemas/:entity/revisions',
    summary: { de: 'Fassungen eines Schemas', en: 'Revisions of a schema' },
    access: mayConfigure,
    handle: async (call) => await listRevisions(call, ...schemaKey(call)),
  },
  {
    method: 'get',
    path: '/schemas/:entity/revisions/:revision',
    summary: { de: 'Eine Fassung', en: 'One revision' },
    access: mayConfigure,
    handle: async (call) => await readOneRevision(call, ...schemaKey(call)),
  },
  {
    method: 'post',
    path: '/schemas/:entity/revisions/:revision/restore',
    summary: { de: 'Fassung wiederherstellen', en: 'Restore a revision' },
    access: mayConfigure,
    query: confirming,
    handle: async (call) => await restore(call, ...schemaKey(call)),
  },
  {
    method: 'get',
    path: '/config/:kind',
    summary: { de: 'Einstellungen einer Art', en: 'Settings of a kind' },
    access: signedIn,
    handle: list,
  },
  {
    method: 'get',
    path: '/config/:kind/:key',
    summary: { de: 'Eine Einstellung', en: 'One setting' },
    access: signedIn,
    handle: read,
  },
  {
    method: 'put',
    path: '/config/:kind/:key',
    summary: { de: 'Einstellung veröffentlichen', en: 'Publish a setting' },
    access: mayConfigure,
    accepts: yamlTypes,
    body: { type: 'object' },
    query: publishing,
    handle: write,
  },
  {
    method: 'delete',
    path: '/config/:kind/:key',
    summary: { de: 'Einstellung stilllegen', en: 'Archive a setting' },
    access: mayConfigure,
    handle: archive,
  },
  {
    method: 'get',
    path: '/config/:kind/:key/revisions',
    summary: { de: 'Fassungen', en: 'Revisions' },
    access: mayConfigure,
    handle: async (call) => await listRevisions(call, ...kindAndKey(call)),
  },
  {
    method: 'get',
    path: '/config/:kind/:key/revisions/:revision',
    summary: { de: 'Eine Fassung', en: 'One revision' },
    access: signedIn,
    handle: async (call) => {
      const [kind, key] = kindAndKey(call);
      // A record keeps the revision of its pipeline: who sees the record reads its stages there.
      if (kind !== 'pipelines' && !call.ctx.ability.may('config', 'read')) throw new LeitwerkError('Forbidden');
      return await readOneRevision(call, kind, key);
    },
  },
  {
    method: 'post',
    path: '/config/:kind/:key/revisions/:revision/restore',
    summary: { de: 'Fassung wiederherstellen', en: 'Restore a revision' },
    access: mayConfigure,
    handle: async (call) => await restore(call, ...kindAndKey(call)),
  },
];
