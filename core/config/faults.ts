import type { Issue, Language, Text } from '../errors.ts';

/** A fault before it is put into a language and found in the text. `path` is a JSON pointer. */
export interface Fault {
  readonly path: string;
  readonly code: string;
  readonly text: Text;
  /** The fault is about the name of the property, not about its value. */
  readonly isAboutName?: boolean;
  /** Where it is, when it is known already; else the node of `path`. */
  readonly position?: Position;
}

export interface Position {
  /** Both count from 1. */
  readonly line: number;
  readonly column: number;
}

/** An issue of a config file; `file` as the caller named it. */
export interface ConfigIssue extends Issue {
  readonly file?: string;
}

export type Locate = (path: string, isAboutName?: boolean) => Position | undefined;

export const fault = (path: string, code: string, text: Text): Fault => ({ path, code, text });

export const escapePointer = (part: string): string => part.replaceAll('~', '~0').replaceAll('/', '~1');

export const fromPointer = (path: string): string[] =>
  path === ''
    ? []
    : path
        .slice(1)
        .split('/')
        .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));

interface Reader {
  readonly locate: Locate;
  readonly language: Language;
  readonly file?: string | undefined;
}

/** Puts faults into the reader's language, with the line and column of their node, in the order of the text. */
export function toConfigIssues(faults: readonly Fault[], reader: Reader): ConfigIssue[] {
  const issues = faults.map((one): ConfigIssue => {
    const position = one.position ?? reader.locate(one.path, one.isAboutName);
    return {
      path: one.path,
      code: one.code,
      message: one.text[reader.language],
      ...(reader.file === undefined ? {} : { file: reader.file }),
      ...(position === undefined ? {} : { line: position.line, column: position.column }),
    };
  });
  return inOrder(issues);
}

/** In the order of the text. */
export const inOrder = (issues: readonly ConfigIssue[]): ConfigIssue[] =>
  issues.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0));
