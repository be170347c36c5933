import { companyOf } from '../commands/company.ts';
import type { Source } from '../commands/source.ts';
import type { Snapshot } from '../store/registry.ts';
import { mailDomainOf } from './mail/mail-domain.ts';

const mailAddress = (publicUrl: string, snapshot: Snapshot, key: string): string => {
  const isMain = key === (companyOf(snapshot)?.mail?.source ?? 'mail');
  return `${isMain ? 'leads' : `leads+${key}`}@${mailDomainOf(snapshot, publicUrl)}`;
};

/** Where a source takes messages, one for mail its mail address, and its hosted form where it has one. */
export function sourceAddress(
  publicUrl: string,
  snapshot: Snapshot,
  { key, auth, form }: Source,
): { readonly url: string; readonly formUrl: string | null } {
  const path = snapshot.tenantId === 'main' ? key : `${snapshot.tenantId}/${key}`;
  return {
    url: auth === 'mail' ? mailAddress(publicUrl, snapshot, key) : `${publicUrl}/intake/${path}`,
    formUrl: form === undefined ? null : `${publicUrl}/forms/${path}`,
  };
}
