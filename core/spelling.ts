/** Lower case, with umlauts and ß as they are spelt where there are none: `Müßig` → `muessig`. */
export const spelledOut = (text: string): string =>
  text.toLowerCase().replaceAll('ä', 'ae').replaceAll('ö', 'oe').replaceAll('ü', 'ue').replaceAll('ß', 'ss');

/** "Messe & Events" → "messe-events": lower case letters, digits and hyphens. */
export const toKey = (label: string): string =>
  spelledOut(label)
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '');
