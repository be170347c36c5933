import type { Source } from '../commands/source.ts';

/** Where a source takes messages, and its hosted form where it has one. */
export function sourceAddress(
  publicUrl: string,
  tenantId: string,
  source: Pick<Source, 'key' | 'form'>,
): { readonly url: string; readonly formUrl: string | null } {
  const path = tenantId === 'main' ? source.key : `${tenantId}/${source.key}`;
  return {
    url: `${publicUrl}/intake/${path}`,
    formUrl: source.form === undefined ? null : `${publicUrl}/forms/${path}`,
  };
}
