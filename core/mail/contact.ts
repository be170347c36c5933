import { addressPattern } from './lines.ts';
import type { ParsedMail } from './parsed-mail.ts';
import { nameOf, withoutProxy, type PersonName } from './person-name.ts';
import { ownText } from './quotes.ts';
import { signatureOf } from './signature.ts';

/** Who wrote, as far as sender, signature and text say; what is not known is left out. */
export interface MailContact extends PersonName {
  readonly email?: string;
  readonly phone?: string;
  readonly company?: string;
  readonly jobTitle?: string;
  readonly street?: string;
  readonly postalCode?: string;
  readonly city?: string;
}

const legalForm =
  /(?:^|[\s&])(?:gGmbH|GmbH|mbH|UG|AG|KGaA|KG|OHG|GbR|PartG(?:mbB)?|e\.\s?K\.|e\.\s?V\.|e\.\s?G\.|SE|Ltd\.?|Limited|LLC|Inc\.?|Corp\.?|PLC|B\.V\.|S\.A\.|Sàrl|GesmbH|Genossenschaft|Stiftung)(?=$|[\s,.|)(&])/;

/** Registers, boards and banks name companies that are not the sender's. */
const smallPrint =
  /amtsgericht|handelsregister|HR[AB]\b|geschäftsführ(?:er|ung)\s?:|vorstand\s?:|aufsichtsrat|ust\.?-?id|iban|bank|sitz der/i;

const role =
  /geschäftsführ|inhaber|leiter|leitung|leiterin|manager|vertrieb|einkauf|verkauf|berater|consultant|assisten[zt]|sekretari|prokurist|direktor|director|vorstand|head of|\bC[EFTOM]O\b|sales|marketing|engineer|ingenieur|architekt|entwickler|developer|meister|sachbearbeit|referent|gesellschafter|owner|founder|gründer|president|partner/i;

