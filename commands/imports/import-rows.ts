import { createHash } from 'node:crypto';
import { issueOf, type Issue, type Language, type Text } from '../../core/errors.ts';
import { changedColumn, filledFields, isOwnColumn, keyColumn, readColumnNumber } from '../../core/import-columns.ts';
import type { RecordData } from '../../store/record-table.ts';
import type { Context } from '../context.ts';
import { completeLead } from '../mapMessage.ts';
import { boundedKey, externalPrefix } from '../dedupe-key.ts';
import { titleOf } from '../writeLead.ts';
import type { ImportJob } from './import-job.ts';
import { matchValue } from '../../core/match-key.ts';

/** A row as the connector read it. */
export interface FileRow {
  readonly line: number;
  readonly at: number;
  readonly end: number;
  readonly nextLine: number;
  readonly cells?: readonly string[] | undefined;
  readonly fault?: Text | undefined;
}

/** A row that may become a record. */
export interface ReadyRow {
  readonly row: FileRow;
  readonly values: RecordData;
  readonly additional: RecordData;
  /** Name of a person's company. */
  readonly company?: string | undefined;
  /** What the row is known by within the import's scope. */
  readonly key: string;
  /** What a record that is there already is found by. */
  readonly match: string | undefined;
  /** What of it a record which is there already gets; absent: all of it. */
  readonly only: Changed | undefined;
}

/** Columns that somebody has changed, and the fields that they fill. */
interface Changed {
  readonly columns: ReadonlySet<string>;
  readonly fields: ReadonlySet<string>;
}

export type JudgedRow = ReadyRow | { readonly row: FileRow; readonly issues: readonly Issue[] };

/** Spreadsheets, and our own exports, put this before a text that would be read as a formula. */
const escapedFormula = /^'(?=[=+\-@\t\r])/;

/** Cells by column, empty ones left out: they say nothing. */
const toBody = (cells: readonly string[], { shape, numbers }: ImportJob): Record<string, unknown> => {
  const body = Object.create(null) as Record<string, unknown>;
  const { columns, decimal } = shape;
  for (let index = 0; index < columns.length; index += 1) {
    const column = columns[index] ?? '';
    if (isOwnColumn(column)) continue;
    const cell = (cells[index] ?? '').trim();
    if (cell === '') continue;
    const text = cell.startsWith("'") ? cell.replace(escapedFormula, '') : cell;
    body[column] = decimal !== undefined && numbers.has(column) ? readColumnNumber(text, decimal) : text;
  }
  return body;
};

/** The same cells under the same names are the same row, in whatever order they stand. */
const hashOf = (body: Readonly<Record<string, unknown>>): string => {
  const names = Object.keys(body).toSorted();
  const text = names.map((name) => `${name}\u0000${String(body[name])}`).join('\u0001');
  return `h:${createHash('sha256').update(text).digest('base64url').slice(0, 32)}`;
};

const keyOf = (values: RecordData, body: Readonly<Record<string, unknown>>): string => {
  const external = values['externalId'];
  return typeof external === 'string' && external !== '' ? boundedKey(`${externalPrefix}${external}`) : hashOf(body);
};

const ownCell = (cells: readonly string[], column: string, { shape }: ImportJob): string => {
  const index = shape.columns.indexOf(column);
  return index < 0 ? '' : (cells[index] ?? '').trim();
};

/** The key that a file of our own making gives the row. */
const givenKey = (cells: readonly string[], job: ImportJob): string | undefined => {
  const key = ownCell(cells, keyColumn, job);
  return key === '' ? undefined : boundedKey(key);
};

/** Somebody may have written there; files from elsewhere have no such column. */
const namesIn = (text: string): readonly string[] | undefined => {
  if (text === '') return undefined;
  try {
    const names: unknown = JSON.parse(text);
    return Array.isArray(names) ? names.map(String) : undefined;
  } catch {
    return undefined;
  }
};

