import { bareLine } from './lines.ts';

type Part = 'from' | 'date' | 'to' | 'cc' | 'subject' | 'other';

/** Labels that Outlook, Gmail, Apple Mail, Thunderbird, GMX and Web.de write above a quoted mail, in German and English. */
const labels: Readonly<Record<string, Part>> = {
  von: 'from',
  from: 'from',
  absender: 'from',
  gesendet: 'date',
  'gesendet am': 'date',
  sent: 'date',
  datum: 'date',
  date: 'date',
  an: 'to',
  to: 'to',
  empfänger: 'to',
  cc: 'cc',
  kopie: 'cc',
  betreff: 'subject',
  subject: 'subject',
  'antwort an': 'other',
  'antworten an': 'other',
  'reply-to': 'other',
  bcc: 'other',
  priorität: 'other',
  wichtigkeit: 'other',
  importance: 'other',
  priority: 'other',
  anlagen: 'other',
  attachments: 'other',
};

export interface QuotedHead {
  readonly start: number;
  /** Index of the first line after it. */
  readonly end: number;
  readonly values: Readonly<Partial<Record<Part, string>>>;
}

const readLabel = (line: string): { readonly part: Part; readonly value: string } | undefined => {
  const [, label = '', value = ''] = /^([\p{L}-]{2,12}(?: [\p{L}]{2,4})?)\s?:\s*(.*)$/u.exec(line) ?? [];
  const part = labels[label.toLowerCase()];
  return part === undefined ? undefined : { part, value };
};

/** Lists of recipients wrap onto lines of their own. */
const mostLines = 40;

/** A text of nothing but labels is no mail that somebody answered. */
const mostTries = 200;

const isHead = ({ from, date, subject, to }: QuotedHead['values']): boolean =>
  from !== undefined && (date !== undefined || (subject !== undefined && to !== undefined));

const readHead = (lines: readonly string[], start: number): QuotedHead | undefined => {
  const values: Partial<Record<Part, string>> = {};
  let last: Part | undefined;
  let end = start;
  for (; end < Math.min(lines.length, start + mostLines); end += 1) {
    const line = bareLine(lines[end] ?? '');
    const labelled = readLabel(line);
    if (labelled !== undefined) {
      last = labelled.part;
      values[last] ??= labelled.value;
      continue;
    }
    const isContinued = line !== '' && last !== undefined && (last === 'to' || last === 'cc' || values[last] === '');
    if (!isContinued || last === undefined) break;
    values[last] = `${values[last] ?? ''} ${line}`.trim().slice(0, 2_000);
  }
  return isHead(values) ? { start, end, values } : undefined;
};

/** The first head of a quoted mail at or after a line: sender with date, or with subject and recipient, line under line. */
export function findQuotedHead(lines: readonly string[], from = 0): QuotedHead | undefined {
  let tries = 0;
  for (let start = from; start < lines.length && tries < mostTries; start += 1) {
    if (readLabel(bareLine(lines[start] ?? '')) === undefined) continue;
    tries += 1;
    const head = readHead(lines, start);
    if (head !== undefined) return head;
  }
  return undefined;
}
