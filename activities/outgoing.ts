import { keepOutcome } from '../commands/connections/changeConnection.ts';
import { openConnection } from '../commands/connections/connection.ts';
import type { Context } from '../commands/context.ts';
import type { Source } from '../commands/source.ts';
import type { Egress } from '../connectors/egress.ts';
import type { Access, Preset } from '../connectors/port.ts';
import { presetOf } from '../connectors/registry.ts';
import { sourceActor } from '../core/actor.ts';
import { LeitwerkError } from '../core/errors.ts';
import type { SecretBox } from '../store/secrets.ts';
import { toDetail } from './failure.ts';
import type { ImportStore } from './import-activities.ts';

/** What work with outside systems stands on. */
export interface Outgoing extends ImportStore {
  readonly egress: Egress;
  readonly secrets: SecretBox;
  /** Addresses of outside systems where they are not the usual ones, by connector. */
  readonly connectorUrls: ReadonlyMap<string, string>;
  /** Address of the app, for links. */
  readonly publicUrl: string;
}

const noConnection = (source: Source): LeitwerkError =>
  new LeitwerkError('Misconfigured', {
    text: {
      de: `Die Quelle „${source.label.de}“ nennt keine passende Verbindung: unter Einstellungen → Verbindungen anlegen und bei der Quelle eintragen.`,
      en: `The source "${source.label.en}" names no fitting connection: make one under Settings → Connections and enter it at the source.`,
    },
  });

/** @throws LeitwerkError `Misconfigured` for a source without a preset that this version knows. */
export function presetOfSource(source: Source): Preset {
  const preset = presetOf(source.preset);
  if (preset !== undefined) return preset;
  throw new LeitwerkError('Misconfigured', {
    text: {
      de: `Die Vorlage „${source.preset ?? ''}“ gibt es nicht.`,
      en: `There is no preset "${source.preset ?? ''}".`,
    },
  });
}

/**
 * Opens what a source is fetched with.
 * @throws LeitwerkError `Misconfigured`, `NotFound`.
 */
export async function openAccess(outgoing: Outgoing, ctx: Context, source: Source): Promise<Access> {
  const preset = presetOfSource(source);
  if (source.connection === undefined) throw noConnection(source);
  const { kind, settings, credentials } = await openConnection(ctx, outgoing.secrets, source.connection);
  if (kind !== preset.connection.kind) throw noConnection(source);
  const { egress, connectorUrls } = outgoing;
  return { egress, settings, credentials, now: outgoing.now(), apiUrl: connectorUrls.get(preset.key) };
}

/** Does something with a source's connection, and keeps on it how that came out. */
export async function withOutcome<T>(ctx: Context, source: Source, work: () => Promise<T>): Promise<T> {
  const keep = async (error: unknown): Promise<void> => {
    if (source.connection !== undefined)
      await keepOutcome(ctx, source.connection, error === null ? null : toDetail(error));
  };
  try {
    const result = await work();
    await keep(null);
    return result;
  } catch (error) {
    await keep(error);
    throw error;
  }
}

/** The source itself acting: what it brings names it as its maker. */
export const asSource = (ctx: Context, source: Source): Context => ({
  ...ctx,
  actor: sourceActor(ctx.actor.tenantId, { key: source.key, name: source.label.de }),
});
