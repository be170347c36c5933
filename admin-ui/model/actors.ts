import type { User } from '../api/types.ts';

interface Known {
  readonly users: readonly User[];
  /** Label of a source by its key. */
  readonly sourceLabel?: (key: string) => string | undefined;
  readonly systemLabel: string;
  /** What a pipeline's process is called. */
  readonly processLabel: string;
}

/** Turns `user/<id>`, `source/<key>`, `process/<id>`, `key/<id>` or `system` into a name. */
export function actorLabel(actor: string, { users, sourceLabel, systemLabel, processLabel }: Known): string {
  const cut = actor.indexOf('/');
  const kind = cut < 0 ? 'user' : actor.slice(0, cut);
  const id = actor.slice(cut + 1);
  if (kind === 'user') return users.find((user) => user.id === id)?.name ?? systemLabel;
  if (kind === 'source') return sourceLabel?.(id) ?? id;
  if (kind === 'key') return 'API';
  if (kind === 'process') return processLabel;
  return systemLabel;
}
