import { createHash } from 'node:crypto';
import type { NativeConnection } from '@temporalio/worker';
import { LeitwerkError } from '../core/errors.ts';
import type { Queries } from '../store/database.ts';
import { codeOf } from '../store/violations.ts';

/** Codes of gRPC: there is none; not allowed, not offered. */
const notFound = '5';
const refusals = new Set(['7', '12']);

/** Names our database among others: by when its first tenant was made. */
export async function installationOf(db: Queries): Promise<string> {
  const first = await db.get<{ id: string; createdAt: string }>(
    'SELECT `id`, `createdAt` FROM `tenant` ORDER BY `createdAt`, `id` LIMIT 1',
  );
  return createHash('sha256')
    .update(`${first?.id ?? ''}/${first?.createdAt ?? ''}`)
    .digest('hex')
    .slice(0, 16);
}

interface Place {
  readonly address: string;
  readonly namespace: string;
}

interface Namespace {
  /** Another one once Temporal's database was made anew; empty where we may not ask. */
  readonly id: string;
  readonly installation: string | undefined;
}

/** @throws LeitwerkError `Misconfigured` when there is none of the name. */
export async function readNamespace(connection: NativeConnection, { address, namespace }: Place): Promise<Namespace> {
  try {
    const { namespaceInfo } = await connection.workflowService.describeNamespace({ namespace });
    return { id: namespaceInfo?.id ?? '', installation: namespaceInfo?.data?.['leitwerk'] || undefined };
  } catch (cause) {
    if (refusals.has(codeOf(cause))) return { id: '', installation: undefined };
    if (codeOf(cause) !== notFound) throw cause;
    throw new LeitwerkError('Misconfigured', {
      cause,
      text: {
        de: `Temporal unter ${address} kennt den Namensraum „${namespace}“ nicht: TEMPORAL_NAMESPACE berichtigen oder ihn anlegen.`,
        en: `Temporal at ${address} has no namespace "${namespace}": correct TEMPORAL_NAMESPACE or create it.`,
      },
    });
  }
}

/**
 * Notes in the namespace which database its processes are of: a worker on another one would end them, because it does not find their records.
 * Where the namespace may not be changed (Temporal Cloud) nothing is noted.
 * @throws LeitwerkError `Misconfigured` when the namespace is another database's.
 */
export async function takeNamespace(
  connection: NativeConnection,
  { installation, ...place }: Place & { readonly installation: string },
): Promise<Namespace> {
  const known = await readNamespace(connection, place);
  if (known.installation === installation) return known;
  const { address, namespace } = place;
  if (known.installation !== undefined) {
    throw new LeitwerkError('Misconfigured', {
      text: {
        de: `Der Namensraum „${namespace}“ von Temporal unter ${address} gehört zu einer anderen Datenbank: DATABASE_URL prüfen oder einen anderen TEMPORAL_NAMESPACE setzen.`,
        en: `The namespace "${namespace}" of Temporal at ${address} belongs to another database: check DATABASE_URL or set another TEMPORAL_NAMESPACE.`,
      },
    });
  }
  try {
    await connection.workflowService.updateNamespace({ namespace, updateInfo: { data: { leitwerk: installation } } });
  } catch (error) {
    if (!refusals.has(codeOf(error))) throw error;
  }
  return known;
}
