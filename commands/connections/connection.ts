import { actorName } from '../../core/actor.ts';
import { connectionIssues, type ConnectionKind } from '../../core/connections.ts';
import { LeitwerkError, type Issue } from '../../core/errors.ts';
import { readConnection, type ConnectionRow } from '../../store/connections.ts';
import type { Tx } from '../../store/database.ts';
import { insertEvent, type Changes } from '../../store/events.ts';
import { readSecret, type SecretBox } from '../../store/secrets.ts';
import type { Context } from '../context.ts';
import type { Source } from '../source.ts';

/** Name under which a connection's credentials are sealed. */
export const connectionSecretName = (id: string): string => `connection/${id}`;

/** @throws LeitwerkError `Forbidden` unless the actor may configure. */
export function assertMayConfigure(ctx: Context): void {
  if (!ctx.ability.may('config', 'write')) throw new LeitwerkError('Forbidden');
}

/** @throws LeitwerkError `NotFound`. */
export async function connectionOf(
  ctx: Context,
  tx: Pick<Tx, 'get' | 'all' | 'dialect'>,
  id: string,
): Promise<ConnectionRow> {
  const row = await readConnection(tx, { tenantId: ctx.actor.tenantId, id });
  if (row !== undefined) return row;
  throw new LeitwerkError('NotFound', {
    text: { de: `Die Verbindung „${id}“ gibt es nicht.`, en: `There is no connection "${id}".` },
  });
}

/** @throws LeitwerkError `InvalidInput` with every fault. */
export function assertFits(issues: readonly Issue[]): void {
  if (issues.length > 0) throw new LeitwerkError('InvalidInput', { issues });
}

export const credentialIssues = (
  ctx: Context,
  kind: ConnectionKind,
  values: Readonly<Record<string, unknown>>,
): Issue[] => connectionIssues(kind, 'credentials', { values, language: ctx.language });

/** Writes down who did what to a connection; of its credentials only that they were changed. */
export async function auditConnection(
  ctx: Context,
  tx: Tx,
  event: { readonly act: string; readonly id: string; readonly version: number; readonly changes?: Changes },
): Promise<void> {
  const { act, id, version, changes } = event;
  await insertEvent(tx, {
    tenantId: ctx.actor.tenantId,
    at: ctx.now().toISOString(),
    actor: actorName(ctx.actor),
    act: `connection.${act}`,
    entity: 'connection',
    recordId: id,
    version,
    requestId: ctx.requestId,
    ...(changes === undefined ? {} : { changes }),
  });
}

/** Sources of the company that come through the connection. */
export const sourcesOf = ({ snapshot }: Pick<Context, 'snapshot'>, id: string): string[] =>
  [...snapshot.config('sources').values()]
    .filter((head) => (head.value as Source).connection === id)
    .map(({ key }) => key);

/** A connection with its credentials in clear: for the one call that needs them. */
export interface OpenConnection {
  readonly id: string;
  readonly kind: string;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly credentials: Readonly<Record<string, unknown>>;
}

/**
 * Opens a connection for use.
 * @throws LeitwerkError `NotFound`, `Misconfigured` when its credentials are missing or cannot be opened with the key of this system.
 */
export async function openConnection(ctx: Context, box: SecretBox, id: string): Promise<OpenConnection> {
  const { kind, settings } = await connectionOf(ctx, ctx.db, id);
  const name = connectionSecretName(id);
  try {
    const secret = await readSecret(ctx.db, box, { tenantId: ctx.actor.tenantId, name });
    if (secret !== undefined)
      return { id, kind, settings, credentials: JSON.parse(secret) as OpenConnection['credentials'] };
  } catch (cause) {
    throw new LeitwerkError('Misconfigured', {
      cause,
      text: {
        de: `Die Zugangsdaten der Verbindung „${id}“ lassen sich nicht öffnen: bitte neu eingeben.`,
        en: `The credentials of the connection "${id}" cannot be opened: please enter them again.`,
      },
    });
  }
  throw new LeitwerkError('Misconfigured', {
    text: {
      de: `Die Verbindung „${id}“ hat keine Zugangsdaten: bitte eingeben.`,
      en: `The connection "${id}" has no credentials: please enter them.`,
    },
  });
}