/** The changed columns of a file of our own making, and the fields that they fill: by rows of the mapping, or by their names. */
const changedIn = (
  cells: readonly string[],
  body: Readonly<Record<string, unknown>>,
  { job, language }: { readonly job: ImportJob; readonly language: Language },
): Changed | undefined => {
  const names = namesIn(ownCell(cells, changedColumn, job));
  if (names === undefined) return undefined;
  const columns = new Set(names);
  const rest = Object.fromEntries(Object.entries(body).filter(([column]) => columns.has(column)));
  const defaulted = new Set(job.mapping.rows.filter((row) => row.default !== undefined).map(({ to }) => to));
  const named = Object.keys(job.mapper({ body: rest }, language).values).filter((name) => !defaulted.has(name));
  return { columns, fields: new Set([...filledFields(job.mapping, columns), ...named]) };
};

const closedIssues = (ctx: Context, job: ImportJob, names: readonly string[]): Issue[] =>
  names
    .filter((name) => !job.writable.has(name))
    .map((name) => {
      const text = { de: `„${name}“ dürfen Sie nicht füllen.`, en: `You may not fill "${name}".` };
      return issueOf({ path: `/${name}`, code: 'readOnly' }, text, ctx.language);
    });

/** An amount that loses decimals is kept beside as the file has it, not as it was read. */
const asWritten = (additional: RecordData, cells: readonly string[], job: ImportJob): RecordData => {
  let written = additional;
  for (const column of job.numbers)
    if (Object.hasOwn(additional, column)) written = { ...written, [column]: ownCell(cells, column, job) };
  return written;
};

/** Why a row has no cells. */
export const unreadableIssue = (ctx: Context, { fault }: FileRow): Issue =>
  issueOf({ path: '', code: 'unreadable' }, fault ?? { de: '', en: '' }, ctx.language);

/** Turns a row into the values of a record, or says everything that is wrong with it. Pure but for the configuration. */
export function judgeRow(ctx: Context, job: ImportJob, row: FileRow): JudgedRow {
  if (row.cells === undefined) return { row, issues: [unreadableIssue(ctx, row)] };
  const body = toBody(row.cells, job);
  const mapped = job.mapper({ body }, ctx.language);
  const closed = closedIssues(ctx, job, Object.keys(mapped.values));
  const company = job.model.name === 'person' ? mapped.values['organization'] : undefined;
  const { values, additional, issues } =
    job.model.name === 'lead' ? completeLead(ctx, job.source, mapped) : completeOther(ctx, job, mapped);
  if (issues.length + closed.length > 0) return { row, issues: [...closed, ...issues] };
  const titled = job.model.name === 'lead' ? { ...values, title: titleOf(ctx, values, job.source) } : values;
  const match = job.match === undefined ? undefined : matchValue(job.model, job.match, titled);
  return {
    row,
    values: titled,
    additional: asWritten(additional, row.cells, job),
    company: typeof company === 'string' ? company : undefined,
    key: givenKey(row.cells, job) ?? keyOf(values, body),
    match,
    only: changedIn(row.cells, body, { job, language: ctx.language }),
  };
}

/** Entities other than leads have no defaults of a source, and say themselves what they require. */
const completeOther = (
  ctx: Context,
  job: ImportJob,
  mapped: ReturnType<ImportJob['mapper']>,
): { values: RecordData; additional: RecordData; issues: readonly Issue[] } => {
  // A company is named, not referred to: it is looked for when the row is written.
  const { organization: _company, ...others } = mapped.values;
  const values = job.model.name === 'person' ? others : mapped.values;
  const whole = { ...job.model.defaults, ...values };
  const found = ctx.snapshot.validatorOf(job.model).issues(whole, ctx.language);
  const issues = [
    ...mapped.issues,
    ...found.filter((issue) => !mapped.issues.some((other) => other.path === issue.path)),
  ];
  return { values, additional: mapped.additional, issues };
};
