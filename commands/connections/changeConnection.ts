import { actorName } from '../../core/actor.ts';
import { connectionIssues, type ConnectionFault, type ConnectionKind } from '../../core/connections.ts';
import { LeitwerkError } from '../../core/errors.ts';
import { toKey } from '../../core/spelling.ts';
import {
  noteConnection,
  readConnection,
  removeConnection,
  writeConnection,
  type ConnectionRow,
} from '../../store/connections.ts';
import { removeMailboxPosition } from '../../store/mailboxes.ts';
import { removeSecret, writeSecret, type SecretBox } from '../../store/secrets.ts';
import type { Tx } from '../../store/database.ts';
import { transact, type Context } from '../context.ts';
import {
  assertFits,
  assertMayConfigure,
  auditConnection,
  connectionOf,
  connectionSecretName,
  credentialIssues,
  sourcesOf,
} from './connection.ts';

type Values = Readonly<Record<string, unknown>>;

export interface NewConnection {
  readonly kind: ConnectionKind;
  /** Absent: made from the name. */
  readonly id?: string | undefined;
  readonly name: string;
  readonly settings: Values;
  readonly credentials: Values;
}

const seal = async (ctx: Context, tx: Tx, of: { box: SecretBox; id: string; credentials: Values }): Promise<void> => {
  await writeSecret(tx, of.box, {
    tenantId: ctx.actor.tenantId,
    name: connectionSecretName(of.id),
    secret: JSON.stringify(of.credentials),
    at: ctx.now().toISOString(),
    actor: actorName(ctx.actor),
  });
};

/** @throws LeitwerkError `InvalidInput`, `Conflict` when the id is taken, `Forbidden`. */
export async function createConnection(ctx: Context, box: SecretBox, input: NewConnection): Promise<ConnectionRow> {
  assertMayConfigure(ctx);
  const { kind, name, settings, credentials, id = toKey(name).slice(0, 60) } = input;
  assertFits([
    ...connectionIssues(kind, 'settings', { values: settings, language: ctx.language }),
    ...credentialIssues(ctx, kind, credentials),
  ]);
  const at = ctx.now().toISOString();
  const by = actorName(ctx.actor);
  const row: ConnectionRow = {
    tenantId: ctx.actor.tenantId,
    id: id === '' ? kind.kind : id,
    version: 1,
    kind: kind.kind,
    name,
    settings,
    state: 'untested',
    lastSuccessAt: null,
    lastFaultAt: null,
    fault: null,
    createdAt: at,
    createdBy: by,
    updatedAt: at,
    updatedBy: by,
  };
  return await transact(ctx, async (tx) => {
    if ((await readConnection(tx, row)) !== undefined)
      throw new LeitwerkError('Conflict', {
        text: {
          de: `Eine Verbindung „${row.id}“ gibt es schon.`,
          en: `There is a connection "${row.id}" already.`,
        },
      });
    await writeConnection(tx, row);
    await seal(ctx, tx, { box, id: row.id, credentials });
    await auditConnection(ctx, tx, { act: 'create', id: row.id, version: 1 });
    return row;
  });
}

export interface ConnectionPatch {
  readonly id: string;
  readonly name?: string | undefined;
  readonly settings?: Values | undefined;
  /** New ones; needed when a setting changes that says where they are sent. */
  readonly credentials?: Values | undefined;
  readonly version?: number | undefined;
}

const isSame = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

/**
 * Changes a connection. Credentials go only to the host that they were given for.
 * @throws LeitwerkError `InvalidInput`, `Conflict` when somebody changed it in between, `NotFound`, `Forbidden`.
 */
export async function changeConnection(
  ctx: Context,
  { box, kindOf }: { readonly box: SecretBox; readonly kindOf: (kind: string) => ConnectionKind },
  patch: ConnectionPatch,
): Promise<ConnectionRow> {
  assertMayConfigure(ctx);
  return await transact(ctx, async (tx) => {
    const before = await connectionOf(ctx, tx, patch.id);
    const kind = kindOf(before.kind);
    if (patch.version !== undefined && patch.version !== before.version) throw new LeitwerkError('Conflict');
    const { name = before.name, settings = before.settings, credentials } = patch;
    const moved = kind.bound.find((setting) => !isSame(settings[setting], before.settings[setting]));
    assertFits([
      ...connectionIssues(kind, 'settings', { values: settings, language: ctx.language }),
      ...(credentials === undefined ? [] : credentialIssues(ctx, kind, credentials)),
      ...(moved === undefined || credentials !== undefined
        ? []
        : [
            {
              path: '/credentials',
              code: 'required',
              message:
                ctx.language === 'de'
                  ? `„${moved}“ sagt, wohin die Zugangsdaten gehen: bitte neu eingeben.`
                  : `"${moved}" says where the credentials go: please enter them again.`,
            },
          ]),
    ]);
    const row: ConnectionRow = {
      ...before,
      name,
      settings,
      version: before.version + 1,
      state: 'untested',
      updatedAt: ctx.now().toISOString(),
      updatedBy: actorName(ctx.actor),
    };
    await writeConnection(tx, row);
    if (credentials !== undefined) await seal(ctx, tx, { box, id: row.id, credentials });
    const changes = {
      ...(isSame(before.name, name) ? {} : { name: [before.name, name] as const }),
      ...(isSame(before.settings, settings) ? {} : { settings: [before.settings, settings] as const }),
    };
    await auditConnection(ctx, tx, {
      act: credentials === undefined ? 'update' : 'rotate',
      id: row.id,
      version: row.version,
      changes,
    });
    return row;
  });
}

/** @throws LeitwerkError `Locked` while sources come through it, `NotFound`, `Forbidden`. */
export async function deleteConnection(ctx: Context, id: string): Promise<void> {
  assertMayConfigure(ctx);
  await transact(ctx, async (tx) => {
    const row = await connectionOf(ctx, tx, id);
    const sources = sourcesOf(ctx, id);
    if (sources.length > 0)
      throw new LeitwerkError('Locked', {
        text: {
          de: `Diese Verbindung wird noch gebraucht von: ${sources.join(', ')}.`,
          en: `This connection is still used by: ${sources.join(', ')}.`,
        },
        facts: { sources },
      });
    await removeConnection(tx, row);
    await removeMailboxPosition(tx, { tenantId: row.tenantId, connection: id });
    await removeSecret(tx, { tenantId: row.tenantId, name: connectionSecretName(id) });
    await auditConnection(ctx, tx, { act: 'delete', id, version: row.version + 1 });
  });
}

/** Keeps how an attempt with the connection came out. */
export async function keepOutcome(ctx: Context, id: string, fault: ConnectionFault | null): Promise<void> {
  const key = { tenantId: ctx.actor.tenantId, id };
  await ctx.db.write(async (tx) => await noteConnection(tx, key, { at: ctx.now().toISOString(), fault }));
}
