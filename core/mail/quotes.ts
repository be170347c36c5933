import { bareLine, isQuoted, linesOf } from './lines.ts';
import type { ParsedMail } from './parsed-mail.ts';
import { findQuotedHead } from './quoted-head.ts';

/** `-----Ursprüngliche Nachricht-----` and its like: everything below is history. */
const divider =
  /^(?:-{2,}|_{2,})\s?(?:urspr(?:ü|ue)ngliche (?:nachricht|mail|e-mail)|original(?:e)? (?:message|nachricht|mail|e-mail)|originalnachricht|forwarded message|weitergeleitete (?:nachricht|mail|e-mail))\s?(?:-{2,}|_{2,})$/i;

const announcement = /^(?:begin forwarded message|anfang der weitergeleiteten (?:nachricht|e-mail|mail))\s?:$/i;

const startsAttribution = /^(?:am|on|le)\s.{0,300}\d/i;
const endsAttribution = /(?:schrieb|wrote|geschrieben|a écrit)\b.{0,200}:$/i;
/** `Anna Muster <anna@example.com> schrieb am Mo., 23. Nov. 2026, 10:12:` */
const nameFirst = /^.{1,200}(?:schrieb am|wrote on|schrieb|hat am)\s.{0,200}:$/i;

/** How many lines the `Am … schrieb …:` above a quote takes, 0 when none starts here. Long names and addresses wrap it. */
const attributionLength = (lines: readonly string[], at: number): number => {
  const first = bareLine(lines[at] ?? '');
  if (nameFirst.test(first) && /[\d@]/.test(first)) return 1;
  if (!startsAttribution.test(first)) return 0;
  let joined = '';
  for (let count = 1; count <= 4; count += 1) {
    const line = bareLine(lines[at + count - 1] ?? '');
    if (line === '') return 0;
    joined = `${joined} ${line}`.trim();
    if (endsAttribution.test(joined)) return count;
  }
  return 0;
};

const isDivider = (line: string): boolean => {
  const bare = bareLine(line);
  return divider.test(bare) || announcement.test(bare);
};

/** Outlook on the web draws a line above the head. */
const rulesAbove = (lines: readonly string[], head: number): number => {
  let start = head;
  while (start > 0 && /^\s*(?:[_-]{5,})?\s*$/.test(lines[start - 1] ?? '')) start -= 1;
  return start;
};

/** Index of the line from which on everything is an older mail (Outlook's way: unmarked, below a head); the number of lines when there is none. */
export function historyStart(lines: readonly string[]): number {
  const head = findQuotedHead(lines)?.start;
  const divided = lines.findIndex((line) => isDivider(line));
  const starts = [head === undefined ? -1 : rulesAbove(lines, head), divided].filter((start) => start >= 0);
  return Math.min(lines.length, ...starts);
}

/** Whether what follows an attribution is marked as quoted. */
const isQuoteNext = (lines: readonly string[], at: number): boolean => {
  const next = lines.slice(at, at + 4).find((line) => line.trim() !== '');
  return next !== undefined && isQuoted(next);
};

/**
 * What the sender wrote: without quoted lines, the `Am … schrieb …:` above them and the history below. Answers between quotes stay.
 * '' when there is nothing but history.
 */
export function ownText(mail: ParsedMail): string {
  const all = linesOf(mail.text);
  const lines = all.slice(0, historyStart(all));
  const own: string[] = [];
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? '';
    if (isQuoted(line)) continue;
    const attribution = attributionLength(lines, at);
    if (attribution === 0) {
      own.push(line);
      continue;
    }
    at += attribution - 1;
    if (!isQuoteNext(lines, at + 1)) break;
  }
  return own
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
}
