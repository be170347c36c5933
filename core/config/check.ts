import { toConfigIssues } from './faults.ts';
import type { RevisionKind } from './kinds.ts';
import type { ConfigLookup } from './lookup.ts';
import { checkMeaning } from './meaning.ts';
import { parseConfig, type Parsed, type ParseOptions } from './parse.ts';

/** Reads one config text and checks shape and meaning: every fault with line, column and a sentence; `value` only when there is none. */
export function checkConfig(
  kind: RevisionKind,
  text: string,
  options: ParseOptions & { readonly lookup: ConfigLookup },
): Parsed {
  const parsed = parseConfig(kind, text, options);
  if (parsed.value === undefined) return parsed;
  const faults = checkMeaning(kind, parsed.value, options.lookup);
  if (faults.length === 0) return parsed;
  const issues = toConfigIssues(faults, {
    locate: parsed.locate,
    language: options.language ?? 'de',
    file: options.file,
  });
  return { value: undefined, issues, locate: parsed.locate };
}
