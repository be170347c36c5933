import { parsePhoneNumberFromString } from 'libphonenumber-js/min';
import { isAscii } from './filter/text.ts';

/** Legal forms at the end of a name, in which two spellings of one company may differ. */
const legalForms = new Set(
  'gmbh gesmbh mbh ggmbh ag kgaa kg ohg ug gbr egbr partg partgmbb mbb se ek eu ev eg co ltd limited inc llc sarl sa bv nv spzoo haftungsbeschraenkt'.split(
    ' ',
  ),
);
const longForms =
  /\b(gesellschaft mit beschraenkter haftung|aktiengesellschaft|kommanditgesellschaft|eingetragener (verein|kaufmann)|e (v|k|u)|sp z ?o ?o)$/;
const fillers = new Set(['und', 'and', '&']);

const folds: Readonly<Record<string, string>> = {
  ä: 'ae',
  ö: 'oe',
  ü: 'ue',
  ß: 'ss',
  é: 'e',
  è: 'e',
  ê: 'e',
  á: 'a',
  à: 'a',
  ó: 'o',
  í: 'i',
  ú: 'u',
  ç: 'c',
  ñ: 'n',
};

/** macOS writes `ü` as two characters, `u` and its dots: composed, both spellings are one. */
const fold = (text: string): string =>
  text
    .toLowerCase()
    .normalize('NFC')
    .replaceAll(/\P{ASCII}/gu, (letter) => folds[letter] ?? letter)
    .replaceAll(/[.,'’`"()]/g, '')
    .replaceAll(/[^\p{L}\p{N}&]+/gu, ' ')
    .trim();

/** Key under which two spellings of one company meet: `Müller & Söhne GmbH` and `mueller + soehne` → `mueller soehne`. */
export function companyKey(name: string): string {
  const words = fold(name)
    .replace(longForms, '')
    .split(' ')
    .filter((word) => word !== '' && !fillers.has(word));
  let end = words.length;
  while (end > 1 && legalForms.has(words[end - 1] ?? '')) end -= 1;
  return words.slice(0, end).join(' ');
}

/** Key of a person's name, whatever the order: `Meyer, Jörg` → `joerg meyer`. */
export function personKey(name: string): string {
  return fold(name).split(' ').toSorted().join(' ');
}

/** E.164 where the number is readable (national numbers are read as German), else its digits; empty when it has none. */
export function phoneKey(phone: string): string {
  const parsed = parsePhoneNumberFromString(phone, 'DE');
  return parsed?.isPossible() === true ? parsed.number : phone.replaceAll(/\D/g, '');
}

/** A domain as the DNS has it (`müller.de` → `xn--mller-kva.de`); what cannot be one stays as it is. */
export function asciiDomain(domain: string): string {
  if (isAscii(domain) || !/^[\p{L}\p{M}\p{N}.-]+$/u.test(domain) || /(?:^|\.)-|-(?:\.|$)/.test(domain)) return domain;
  const url = URL.parse(`http://${domain}`);
  return url === null ? domain : url.hostname;
}

/** A mail address with its domain as the DNS has it. */
export function asciiAddress(address: string): string {
  const at = address.lastIndexOf('@') + 1;
  return at === 0 || isAscii(address) ? address : address.slice(0, at) + asciiDomain(address.slice(at));
}

/** Both spellings of a domain with letters beyond ASCII are one, and so are those of a letter before the @ (RFC 6531). */
export const emailKey = (email: string): string => asciiAddress(email.trim().toLowerCase().normalize('NFC'));

const freeMailDomains = new Set([
  'gmail.com',
  'googlemail.com',
  'gmx.de',
  'gmx.net',
  'gmx.at',
  'gmx.ch',
  'web.de',
  't-online.de',
  'yahoo.de',
  'yahoo.com',
  'outlook.de',
  'outlook.com',
  'hotmail.de',
  'hotmail.com',
  'live.de',
  'icloud.com',
  'me.com',
  'aol.com',
  'freenet.de',
  'posteo.de',
  'mailbox.org',
  'proton.me',
  'protonmail.com',
  'bluewin.ch',
  'aon.at',
]);

/** Mail domain that stands for a company; undefined for mail providers that everyone uses. */
export function companyDomain(email: string): string | undefined {
  const domain = emailKey(email).split('@')[1];
  return domain === undefined || domain === '' || freeMailDomains.has(domain) ? undefined : domain;
}

/** Where many companies have their page: the host says nothing about whose it is. */
const sharedHosts = new Set([
  'facebook.com',
  'instagram.com',
  'linkedin.com',
  'xing.com',
  'youtube.com',
  'tiktok.com',
  'google.com',
  'sites.google.com',
  'linktr.ee',
]);

/** Mail domain that a company's website suggests; undefined for pages on hosts of many. */
export function websiteDomain(website: string): string | undefined {
  const address = /^[a-z][a-z0-9+.-]*:\/\//iu.test(website) ? website : `https://${website}`;
  const host = URL.parse(address)?.hostname.replace(/^www\./u, '') ?? '';
  return sharedHosts.has(host.replace(/^[a-z]{2}(?:-[a-z]{2})?\./u, '')) || !/\.[a-z][a-z0-9-]+$/u.test(host)
    ? undefined
    : companyDomain(`@${host}`);
}
