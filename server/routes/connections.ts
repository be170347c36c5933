import {
  changeConnection,
  createConnection,
  deleteConnection,
  keepOutcome,
} from '../../commands/connections/changeConnection.ts';
import { connectionOf, openConnection, sourcesOf } from '../../commands/connections/connection.ts';
import { connectorKindOf, connectorKinds } from '../../connectors/registry.ts';
import { LeitwerkError, type Text } from '../../core/errors.ts';
import { readConnections, type ConnectionRow } from '../../store/connections.ts';
import type { RecordData } from '../../store/record-table.ts';
import { asObject } from '../input.ts';
import { perMinute } from '../rate-limits.ts';
import type { Answer, Call, JsonSchema, Route } from '../route.ts';
import { versionOf } from './records.ts';

/** A connection as people see it. Its credentials are not among what can be shown. */
const present = (call: Call, row: ConnectionRow): RecordData => {
  const { tenantId: _tenantId, ...shown } = row;
  return {
    ...shown,
    kindLabel: connectorKinds.get(row.kind)?.label ?? { de: row.kind, en: row.kind },
    sources: sourcesOf(call.ctx, row.id),
  };
};

const one = async (call: Call): Promise<ConnectionRow> =>
  await connectionOf(call.ctx, call.services.db, call.params['id'] ?? '');

const answer = async (call: Call, id: string): Promise<Answer> => {
  const row = await connectionOf(call.ctx, call.services.db, id);
  return { headers: { etag: `"${row.version}"` }, json: { data: present(call, row) } };
};

const kinds = (): Answer => ({
  json: {
    data: [...connectorKinds.values()].map(({ kind, label, help, settings, credentials }) => ({
      kind,
      label,
      help,
      settings,
      credentials,
    })),
  },
});

const create = async (call: Call): Promise<Answer> => {
  const { kind, id, name, settings, credentials } = asObject(call.body);
  const row = await createConnection(call.ctx, call.services.secrets, {
    kind: connectorKindOf(String(kind)),
    id: typeof id === 'string' ? id : undefined,
    name: String(name),
    settings: asObject(settings ?? {}),
    credentials: asObject(credentials ?? {}),
  });
  return { ...(await answer(call, row.id)), status: 201 };
};

const change = async (call: Call, guard: Guard): Promise<Answer> => {
  const { name, settings, credentials } = asObject(call.body);
  const id = call.params['id'] ?? '';
  await changeConnection(
    call.ctx,
    { box: call.services.secrets, kindOf: connectorKindOf },
    {
      id,
      name: typeof name === 'string' ? name : undefined,
      settings: settings === undefined ? undefined : asObject(settings),
      credentials: credentials === undefined ? undefined : asObject(credentials),
      version: versionOf(call),
    },
  );
  guard.forget();
  return await answer(call, id);
};

/** What the system said, or why it could not be reached: either is the answer, and kept on the connection. */
const tryOut = async (call: Call): Promise<{ readonly reached: Text | null }> => {
  const { ctx, services } = call;
  const row = await one(call);
  const kind = connectorKindOf(row.kind);
  try {
    const { settings, credentials } = await openConnection(ctx, services.secrets, row.id);
    const apiUrl = services.connectorUrls.get(kind.kind);
    const reached = await kind.test({ egress: services.egress, settings, credentials, now: ctx.now(), apiUrl });
    await keepOutcome(ctx, row.id, null);
    return { reached };
  } catch (error) {
    if (!(error instanceof LeitwerkError)) throw error;
    await keepOutcome(ctx, row.id, { code: error.code, message: error.text });
    return { reached: null };
  }
};

const test = async (call: Call): Promise<Answer> => {
  const { reached } = await tryOut(call);
  return { json: { data: { ...present(call, await one(call)), reached } } };
};

interface Guard {
  forget(): void;
}

const mayConfigure = { kind: 'may', area: 'config' } as const;
const object: JsonSchema = { type: 'object' };
const name: JsonSchema = { type: 'string', minLength: 1, maxLength: 200 };
const credentials: JsonSchema = { ...object, description: 'Sealed when they arrive and never answered.' };

const readingRoutes: readonly Route[] = [
  {
    method: 'get',
    path: '/connection-kinds',
    summary: { de: 'Arten von Verbindungen', en: 'Kinds of connections' },
    access: mayConfigure,
    handle: kinds,
  },
  {
    method: 'get',
    path: '/connections',
    summary: { de: 'Verbindungen', en: 'Connections' },
    access: mayConfigure,
    handle: async (call) => {
      const rows = await readConnections(call.services.db, call.ctx.actor.tenantId);
      return { json: { data: rows.map((row) => present(call, row)) } };
    },
  },
  {
    method: 'get',
    path: '/connections/:id',
    summary: { de: 'Eine Verbindung', en: 'One connection' },
    access: mayConfigure,
    handle: async (call) => await answer(call, call.params['id'] ?? ''),
  },
];

/** Outside systems that the company is connected with. */
export const connectionRoutes = (guard: Guard): readonly Route[] => [
  ...readingRoutes,
  {
    method: 'post',
    path: '/connections',
    summary: { de: 'Verbindung anlegen', en: 'Create a connection' },
    access: mayConfigure,
    body: {
      ...object,
      required: ['kind', 'name', 'settings', 'credentials'],
      additionalProperties: false,
      properties: {
        kind: { type: 'string' },
        id: { type: 'string', pattern: '^[a-z][a-z0-9-]{0,62}$', description: 'Absent: made from the name.' },
        name,
        settings: object,
        credentials,
      },
    },
    handle: create,
  },
  {
    method: 'patch',
    path: '/connections/:id',
    summary: { de: 'Verbindung ändern', en: 'Change a connection' },
    access: mayConfigure,
    body: {
      ...object,
      additionalProperties: false,
      properties: { name, settings: object, credentials },
    },
    handle: async (call) => await change(call, guard),
  },
  {
    method: 'post',
    path: '/connections/:id/rotate',
    summary: { de: 'Neue Zugangsdaten', en: 'New credentials' },
    access: mayConfigure,
    body: { ...object, required: ['credentials'], additionalProperties: false, properties: { credentials } },
    handle: async (call) => await change(call, guard),
  },
  {
    method: 'post',
    path: '/connections/:id/test',
    summary: { de: 'Verbindung prüfen', en: 'Test a connection' },
    access: mayConfigure,
    limit: perMinute('connection-test', 30),
    handle: test,
  },
  {
    method: 'delete',
    path: '/connections/:id',
    summary: { de: 'Verbindung löschen', en: 'Delete a connection' },
    access: mayConfigure,
    handle: async (call) => {
      await deleteConnection(call.ctx, call.params['id'] ?? '');
      guard.forget();
      return { status: 204 };
    },
  },
];
