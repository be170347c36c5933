import type { Text } from '../../core/errors.ts';

/** Collects why a person must look at a mail; each reason once. */
export class Doubts {
  readonly #texts = new Map<string, Text>();

  add(doubt: Text): void {
    this.#texts.set(doubt.en, doubt);
  }

  get all(): readonly Text[] {
    return [...this.#texts.values()];
  }
}

const short = (value: string): string => value.replace(/[^\x20-\x7e]/g, '?').slice(0, 40);

/** Every reason there is. The raw mail is always kept; these say what of it could not be shown. */
export const doubt = {
  unknownCharset: (charset: string): Text => ({
    de: `Der Zeichensatz „${short(charset)}“ ist unbekannt; Umlaute können falsch sein.`,
    en: `The charset "${short(charset)}" is unknown; accented letters may be wrong.`,
  }),
  wrongCharset: (charset: string): Text => ({
    de: `Der Text ist nicht in dem Zeichensatz geschrieben, den er nennt („${short(charset)}“).`,
    en: `The text is not written in the charset it names ("${short(charset)}").`,
  }),
  unreadableHeader: (name: string): Text => ({
    de: `Die Kopfzeile „${short(name)}“ enthält unlesbare Zeichen.`,
    en: `The header "${short(name)}" has characters that cannot be read.`,
  }),
  unknownEncoding: (encoding: string): Text => ({
    de: `Ein Teil ist auf unbekannte Weise kodiert („${short(encoding)}“).`,
    en: `A part is encoded in an unknown way ("${short(encoding)}").`,
  }),
  notBase64: {
    de: 'Ein Teil nennt sich base64, ist es aber nicht.',
    en: 'A part claims to be base64 but is not.',
  },
  noHeaders: {
    de: 'Die Nachricht hat keine Kopfzeilen; alles steht im Text.',
    en: 'The mail has no headers; all of it is in the text.',
  },
  noSender: { de: 'Der Absender fehlt oder ist unlesbar.', en: 'The sender is missing or cannot be read.' },
  severalSenders: {
    de: 'Die Nachricht nennt mehrere Absender; der erste steht hier.',
    en: 'The mail names several senders; the first one is shown.',
  },
  tooManyHeaders: {
    de: 'Die Nachricht hat ungewöhnlich viele Kopfzeilen; nur ein Teil steht hier.',
    en: 'The mail has unusually many headers; only some are shown.',
  },
  tooManyParts: (most: number): Text => ({
    de: `Die Nachricht hat mehr als ${most} Teile; die weiteren fehlen hier.`,
    en: `The mail has more than ${most} parts; the others are not shown.`,
  }),
  tooLongText: {
    de: 'Der Text ist sehr lang und hier gekürzt.',
    en: 'The text is very long and cut short here.',
  },
  unusableHtml: {
    de: 'Die HTML-Fassung ist zu lang oder zu tief verschachtelt; sie liegt als Datei bei.',
    en: 'The HTML version is too long or nested too deeply; it is attached as a file.',
  },
  controlCharacters: {
    de: 'Der Text enthält Steuerzeichen, die nicht in eine Nachricht gehören; sie fehlen hier.',
    en: 'The text has control characters that do not belong into a mail; they are left out.',
  },
  noStructure: {
    de: 'Der Aufbau der Nachricht ist kaputt; der Text steht hier so, wie er ankam.',
    en: 'The structure of the mail is broken; the text is shown as it arrived.',
  },
  incomplete: {
    de: 'Die Nachricht konnte nur zum Teil gelesen werden.',
    en: 'The mail could be read in part only.',
  },
  empty: { de: 'Die Nachricht ist leer.', en: 'The mail is empty.' },
  winmail: {
    de: 'Die Nachricht steckt in „winmail.dat“ (Outlook); die Datei liegt bei, gelesen ist sie nicht.',
    en: 'The message is inside "winmail.dat" (Outlook); the file is attached, its content is not read.',
  },
  smimeEncrypted: {
    de: 'Die Nachricht ist mit S/MIME verschlüsselt.',
    en: 'The mail is encrypted with S/MIME.',
  },
  smimeSigned: {
    de: 'Der Inhalt steckt in einer S/MIME-Signatur; die Datei liegt bei.',
    en: 'The content is inside an S/MIME signature; the file is attached.',
  },
  pgpEncrypted: { de: 'Die Nachricht ist mit PGP verschlüsselt.', en: 'The mail is encrypted with PGP.' },
  nestedTooDeep: {
    de: 'Angehängte Nachrichten sind zu tief verschachtelt; sie liegen als Dateien bei.',
    en: 'Attached mails are nested too deeply; they are attached as files.',
  },
} as const;
