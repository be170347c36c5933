import { checkMeaning } from '../core/config/meaning.ts';
import type { RevisionKind } from '../core/config/kinds.ts';
import type { ConfigValue } from '../core/config/parse.ts';
import type { Fault } from '../core/config/faults.ts';
import type { Text } from '../core/errors.ts';
import type { ConfigHead } from '../store/config.ts';
import { lookupOf, type ConfigState, type StateChange } from './config-state.ts';

/** A config text in force that a change would break. */
export interface BrokenReference {
  readonly kind: string;
  readonly key: string;
  readonly path: string;
  readonly text: Text;
}

const faultsOf = (head: ConfigHead, state: ConfigState, change: StateChange): Fault[] =>
  checkMeaning(head.kind as RevisionKind, head.value as ConfigValue, lookupOf(state, change));

const isChanged = (head: ConfigHead, { added = [], removed }: StateChange): boolean =>
  [...added, ...(removed === undefined ? [] : [removed])].some(
    (entry) => entry.kind === head.kind && entry.key === head.key,
  );

/**
 * Finds who would be left with a name that leads nowhere: every other text is checked again as if the change had been made,
 * and what was wrong before does not count.
 */
export function brokenReferences(state: ConfigState, change: StateChange): BrokenReference[] {
  return state.heads.flatMap((head) => {
    if (isChanged(head, change)) return [];
    const before = new Set(faultsOf(head, state, {}).map((fault) => `${fault.path} ${fault.code}`));
    return faultsOf(head, state, change)
      .filter((fault) => !before.has(`${fault.path} ${fault.code}`))
      .map((fault) => ({ kind: head.kind, key: head.key, path: fault.path, text: fault.text }));
  });
}
