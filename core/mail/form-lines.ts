import { bareLine, linesOf } from './lines.ts';

export type Field = readonly [label: string, value: string];

export const longestLabel = 60;

/** Labels of fields that hold more than a line. */
export const messageLabel =
  /nachricht|message|anfrage|anliegen|kommentar|comment|mitteilung|bemerkung|fragen?$|question|interesse|betreff|subject/i;

export const toLabel = (text: string): string =>
  text
    .replace(/\s+/g, ' ')
    .replace(/\s?[:*]+\s?$/, '')
    .trim();

const labelLine = /^([\p{L}][\p{L}\d ./()?&'-]{1,58}?)\s?[*]?\s?:(?!\/\/)\s*(.*)$/u;
const ruler = /^(?:--|_{2,}|-{3,}|={3,})/;

/** Lines before the first label in which a form says what it is (`Neue Anfrage über das Kontaktformular`). */
const mostIntroduction = 4;

interface OpenField {
  readonly label: string;
  readonly lines: string[];
  /** A blank line or a ruler ended it; what follows belongs to nobody. */
  isClosed: boolean;
}

/** In the text of a message a colon is mostly one: only a short label with a capital ends it. */
const startsField = (label: string, open: OpenField | undefined): boolean => {
  if (label === '') return false;
  const isInMessage = open !== undefined && !open.isClosed && messageLabel.test(open.label) && open.lines.length > 1;
  return isInMessage ? /^\p{Lu}/u.test(label) && label.split(' ').length <= 3 : label.split(' ').length <= 6;
};

const goOn = (open: OpenField, line: string): void => {
  const isEmpty = open.lines.every((one) => one === '');
  if (ruler.test(line) || (line === '' && !isEmpty && !messageLabel.test(open.label))) open.isClosed = true;
  else if (!open.isClosed) open.lines.push(line);
};

/** `Name: …` lines. A line without a label belongs to the field above it; a blank line ends all but messages. */
export function formLines(text: string): Field[] {
  const fields: OpenField[] = [];
  let introduction = 0;
  for (const raw of linesOf(text)) {
    const line = bareLine(raw);
    const [, label = '', value = ''] = labelLine.exec(line) ?? [];
    const open = fields.at(-1);
    if (startsField(label, open)) fields.push({ label: toLabel(label), lines: [value], isClosed: false });
    else if (open !== undefined) goOn(open, line);
    else if (line !== '') introduction += 1;
  }
  if (introduction > mostIntroduction) return [];
  const read = fields.map(({ label, lines }): Field => [label, lines.join('\n').trim()]);
  // `Sie haben eine neue Nachricht:` introduces the fields.
  return read[0]?.[1] === '' ? read.slice(1) : read;
}
