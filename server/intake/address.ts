import { LeitwerkError } from '../../core/errors.ts';
import type { Registry, Snapshot } from '../../store/registry.ts';

/** Where a message goes. */
export interface Address {
  readonly tenantId: string;
  readonly source: string;
}

const mainTenant = 'main';

const decoded = (part: string): string => {
  try {
    return decodeURIComponent(part);
  } catch {
    // No source has such a name: the answer is the one for unknown sources.
    return '';
  }
};

const unknownSource = (): LeitwerkError =>
  new LeitwerkError('NotFound', { text: { de: 'Diese Quelle gibt es nicht.', en: 'There is no such source.' } });

/**
 * `/intake/<source>` of the main tenant, `/intake/<tenant>/<source>` of any.
 * @throws LeitwerkError `NotFound`.
 */
export function addressOf(path: string): Address {
  const [first = '', second = '', ...rest] = path.split('/').slice(2).map(decoded);
  if (first === '' || rest.length > 0) throw unknownSource();
  return second === '' ? { tenantId: mainTenant, source: first } : { tenantId: first, source: second };
}

/** @throws LeitwerkError `NotFound` for a tenant that does not exist. */
export function tenantSnapshot(registry: Registry, tenantId: string): Snapshot {
  if (!registry.tenantIds.includes(tenantId)) throw unknownSource();
  return registry.snapshot(tenantId);
}
