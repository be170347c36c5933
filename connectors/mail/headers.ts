import { DateTime } from 'luxon';
import libmime from 'libmime';
import { parseAddressHeader, type EmailAddress } from 'mailparser';
import type { MailAddress } from '../../core/mail/parsed-mail.ts';
import { guessText } from '../../core/charset.ts';
import { doubt, type Doubts } from './doubts.ts';

const mostHeaders = 1_000;
const longestValue = 10_000;
const mostReferences = 200;

/** Fields that are read wherever they stand among tens of thousands of others. */
const wanted = new Set([
  'from',
  'to',
  'cc',
  'reply-to',
  'subject',
  'date',
  'message-id',
  'in-reply-to',
  'references',
  'mime-version',
  'content-type',
  'content-transfer-encoding',
  'content-disposition',
  'auto-submitted',
  'precedence',
  'list-id',
  'return-path',
]);

export interface HeaderLine {
  /** Lower-cased. */
  readonly name: string;
  /** Unfolded, not decoded. */
  readonly value: string;
}

export interface MailBytes {
  readonly headerLines: readonly HeaderLine[];
  /** The header block as a parser can take it: in UTF-8, of bearable length, lines that end in LF. */
  readonly head: Buffer;
  /** From the empty line on, within the memory of the raw mail where its lines can stay as they are. */
  readonly body: Buffer;
}

const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/** Old Macs and broken scripts end lines with CR alone. */
const withLineFeeds = (raw: Buffer): Buffer => {
  if (raw.includes(lineFeed) || !raw.includes(carriageReturn)) return raw;
  return Buffer.from(raw.map((byte) => (byte === carriageReturn ? lineFeed : byte)));
};

/** Where the header block ends: before the empty line, or at the end of the mail. */
const headerEnd = (bytes: Buffer): number => {
  const ends = [bytes.indexOf('\n\n'), bytes.indexOf('\n\r\n')].filter((at) => at >= 0);
  const isEmptyAtOnce = bytes[0] === lineFeed || (bytes[0] === carriageReturn && bytes[1] === lineFeed);
  if (isEmptyAtOnce) return 0;
  return ends.length === 0 ? bytes.length : Math.min(...ends) + 1;
};

/** Fields with their folded lines, as they were written. */
const fieldsOf = (block: string): string[] => {
  const fields: string[] = [];
  let lines: string[] = [];
  for (const line of block.split('\n')) {
    if (/^[ \t]/.test(line) && lines.length > 0) {
      lines.push(line);
      continue;
    }
    if (lines.length > 0) fields.push(lines.join('\n'));
    lines = line.trim() === '' ? [] : [line];
  }
  if (lines.length > 0) fields.push(lines.join('\n'));
  return fields;
};

const fieldPattern = /^([!-9;-~]{1,100})[ \t]*:([^]*)$/;

const toHeaderLine = (field: string): HeaderLine | undefined => {
  const [, name, value] = fieldPattern.exec(field) ?? [];
  if (name === undefined || value === undefined || name === '__proto__') return undefined;
  return { name: name.toLowerCase(), value: value.replace(/\r?\n[ \t]*/g, ' ').trim() };
};

/** Reads the header block by itself, so that there are headers even where the parser gives up. */
export function readHeader(raw: Uint8Array, doubts: Doubts): MailBytes {
  const whole = withLineFeeds(Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength));
  const end = headerEnd(whole);
  const fields = fieldsOf(guessText(whole.subarray(0, end)));
  const read = fields.flatMap((field) => {
    const line = toHeaderLine(field);
    return line === undefined ? [] : [{ field, line }];
  });
  const kept = read.filter(({ line }, index) => index < mostHeaders || wanted.has(line.name)).slice(0, 2 * mostHeaders);
  if (kept.length < read.length) doubts.add(doubt.tooManyHeaders);
  if (kept.length === 0) return { headerLines: [], head: Buffer.from(''), body: whole };
  const block = kept.map(({ field }) => `${field}\n`).join('');
  return {
    headerLines: kept.map(({ line }) => line),
    head: Buffer.from(block),
    body: end === whole.length ? Buffer.from('\n') : whole.subarray(end),
  };
}

