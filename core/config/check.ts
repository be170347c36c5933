import { inOrder, toConfigIssues } from './faults.ts';
import type { RevisionKind } from './kinds.ts';
import type { ConfigLookup } from './lookup.ts';
import { checkMeaning } from './meaning.ts';
import { parseConfig, schemaCheck, type ConfigValue, type Parsed, type ParseOptions } from './parse.ts';
import { faultsOfSoundPart } from './sound-part.ts';

/** Reads one config text and checks shape and meaning: every fault with line, column and a sentence; `value` only when there is none. */
export function checkConfig(
  kind: RevisionKind,
  text: string,
  options: ParseOptions & { readonly lookup: ConfigLookup },
): Parsed {
  const parsed = parseConfig(kind, text, options);
  const judge = (value: ConfigValue) => checkMeaning(kind, value, options.lookup);
  const check = (value: unknown) => schemaCheck().faults(kind, value);
  const faults =
    parsed.value === undefined ? faultsOfSoundPart(kind, parsed.draft, { check, judge }) : judge(parsed.value);
  if (faults.length === 0) return parsed;
  const issues = toConfigIssues(faults, {
    locate: parsed.locate,
    language: options.language ?? 'de',
    file: options.file,
  });
  return { value: undefined, issues: inOrder([...parsed.issues, ...issues]), locate: parsed.locate };
}
