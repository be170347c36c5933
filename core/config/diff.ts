import { diffLines as compare } from 'diff';

/** One line of a comparison; line numbers count from 1 in the text that has it. */
export interface DiffLine {
  readonly change: 'same' | 'added' | 'removed';
  readonly text: string;
  readonly before?: number;
  readonly after?: number;
}

export interface LineDiff {
  readonly added: number;
  readonly removed: number;
  readonly lines: readonly DiffLine[];
}

const linesOf = (text: string): string[] => text.replace(/\n$/, '').split('\n');

/** Compares two texts line by line; line ends do not count. */
export function diffLines(before: string, after: string): LineDiff {
  const lines: DiffLine[] = [];
  const count = { before: 0, after: 0, added: 0, removed: 0 };
  for (const part of compare(before, after, { stripTrailingCr: true })) {
    for (const text of part.value === '' ? [] : linesOf(part.value)) {
      if (part.added) lines.push({ change: 'added', text, after: (count.after += 1) });
      else if (part.removed) lines.push({ change: 'removed', text, before: (count.before += 1) });
      else lines.push({ change: 'same', text, before: (count.before += 1), after: (count.after += 1) });
    }
    if (part.added) count.added += part.count;
    if (part.removed) count.removed += part.count;
  }
  return { added: count.added, removed: count.removed, lines };
}
