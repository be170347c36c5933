import type { Reading } from '../core/field-value.ts';
import type { CompanyConfig } from '../schemas/generated/config.ts';
import type { Snapshot } from '../store/registry.ts';

/** The tenant's company settings; undefined until somebody has published them. */
export const companyOf = (snapshot: Pick<Snapshot, 'config'>): CompanyConfig | undefined =>
  snapshot.config('company').values().next().value?.value as CompanyConfig | undefined;

/** The zone in which the company's days begin. */
export const timeZoneOf = (snapshot: Pick<Snapshot, 'config'>): string =>
  companyOf(snapshot)?.timeZone ?? 'Europe/Berlin';

/** How values that came from outside are read here. */
export const readingOf = (snapshot: Pick<Snapshot, 'config' | 'choices'>): Reading => ({
  timeZone: timeZoneOf(snapshot),
  choices: ({ configKind }) => (configKind === undefined ? undefined : snapshot.choices(configKind)),
});
