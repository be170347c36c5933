const atOnce = 100;

/**
 * Keys in groups for `IN (…)`, every one of the same size, so that one prepared statement serves them all: a statement for every
 * number of keys would fill the memory of a process that asks thousands of times. The last key stands in for what is missing.
 */
export function keyGroups<T>(keys: readonly T[]): readonly (readonly T[])[] {
  if (keys.length <= 1) return keys.length === 0 ? [] : [keys];
  const groups: (readonly T[])[] = [];
  for (let index = 0; index < keys.length; index += atOnce) {
    const group = keys.slice(index, index + atOnce);
    const last = group.slice(-1);
    while (group.length < atOnce) group.push(...last);
    groups.push(group);
  }
  return groups;
}
