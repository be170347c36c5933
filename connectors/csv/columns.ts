import type { Text } from '../../core/errors.ts';
import { columnName } from '../../core/mapping-path.ts';

/** Names of the columns, unique and never empty; without a header they are numbered from 1. */
export function readColumns(
  header: readonly string[] | undefined,
  width: number,
): { readonly columns: readonly string[]; readonly notes: readonly Text[] } {
  const columns: string[] = [];
  const notes: Text[] = [];
  for (let index = 0; index < width; index += 1) {
    const wanted = columnName(header?.[index] ?? '');
    const name = wanted === '' ? `${index + 1}` : wanted;
    const taken = new Set(columns);
    let unique = name;
    for (let count = 2; taken.has(unique); count += 1) unique = `${name} (${count})`;
    columns.push(unique);
    if (unique !== name)
      notes.push({
        de: `Die Spalte „${name}“ gibt es mehrmals; die ${index + 1}. heißt hier „${unique}“.`,
        en: `The column "${name}" is there several times; number ${index + 1} is called "${unique}" here.`,
      });
  }
  return { columns, notes };
}
