import { decimals, delimiters, encodings, onMatches, processStarts } from '../../core/import-options.ts';
import type { JsonSchema } from '../route.ts';

const word: JsonSchema = { type: 'string' };

/** What the sender of a file may say of it: as multipart fields, members of JSON, and for a draft one after the other. */
export const optionProperties: Readonly<Record<string, JsonSchema>> = {
  source: { ...word, description: 'Key of the source that the records come from.' },
  entity: { ...word, default: 'lead' },
  preset: { ...word, description: 'Key of a mapping whose "file" says the rest; what is given beside it goes before.' },
  mapping: {
    description: 'Key of a mapping, or its rows as YAML or JSON. Absent: by the names of the columns.',
    type: ['string', 'array', 'object'],
  },
  sheet: { ...word, description: 'Name of the sheet of a spreadsheet. Absent: the first one that is shown.' },
  encoding: { enum: ['auto', ...encodings] },
  delimiter: { enum: ['auto', ...delimiters] },
  decimal: { enum: ['auto', ...decimals] },
  header: { enum: ['auto', 'true', 'false', true, false] },
  matchKey: { ...word, description: 'Field by which a record that is there already is found.' },
  onMatch: { enum: onMatches, default: 'skip' },
  processes: { enum: ['auto', ...processStarts] },
};

/** The body of `POST /imports`. */
export const uploadBody: JsonSchema = {
  type: 'object',
  required: ['text'],
  properties: {
    file: { type: 'string', format: 'binary', description: 'As multipart/form-data: the file, up to 1 GB.' },
    text: { ...word, description: 'As JSON: pasted text instead of a file.' },
    fileName: { ...word, description: 'As JSON: what the import is called.' },
    ...optionProperties,
    dryRun: { enum: ['true', 'false', true, false], description: 'Counts what would be done.' },
    draft: {
      enum: ['true', 'false', true, false],
      description: 'Only stores the file: preview, change, check and start it afterwards. Needs no source yet.',
    },
  },
  additionalProperties: false,
};

const content = new Set(['file', 'text', 'fileName']);

/** Names of the members that are options and not the file itself. */
export const optionNames: ReadonlySet<string> = new Set(
  Object.keys(uploadBody['properties'] as object).filter((name) => !content.has(name)),
);
