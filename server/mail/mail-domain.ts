import { isIP } from 'node:net';
import { companyOf } from '../../commands/company.ts';
import type { Snapshot } from '../../store/registry.ts';

/** A name that mail can be sent to; where the address is a number or this machine, any name does. */
const hostOf = (publicUrl: string): string => {
  const { hostname } = new URL(publicUrl);
  return isIP(hostname.replaceAll(/[[\]]/g, '')) > 0 || hostname === 'localhost' ? 'leitwerk.local' : hostname;
};

/** The domain that mail to us goes to: the first that is accepted, else the name that people reach us at. */
export const mailDomainOf = (snapshot: Snapshot, publicUrl: string): string =>
  companyOf(snapshot)?.mail?.domains?.[0] ?? hostOf(publicUrl);
