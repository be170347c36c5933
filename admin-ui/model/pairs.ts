/** Two records as an address names them: the older first, as lists of pairs have them. */
export const pairKey = (one: string, other: string): string => [one, other].toSorted().join('.');
