import { v7 as uuidv7 } from 'uuid';
import type { Context } from '../../commands/context.ts';
import { systemActor } from '../../core/actor.ts';
import { LeitwerkError, type Issue, type Language } from '../../core/errors.ts';
import { createAbility } from '../../core/permissions.ts';
import type { Foundation } from '../foundation.ts';
import type { Settings } from '../settings.ts';

export interface Option {
  /** Name of the value in the help; absent = a switch. */
  readonly value?: string;
  readonly text: string;
  readonly isRequired?: boolean;
  readonly isRepeatable?: boolean;
}

/** What a command was called with, and what it may use. */
export interface Call {
  readonly settings: Settings;
  readonly language: Language;
  readonly positionals: readonly string[];
  /** A given option; empty text counts as not given. */
  readonly option: (name: string) => string | undefined;
  readonly options: (name: string) => readonly string[];
  readonly isOn: (name: string) => boolean;
  /** Opens the database at first use; closed after the command. */
  readonly foundation: () => Promise<Foundation>;
  readonly readStdin: () => Promise<string>;
}

/** `text` for people, `json` for scripts (`--json`). */
export interface Answer {
  readonly text: string;
  readonly json: unknown;
  /** Other than 0 where the command did its work and the result is bad news (`doctor`, `config validate`). */
  readonly exitCode?: number;
}

export interface Command {
  /** Its words: `user create`. */
  readonly name: string;
  readonly text: string;
  /** Names of what follows the words: `<file>`, `[dir]`. */
  readonly positionals?: readonly string[];
  readonly options?: Readonly<Record<string, Option>>;
  readonly run: (call: Call) => Promise<Answer>;
}

/** Who has the shell has the data: the command line acts as the system, and the audit log says so. */
export async function systemContext(call: Call): Promise<Context> {
  const { db, registry } = await call.foundation();
  const tenantId = call.option('tenant') ?? 'main';
  const snapshot = registry.snapshot(tenantId);
  const actor = systemActor(tenantId, call.language);
  const role = { key: 'superadmin', label: { de: 'System', en: 'System' }, can: [{ do: ['*'], on: '*' }], may: ['*'] };
  const ability = createAbility(role, actor, { models: snapshot.models, now: new Date() });
  return { db, snapshot, actor, ability, language: call.language, now: () => new Date(), newId: () => uuidv7() };
}

/** @throws LeitwerkError `InvalidInput` for a missing `<file>`. */
export function positional(call: Call, index: number, name: string): string {
  const value = call.positionals[index];
  if (value === undefined || value === '') throw usage(`<${name}> fehlt.`, `<${name}> is missing.`);
  return value;
}

export function required(call: Call, name: string): string {
  const value = call.option(name);
  if (value === undefined) throw usage(`--${name} fehlt.`, `--${name} is missing.`);
  return value;
}

export function usage(de: string, en: string): LeitwerkError {
  return new LeitwerkError('InvalidInput', { text: { de, en } });
}

/** `pipelines/inbox.yaml:12:5: sentence`, as editors and terminals make it a link. */
export function toIssueLine({ path, message, line, column, ...issue }: Issue & { readonly file?: string }): string {
  const place = line === undefined ? path : `:${line}:${column ?? 1}`;
  return `${issue.file ?? ''}${place}: ${message}`;
}

/** A table as people read it: columns as wide as their content. */
export function toTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...lines.map((line) => (line[column] ?? '').length)));
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
