import { spelledOut } from './spelling.ts';
import type { EntityModel } from './entity.ts';
import { isMappable } from './mappable.ts';
import type { Mapping, MappingRow } from './mapping.ts';
import { columnName, columnPath, parseMappingPath, toColumnPath } from './mapping-path.ts';

/** Columns that our own error files begin with. */
export const errorColumns: readonly string[] = ['_line', '_reason'];

/** Column of files that we make ourselves: what each row is known by. */
export const keyColumn = '_key';

/** Column of files that we make ourselves: as a JSON list the columns that alone change a record that is there. Empty: all do. */
export const changedColumn = '_changedColumns';

/** Columns that say something of the row, not of the record. */
export const isOwnColumn = (column: string): boolean =>
  column === keyColumn || column === changedColumn || errorColumns.includes(column);

/** What people write over a column, by the field it usually means; in German and English, folded. The field's own name and labels count as well. */
const synonyms: Readonly<Record<string, string>> = {
  firstName: 'vorname vornamen rufname firstname givenname forename',
  lastName: 'nachname familienname zuname lastname surname familyname',
  email: 'email emailadresse mail mailadresse epost emailaddress emailgeschaeftlich',
  phone:
    'telefon telefonnummer tel telnr telefonnr telefongeschaeftlich rufnummer phone phonenumber telephone mobil mobiltelefon handy mobile',
  company: 'firma firmenname unternehmen organisation betrieb kunde company companyname organization business',
  organization:
    'firma firmenname unternehmen organisation betrieb kunde arbeitgeber company companyname business employer',
  jobTitle: 'position funktion rolle jobtitel beruf jobtitle jobposition',
  street:
    'strasse strassehausnummer strasseundhausnummer strassehausnr strassenr anschrift adresse street address streetaddress addressline1',
  postalCode: 'plz postleitzahl zip zipcode postcode postalcode',
  city: 'ort stadt wohnort city town',
  country: 'land staat country',
  message:
    'nachricht anfrage bemerkung bemerkungen notiz notizen kommentar beschreibung text message note notes comment description',
  budget: 'budget betrag auftragswert wert value amount dealvalue',
  priority: 'prioritaet prio priority',
  tags: 'tags schlagworte schlagwoerter stichworte labels',
  campaign: 'kampagne campaign',
  externalId: 'id nr nummer kundennummer kundennr leadid datensatznummer referenz externalid externeid reference',
  website: 'website webseite homepage internet url www',
  name: 'name firma firmenname unternehmen company companyname organization',
};

/** The full name of a person in one column. */
const wholeNames = new Set([
  'name',
  'ansprechpartner',
  'kontakt',
  'kontaktperson',
  'fullname',
  'contact',
  'contactname',
]);

/** `Straße / Hausnr.` → `strassehausnr`. */
const fold = (name: string): string => spelledOut(name).replaceAll(/[^a-z0-9]/g, '');

/** Field of each folded name; what a field is called itself goes before what others call it. */
const namesOf = (model: EntityModel): ReadonlyMap<string, string> => {
  const names = new Map<string, string>();
  const put = (name: string, field: string): void => {
    if (name !== '' && !names.has(name)) names.set(name, field);
  };
  const fields = [...model.fields.values()].filter((field) => isMappable(field, model.name) && field.name !== 'team');
  for (const { name } of fields) put(fold(name), name);
  for (const { name, label } of fields) {
    put(fold(label.de), name);
    put(fold(label.en), name);
  }
  for (const { name } of fields) for (const word of (synonyms[name] ?? '').split(' ')) put(word, name);
  return names;
};

/** Whether a name could stand over a column of the entity. */
export function knowsColumn(model: EntityModel): (name: string) => boolean {
  const names = namesOf(model);
  return (name) => names.has(fold(name)) || wholeNames.has(fold(name));
}

