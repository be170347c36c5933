import { LeitwerkError } from '../../core/errors.ts';
import type { Queries } from '../../store/database.ts';
import { findMailAddressByToken } from '../../store/mail-addresses.ts';
import type { MailRecipient } from '../../store/mail-jobs.ts';
import type { Registry, Snapshot } from '../../store/registry.ts';
import { companyOf } from '../company.ts';
import { sourceOf } from '../source.ts';

/** What routing looks into. */
interface Directory {
  readonly registry: Registry;
  readonly db: Queries;
}

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
const tenantOf = (directory: Directory, domain: string): Snapshot | undefined => {
  const snapshots = directory.registry.tenantIds.map((id) => directory.registry.snapshot(id));
  const named = snapshots.find((snapshot) => domainsOf(snapshot).includes(domain));
  return named ?? snapshots.find((snapshot) => snapshot.tenantId === mainTenant && takes(snapshot, domain));
};

const splitAddress = (address: string): { local: string; plus: string; domain: string } => {
  const at = address.lastIndexOf('@');
  const [local = '', ...plus] = address.slice(0, at).split('+');
  return { local, plus: plus.join('+'), domain: address.slice(at + 1) };
};

/** Whether an address is the company's own for leads: `leads@` or `leads+<source>@` a domain that it takes. */
export function isSourceAddress(snapshot: Snapshot, address: string): boolean {
  const { local, domain } = splitAddress(address);
  return local === 'leads' && takes(snapshot, domain);
}

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
export async function routeOf(directory: Directory, written: string): Promise<Route> {
  const address = written.toLowerCase();
  const { local, plus, domain } = splitAddress(address);
  if (local === 'leads') return toSource(tenantOf(directory, domain), address, plus);
  const row = await findMailAddressByToken(directory.db, local);
  const snapshot =
    row === undefined || !directory.registry.tenantIds.includes(row.tenantId)
      ? undefined
      : directory.registry.snapshot(row.tenantId);
  const user = snapshot?.users.get(row?.userId ?? '');
  if (snapshot === undefined || user === undefined || user.isDisabled || !takes(snapshot, domain)) throw unknown();
  return {
    snapshot,
    recipient: { kind: 'user', user: user.id, name: user.name, number: plus === '' ? null : plus.toUpperCase() },
  };
}

/** Headers in which a mail in a mailbox says whom it was for; of those in copy and blind copy, too. */
const addressed = /^(?:to|cc|bcc|delivered-to|x-original-to|envelope-to):.*(?:\r?\n[ \t].*)*/gim;
const addressIn = /[\w.+-]+@[\w.-]+/g;
/** Addresses of one mail that are looked up. */
const mostAddresses = 50;

/** Users of a company whose address for filing a mail's header names. */
export async function usersNamedIn(directory: Directory, tenantId: string, header: string): Promise<MailRecipient[]> {
  const named = [...header.matchAll(addressed)].flatMap(([line]) => line.toLowerCase().match(addressIn) ?? []);
  const found: MailRecipient[] = [];
  for (const address of [...new Set(named)].slice(0, mostAddresses)) {
    const route = await routeOf(directory, address).catch((error: unknown) => {
      if (error instanceof LeitwerkError && error.code === 'NotFound') return undefined;
      throw error;
    });
    if (route?.recipient.kind === 'user' && route.snapshot.tenantId === tenantId) found.push(route.recipient);
  }
  return found;
}
