import type { Language } from '../errors.ts';
import { toConfigIssues, type ConfigIssue, type Fault, type Locate } from './faults.ts';
import type { RevisionKind } from './kinds.ts';
import { createSchemaCheck, type SchemaCheck } from './schema-faults.ts';
import { readYaml } from './yaml.ts';

/** A config value that has passed its schema; the kinds' own types are in `schemas/generated/`. */
export type ConfigValue = Readonly<Record<string, unknown>> & { readonly key: string };

export interface ParseOptions {
  /** Key that the address or the file name gives; the text must have the same. */
  readonly key?: string | undefined;
  /** Named in the issues. */
  readonly file?: string | undefined;
  /** Language of the sentences; German by default. */
  readonly language?: Language | undefined;
}

export interface Parsed {
  /** Undefined when anything is wrong. */
  readonly value: ConfigValue | undefined;
  /** What was read, also where it breaks its schema; undefined where nothing could be read. */
  readonly draft?: unknown;
  readonly issues: readonly ConfigIssue[];
  readonly locate: Locate;
}

let kept: SchemaCheck | undefined;
/** Compiled schemas do not depend on anything but the shipped files, so one set serves the whole process. */
export const schemaCheck = (): SchemaCheck => (kept ??= createSchemaCheck());

const keyOf = (kind: RevisionKind): string => (kind === 'schemas' ? '$id' : 'key');

const keyFaults = (kind: RevisionKind, value: unknown, key: string | undefined): Fault[] => {
  const name = keyOf(kind);
  const own =
    typeof value === 'object' && value !== null && name in value ? (value as Record<string, unknown>)[name] : undefined;
  if (key === undefined || typeof own !== 'string' || own === key) return [];
  const text = { de: `„${name}“ muss „${key}“ sein wie im Namen.`, en: `"${name}" must be "${key}" as in the name.` };
  return [{ path: `/${name}`, code: 'key', text }];
};

/**
 * Reads one config text and checks it against the schema of its kind: every fault at once, each with line and column.
 * What the schema cannot say (known fields, users, templates) is `checkMeaning`'s.
 */
export function parseConfig(kind: RevisionKind, text: string, options: ParseOptions = {}): Parsed {
  const reading = readYaml(text);
  const reader = { locate: reading.locate, language: options.language ?? 'de', file: options.file };
  if (reading.faults.length > 0)
    return { value: undefined, issues: toConfigIssues(reading.faults, reader), locate: reading.locate };
  const faults = [...schemaCheck().faults(kind, reading.value), ...keyFaults(kind, reading.value, options.key)];
  if (faults.length > 0) {
    const issues = toConfigIssues(faults, reader);
    return { value: undefined, draft: reading.value, issues, locate: reading.locate };
  }
  return { value: reading.value as ConfigValue, issues: [], locate: reading.locate };
}
