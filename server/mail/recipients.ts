import { LeitwerkError } from '../../core/errors.ts';
import { companyOf } from '../../commands/company.ts';
import { sourceOf } from '../../commands/source.ts';
import { findMailAddressByToken } from '../../store/mail-addresses.ts';
import type { MailRecipient } from '../../store/mail-jobs.ts';
import type { Snapshot } from '../../store/registry.ts';
import type { Services } from '../services.ts';

/** Where a mail to an address goes. */
export interface Route {
  readonly snapshot: Snapshot;
  readonly recipient: MailRecipient;
}

const mainTenant = 'main';

const domainsOf = (snapshot: Snapshot): readonly string[] => companyOf(snapshot)?.mail?.domains ?? [];

const takes = (snapshot: Snapshot, domain: string): boolean => {
  const domains = domainsOf(snapshot);
  return domains.length === 0 || domains.includes(domain);
};

/** The tenant that names the domain; else the main one, where that takes mail to any domain. */
const tenantOf = (services: Pick<Services, 'registry'>, domain: string): Snapshot | undefined => {
  const snapshots = services.registry.tenantIds.map((id) => services.registry.snapshot(id));
  const named = snapshots.find((snapshot) => domainsOf(snapshot).includes(domain));
  return named ?? snapshots.find((snapshot) => snapshot.tenantId === mainTenant && takes(snapshot, domain));
};

const splitAddress = (address: string): { local: string; plus: string; domain: string } => {
  const at = address.lastIndexOf('@');
  const [local = '', ...plus] = address.slice(0, at).split('+');
  return { local, plus: plus.join('+'), domain: address.slice(at + 1) };
};

const unknown = (cause?: unknown): LeitwerkError => new LeitwerkError('NotFound', { cause });

const toSource = (snapshot: Snapshot | undefined, address: string, plus: string): Route => {
  if (snapshot === undefined) throw unknown();
  const wanted = plus === '' ? (companyOf(snapshot)?.mail?.source ?? 'mail') : plus;
  return { snapshot, recipient: { kind: 'source', address, source: sourceOf(snapshot, wanted).key } };
};

/**
 * Who gets mail to this address: `leads@`, `leads+<source>@`, and the address of each user, with a record's number behind a plus
 * where one wants to. Everybody else hears the same no.
 * @throws LeitwerkError `NotFound`, `Unavailable`.
 */
export async function routeOf(services: Pick<Services, 'registry' | 'db'>, written: string): Promise<Route> {
  const address = written.toLowerCase();
  const { local, plus, domain } = splitAddress(address);
  if (local === 'leads') return toSource(tenantOf(services, domain), address, plus);
  const row = await findMailAddressByToken(services.db, local);
  const snapshot =
    row === undefined || !services.registry.tenantIds.includes(row.tenantId)
      ? undefined
      : services.registry.snapshot(row.tenantId);
  const user = snapshot?.users.get(row?.userId ?? '');
  if (snapshot === undefined || user === undefined || user.isDisabled || !takes(snapshot, domain)) throw unknown();
  return {
    snapshot,
    recipient: { kind: 'user', address, user: user.id, number: plus === '' ? null : plus.toUpperCase() },
  };
}