/** The mapping that the names of the columns suggest. The first column of a field has it, later ones are kept beside. */
export function suggestMapping(model: EntityModel, columns: readonly string[]): Mapping {
  const names = namesOf(model);
  const rows: MappingRow[] = [];
  const taken = new Set<string>();
  const add = (row: MappingRow): void => {
    taken.add(row.to);
    rows.push(row);
  };
  for (const column of columns) {
    const field = names.get(fold(column));
    if (field === undefined || taken.has(field)) continue;
    add({ from: columnPath(column), to: field });
  }
  const whole = columns.find((column) => wholeNames.has(fold(column)));
  const isSplit = whole !== undefined && !taken.has('lastName') && model.fields.has('lastName');
  if (isSplit && !rows.some((row) => row.from === columnPath(whole))) {
    if (!taken.has('firstName')) add({ from: columnPath(whole), to: 'firstName', transform: 'firstName' });
    add({ from: columnPath(whole), to: 'lastName', transform: 'lastName' });
  }
  return { unmapped: 'additional', rows };
}

const asColumn = (from: string, columns: ReadonlySet<string>): string =>
  columns.has(columnName(from)) ? columnPath(from) : toColumnPath(from);

/** The mapping with names of columns as they stand in the file: `E-Mail (privat)` or `Umsatz 2.0` are no paths. */
export function toColumnPaths(mapping: Mapping, columns: readonly string[]): Mapping {
  const known = new Set(columns);
  const rows = mapping.rows.map((row): MappingRow => {
    if (row.from === undefined) return row;
    const from = typeof row.from === 'string' ? asColumn(row.from, known) : row.from.map((one) => asColumn(one, known));
    return { ...row, from };
  });
  return { ...mapping, rows };
}

const rootsOf = ({ from }: MappingRow): string[] =>
  (from === undefined ? [] : typeof from === 'string' ? [from] : from).flatMap(
    (path) => parseMappingPath(path)?.root ?? [],
  );

/** Whether a column fills a field by the mapping. */
export function usedColumns(mapping: Mapping, columns: readonly string[]): (name: string) => boolean {
  const used = new Set(toColumnPaths(mapping, columns).rows.flatMap((row) => rootsOf(row)));
  return (name) => used.has(name);
}

/** Fields that rows of the mapping fill from any of these columns. */
export function filledFields(mapping: Mapping, columns: ReadonlySet<string>): readonly string[] {
  return mapping.rows.filter((row) => rootsOf(row).some((root) => columns.has(root))).map(({ to }) => to);
}

/** Columns that fill fields of numbers: their decimal sign is the file's. */
export function numberColumns(model: EntityModel, mapping: Mapping): ReadonlySet<string> {
  const numbers = new Set(['integer', 'decimal', 'money']);
  return new Set(
    mapping.rows.filter(({ to }) => numbers.has(model.fields.get(to)?.kind ?? '')).flatMap((row) => rootsOf(row)),
  );
}

/** Columns that mapping rows name and the file does not have. */
export function missingColumns(mapping: Mapping, columns: readonly string[]): readonly string[] {
  const known = new Set(columns);
  return [...new Set(mapping.rows.flatMap((row) => rootsOf(row)))].filter((root) => !known.has(root));
}

const grouped: Readonly<Record<'comma' | 'point', RegExp>> = {
  comma: /^[-+]?(?:\d{1,3}(?:\.\d{3})+|\d+)(?:,\d+)?$/,
  point: /^[-+]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?$/,
};

/** A number written with the file's decimal sign; anything else as it is, for the field to judge. */
export function readColumnNumber(cell: string, decimal: 'comma' | 'point'): string | number {
  const bare = cell.replaceAll(/[\s'’€$£]|EUR/g, '');
  if (!grouped[decimal].test(bare)) return cell;
  return Number(decimal === 'comma' ? bare.replaceAll('.', '').replace(',', '.') : bare.replaceAll(',', ''));
}
