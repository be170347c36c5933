import { domainToUnicode } from 'node:url';

/** An address or domain as keys have it, and as people may have written it into the record: `info@xn--mller-kva.de`, `info@müller.de`. */
export function mailSpellings(key: string): readonly string[] {
  const domain = key.slice(key.lastIndexOf('@') + 1);
  const readable = domain.includes('xn--') ? domainToUnicode(domain) : '';
  return readable === '' || readable === domain ? [key] : [key, key.slice(0, key.length - domain.length) + readable];
}