/** Lower-cased names, several values joined by a newline. */
export function toHeaders(lines: readonly HeaderLine[]): Record<string, string> {
  const values = new Map<string, string>();
  for (const { name, value } of lines) {
    const before = values.get(name);
    const joined = before === undefined ? value : `${before}\n${value}`;
    values.set(name, joined.slice(0, longestValue));
  }
  return Object.fromEntries(values);
}

const valuesOf = (lines: readonly HeaderLine[], name: string): string[] =>
  lines.filter((line) => line.name === name).map(({ value }) => value);

const isPrintable = (character: string): boolean => !/[\u0000-\u001f\u007f]/.test(character);

/** One line without control characters. */
const toLine = (text: string): string =>
  [...text.replace(/[\r\n\t]+/g, ' ')].filter(isPrintable).join('').replace(/ {2,}/g, ' ').trim();

/** A header with encoded words (RFC 2047) as a line to read. */
export function decodeHeader(lines: readonly HeaderLine[], name: string, doubts: Doubts): string {
  const [value = ''] = valuesOf(lines, name);
  const text = toLine(libmime.decodeWords(value.slice(0, longestValue)));
  if (text.includes('\uFFFD')) doubts.add(doubt.unreadableHeader(name));
  return text.slice(0, 2_000);
}

const toAddress = ({ address, name }: EmailAddress): MailAddress[] => {
  const lower = (address ?? '').trim().toLowerCase();
  return /^[^\s@<>]+@[^\s@<>]+$/.test(lower) && lower.length <= 320
    ? [{ address: lower, name: toLine(name).slice(0, 200) }]
    : [];
};

/** Addresses of all headers of that name; groups are their members, domains stay as they can be sent to (punycode). */
export function addressesOf(lines: readonly HeaderLine[], name: string): MailAddress[] {
  const values = valuesOf(lines, name).map((value) => value.slice(0, 100_000));
  return values.flatMap((value) =>
    parseAddressHeader(value, { flatten: true, decodePunycode: false }).value.flatMap((entry) => toAddress(entry)),
  );
}

/** The sender, with a doubt where there is none or where several are claimed. */
export function senderOf(lines: readonly HeaderLine[], doubts: Doubts): MailAddress | null {
  const [first, ...others] = addressesOf(lines, 'from');
  if (first === undefined) doubts.add(doubt.noSender);
  if (others.some(({ address }) => address !== first?.address)) doubts.add(doubt.severalSenders);
  return first ?? null;
}

/** Message ids without angle brackets, in the order of the header; what stands without brackets counts by its blanks. */
export function idsOf(lines: readonly HeaderLine[], name: string): string[] {
  const text = valuesOf(lines, name).join(' ').slice(0, 100_000);
  const inBrackets = Array.from(text.matchAll(/<([^<>\s]{1,500})>/g), ([, id = '']) => id);
  const ids = inBrackets.length > 0 ? inBrackets : text.split(/[\s<>]+/).filter((id) => /^\S{1,500}$/.test(id));
  return [...new Set(ids)].slice(-mostReferences);
}

/** Instant of the Date header as ISO 8601 in UTC; null when it is missing, unreadable or absurd. */
export function dateOf(lines: readonly HeaderLine[]): string | null {
  const [value = ''] = valuesOf(lines, 'date');
  const text = value
    .replace(/\([^()]*\)/g, '')
    .trim()
    .slice(0, 100);
  const strict = DateTime.fromRFC2822(text, { zone: 'utc' });
  const hasZone = /(?:[+-]\d{2}:?\d{2}|Z|[A-Z]{2,5})$/.test(text);
  const date = strict.isValid
    ? strict
    : DateTime.fromMillis(Date.parse(hasZone ? text : `${text} UTC`), { zone: 'utc' });
  return date.isValid && date.year >= 1980 && date.year < 2100 ? date.toISO() : null;
}
