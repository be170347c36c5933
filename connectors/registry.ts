import type { PresetRules } from '../core/config/lookup.ts';
import { issueOf, LeitwerkError } from '../core/errors.ts';
import { imap } from './imap/kind.ts';
import type { ConnectorKind, Preset } from './port.ts';
import * as registered from './presets.ts';

/** By the name that sources give. */
const presets: readonly Preset[] = Object.values(registered);

/** Kinds of connections: those of presets, which come by themselves, and mailboxes. */
export const connectorKinds: ReadonlyMap<string, ConnectorKind> = new Map(
  [...presets.map(({ connection }) => connection), imap].map((one) => [one.kind, one]),
);

/** @throws LeitwerkError `InvalidInput`. */
export function connectorKindOf(kind: string): ConnectorKind {
  const found = connectorKinds.get(kind);
  if (found !== undefined) return found;
  const known = [...connectorKinds.keys()].join(', ');
  const text = {
    de: `Die Art „${kind}“ gibt es nicht. Möglich sind: ${known}.`,
    en: `There is no kind "${kind}". Possible are: ${known}.`,
  };
  throw new LeitwerkError('InvalidInput', {
    text,
    issues: [issueOf({ path: '/kind', code: 'unknown' }, text, 'en')],
  });
}

/** What a source can name as its `preset`. */
export const presetRules: readonly PresetRules[] = presets.map(({ key, connection, table }) => ({
  key,
  connection: connection.kind,
  hasTable: table !== undefined,
}));

export const presetOf = (key: string | undefined): Preset | undefined => presets.find((preset) => preset.key === key);

/** Whether a source is one whose outside system is asked. */
export const isFetched = (source: {
  readonly preset?: string;
  readonly connection?: string;
  readonly isActive?: boolean;
}): boolean => {
  const preset = presetOf(source.preset);
  const canAsk = preset?.catchUp !== undefined || preset?.table !== undefined;
  return canAsk && source.isActive !== false && source.connection !== undefined;
};