const number = /(?:\+|\b0|\(0|\(\+)[\d\s()/.–-]{5,24}\d/;
const street =
  /^(?:.{0,60}[\s,|·•]\s?)?((?:[\p{L}.'-]+\s){0,4}[\p{L}.'-]*(?:str(?:aße|asse|\.)|weg|platz|allee|gasse|ring|damm|ufer|chaussee|hof|markt|park|steig|berg|graben|wall|street|road|lane|avenue)\s?\d{1,4}\s?[a-zA-Z]?(?:\s?[-–/]\s?\d{1,4}\s?[a-zA-Z]?)?)(?=$|[\s,|·•])/iu;
const town =
  /(?:^|[\s,|·•])(?:(?:D|DE|A|AT|CH)[ -]{1,3})?(\d{4,5})\s+(\p{Lu}[\p{L}.-]+(?:[ /(-](?:\p{Lu}|am|an|im|in|der|den|ob|bei|vor|[av]\.)[\p{L}.()]*){0,4})/u;

/** Words and a house number: a street where a town follows (`Am Alten Hafen 12a | D-28195 Bremen`). */
const namedHouse =
  /^\p{Lu}[\p{L}.'’-]*(?:\s[\p{L}.'’-]+){0,4}\s\d{1,4}\s?[a-zA-Z]?(?:\s?[-–/]\s?\d{1,4}\s?[a-zA-Z]?)?$/u;
const noHouse = /postfach|p\.?\s?o\.?\s?box|\b(?:tel|telefon|fon|fax|mobil|telefax)\b/i;

/** What stands before the town, on its line or on the one above. */
const houseBeforeTown = (lines: readonly string[]): string | undefined => {
  const pieces = lines.flatMap((line) => line.split(/\s*[|·•,]\s*/));
  for (const [index, piece] of pieces.entries()) {
    const found = town.exec(piece);
    if (found === null) continue;
    const before = piece.slice(0, found.index).trim();
    const house = before === '' ? (pieces[index - 1] ?? '') : before;
    return house.length <= 60 && namedHouse.test(house) && !noHouse.test(house) ? house : undefined;
  }
  return undefined;
};

const cleanNumber = (text: string): string =>
  text
    .replace(/\s+/g, ' ')
    .replace(/^[\s.(]+(?=\+)/, '')
    .trim();

/** `Tel.: …`, `T +49 …`, `Mobil …`; a fax is no way to call. */
const labelled = (lines: readonly string[], label: RegExp): string | undefined => {
  for (const line of lines) {
    for (const piece of line.split(/[|·•,;]|\s{3,}|(?=\b(?:fax|fon|mobil|tel)[.:e\s])/i)) {
      const [, rest = ''] = label.exec(piece.trim()) ?? [];
      const found = number.exec(rest);
      if (found !== null) return cleanNumber(found[0]);
    }
  }
  return undefined;
};

const telephone =
  /^(?:tel(?:efon|efonnummer|\.?-?nr)?|fon|phone|ph|t|p|büro|office|direkt|direct|durchwahl|zentrale)\b[.:]{0,2}\s?(.*)$/i;
const mobile = /^(?:mob(?:il|ile|iltelefon|ilnummer)?|handy|cell|m|h)\b[.:]{0,2}\s?(.*)$/i;
const telephoneInText =
  /(?:tel(?:efon)?(?:nummer|isch)?|\bfon|mobil|handy|erreichbar|erreichen|rückruf|call|phone|nummer)\D{0,40}?((?:\+|\b0)[\d\s()/.–-]{5,24}\d)/i;

const phoneOf = (signature: readonly string[], text: string): string | undefined => {
  const inSignature = labelled(signature, telephone) ?? labelled(signature, mobile);
  if (inSignature !== undefined) return inSignature;
  const inText = telephoneInText.exec(text.slice(0, 20_000))?.[1];
  if (inText !== undefined) return cleanNumber(inText);
  const alone = signature.find((line) => /^[+(0]/.test(line) && number.exec(line)?.[0].length === line.length);
  return alone === undefined ? undefined : cleanNumber(alone);
};

const companyOf = (signature: readonly string[], senderName: string): string | undefined => {
  const line = signature.find((one) => one.length <= 120 && legalForm.test(one) && !smallPrint.test(one));
  const inName = /[|(@–-]\s*([^|()]{2,80}?)\)?\s*$/.exec(senderName)?.[1];
  const named = legalForm.test(senderName) ? (inName ?? senderName) : undefined;
  const piece = line?.split(/\s*[|·•]\s*|,\s+/).find((part) => legalForm.test(part));
  return (piece ?? named)?.replace(/^(?:firma|fa\.)\s+/i, '').trim();
};

const jobTitleOf = (signature: readonly string[], name: PersonName): string | undefined => {
  const own = signature.slice(0, 5).flatMap((line) => line.split(/\s*[|·•]\s*/));
  const isName = (line: string): boolean => name.lastName !== undefined && line.includes(name.lastName);
  return own.find(
    (line) => line.length <= 80 && role.test(line) && !legalForm.test(line) && !isName(line) && !/[:@\d]/.test(line),
  );
};

const addressOf = (lines: readonly string[]): Pick<MailContact, 'street' | 'postalCode' | 'city'> => {
  const short = lines.filter((line) => line.length <= 200 && !smallPrint.test(line));
  const place = short.map((line) => town.exec(line)).find((found) => found !== null);
  const road =
    short.map((line) => street.exec(line)?.[1]).find((found) => found !== undefined) ?? houseBeforeTown(short);
  return {
    ...(road === undefined ? {} : { street: road.trim() }),
    ...(place === undefined
      ? {}
      : { postalCode: place?.[1] ?? '', city: (place?.[2] ?? '').replace(/[\s,(.-]+$/, '') }),
  };
};

const isMachine = (address: string): boolean =>
  /^(?:no-?reply|do-?not-?reply|noreply|wordpress|www-data|apache|nobody|mailer|webmaster|web|website|server|root|kontaktformular|formular|forms?)\b/.test(
    address,
  );

const emailOf = (mail: ParsedMail, text: string): string | undefined => {
  const addresses = [mail.replyTo[0]?.address, mail.from?.address].filter((address) => address !== undefined);
  const own = addresses.find((address) => !isMachine(address));
  return own ?? addressPattern.exec(text.slice(0, 20_000))?.[0].toLowerCase() ?? addresses[0];
};

const present = <T extends object>(values: T): Partial<T> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined && value !== '')) as Partial<T>;

/** What the sender tells about who they are: `Reply-To` and `From`, the signature (German and English) and numbers named in the text. */
export function contactOf(mail: ParsedMail): MailContact {
  const text = ownText(mail);
  const signature = signatureOf(text);
  const email = emailOf(mail, text);
  const sender = mail.replyTo.find(({ address, name }) => address === email && name !== '') ?? mail.from;
  const senderName = sender?.name ?? '';
  const signed = signature.lines.map((line) => withoutProxy(line)).find((line) => line !== '') ?? '';
  const name = nameOf(senderName, email ?? '', signature.isMarked ? signed : '');
  return present({
    ...name,
    email,
    phone: phoneOf(signature.lines, text),
    company: companyOf(signature.lines, senderName),
    jobTitle: signature.isMarked ? jobTitleOf(signature.lines, name) : undefined,
    ...addressOf(signature.lines),
  }) as MailContact;
}
