import type { SourcesConfig } from '../../schemas/generated/config.ts';
import type { Field } from '../entity.ts';
import { knowsColumn, usedColumns } from '../import-columns.ts';
import { isMappable } from '../mappable.ts';
import { bareName, type Mapping } from '../mapping.ts';
import { matchField, matchKeys } from '../match-key.ts';
import { fault, type Fault } from './faults.ts';
import { keyFaults, unknownWord, type ConfigLookup, type PresetRules } from './lookup.ts';
import type { ConfigValue } from './parse.ts';

const formFaults = (form: NonNullable<SourcesConfig['form']>, lookup: ConfigLookup): Fault[] => {
  const model = lookup.model('lead');
  if (model === undefined) return [];
  const names = [...model.fields.values()].filter((field) => isMappable(field, model.name)).map((field) => field.name);
  return form.fields.flatMap(({ field }, index) => {
    const path = `/form/fields/${index}/field`;
    const isTwice = form.fields.findIndex((other) => other.field === field) < index;
    if (isTwice)
      return [fault(path, 'duplicate', { de: `„${field}“ kommt zweimal vor.`, en: `"${field}" occurs twice.` })];
    return names.includes(field) ? [] : [unknownWord(path, field, names)];
  });
};

const needed = (path: string, name: string): Fault =>
  fault(path, 'required', { de: `Dazu gehört „${name}“.`, en: `This needs "${name}" too.` });

/** Table and kind of connection are those that the preset works with. Whether a connection is set up already is no fault: it may come later. */
const fitFaults = ({ connection, sheet }: SourcesConfig, rules: PresetRules, lookup: ConfigLookup): Fault[] => {
  const faults: Fault[] = [];
  if (sheet === undefined && connection !== undefined && rules.hasTable) faults.push(needed('/preset', 'sheet'));
  if (sheet !== undefined && !rules.hasTable) {
    const text = { de: `„${rules.key}“ liest keine Tabelle.`, en: `"${rules.key}" reads no table.` };
    faults.push(fault('/sheet', 'preset', text));
  }
  const kind = connection === undefined ? undefined : lookup.connectionKind(connection);
  if (kind !== undefined && kind !== rules.connection) {
    const text = {
      de: `Die Verbindung „${connection}“ ist von der Art „${kind}“; „${rules.key}“ braucht eine der Art „${rules.connection}“.`,
      en: `The connection "${connection}" is of the kind "${kind}"; "${rules.key}" needs one of the kind "${rules.connection}".`,
    };
    faults.push(fault('/connection', 'kind', text));
  }
  return faults;
};

/** The preset is known, and what only works with a connection names one that fits it. */
const presetFaults = (source: SourcesConfig, lookup: ConfigLookup): Fault[] => {
  const { preset, connection, poll, sheet } = source;
  const faults: Fault[] = [];
  const known = lookup.presets?.map(({ key }) => key);
  if (preset !== undefined && known?.includes(preset) === false) faults.push(unknownWord('/preset', preset, known));
  if (preset === undefined && connection !== undefined) faults.push(needed('/connection', 'preset'));
  if (connection === undefined && poll !== undefined) faults.push(needed('/poll', 'connection'));
  if (connection === undefined && sheet !== undefined) faults.push(needed('/sheet', 'connection'));
  const rules = lookup.presets?.find(({ key }) => key === preset);
  return rules === undefined ? faults : [...faults, ...fitFaults(source, rules, lookup)];
};

type Sheet = NonNullable<SourcesConfig['sheet']>;

/** Whether a heading fills a field: as in imports, by the source's mapping, else by the heading itself. */
const fillsField = (name: string, { mapping }: SourcesConfig, lookup: ConfigLookup): boolean => {
  const model = lookup.model('lead');
  if (model === undefined) return false;
  if (mapping === undefined) return knowsColumn(model)(name);
  const found = lookup.configOf('mappings', mapping) as Mapping | undefined;
  if (found === undefined) return false;
  const isNamed = (field: Field): boolean => isMappable(field, model.name) && bareName(field.name) === bareName(name);
  return (
    usedColumns(found, [name])(name) || (found.unmapped !== 'additional' && [...model.fields.values()].some(isNamed))
  );
};

/** Columns that we fill in ourselves are none that is read. */
const writeBackFaults = (source: SourcesConfig, sheet: Sheet, lookup: ConfigLookup): Fault[] => {
  const { writeBack = {}, keyColumn } = sheet;
  const ownFaults = (part: 'status' | 'link'): Fault[] => {
    const name = writeBack[part];
    if (name === undefined) return [];
    const path = `/sheet/writeBack/${part}`;
    if (part === 'link' && name === writeBack.status) {
      const text = {
        de: `In der Spalte „${name}“ steht schon der Stand (status).`,
        en: `The column "${name}" has the status already.`,
      };
      return [fault(path, 'duplicate', text)];
    }
    const isKey = name === keyColumn;
    if (!isKey && !fillsField(name, source, lookup)) return [];
    const what = isKey
      ? { de: 'ist die Schlüsselspalte (keyColumn)', en: 'is the key column (keyColumn)' }
      : { de: 'füllt ein Feld', en: 'fills a field' };
    const text = {
      de: `Die Spalte „${name}“ ${what.de}: Leitwerk würde sie überschreiben.`,
      en: `The column "${name}" ${what.en}: Leitwerk would overwrite it.`,
    };
    return [fault(path, 'column', text)];
  };
  return [...ownFaults('status'), ...ownFaults('link')];
};

/** `C` is before `AA`. */
const isBefore = (one: string, other: string): boolean =>
  one.length === other.length ? one.toUpperCase() < other.toUpperCase() : one.length < other.length;

const sheetFaults = (source: SourcesConfig, lookup: ConfigLookup): Fault[] => {
  const { sheet } = source;
  const model = lookup.model('lead');
  if (sheet === undefined || model === undefined) return [];
  const { matchKey, columns = 'A:ZZ' } = sheet;
  const faults = writeBackFaults(source, sheet, lookup);
  // As imports judge it; they would be refused at every run.
  const known = matchKeys(model);
  if (matchKey !== undefined && !known.includes(matchKey) && matchField(model, matchKey) === undefined)
    faults.push(unknownWord('/sheet/matchKey', matchKey, known));
  const [from = '', to = ''] = columns.split(':');
  if (isBefore(to, from)) {
    const text = {
      de: `„${columns}“ endet vor seinem Anfang. Gemeint war „${to}:${from}“?`,
      en: `"${columns}" ends before it begins. Did you mean "${to}:${from}"?`,
    };
    faults.push(fault('/sheet/columns', 'range', text));
  }
  return faults;
};

/** Keys, users, fields and columns that a source names are there, and fit one another. */
export function sourceFaults(value: ConfigValue, lookup: ConfigLookup): Fault[] {
  const source = value as unknown as SourcesConfig;
  const { auth, mapping, pipeline, defaults = {}, form } = source;
  const faults = [
    ...keyFaults('/mapping', mapping, { kind: 'mappings', lookup }),
    ...keyFaults('/pipeline', pipeline, { kind: 'pipelines', lookup }),
    ...keyFaults('/defaults/priority', defaults.priority, { kind: 'priorities', lookup }),
    ...(defaults.tags ?? []).flatMap((tag, index) =>
      keyFaults(`/defaults/tags/${index}`, tag, { kind: 'tags', lookup }),
    ),
    ...(form === undefined ? [] : formFaults(form, lookup)),
    ...presetFaults(source, lookup),
    ...sheetFaults(source, lookup),
  ];
  if (defaults.owner !== undefined && !lookup.hasUser(defaults.owner)) {
    faults.push(
      fault('/defaults/owner', 'unknown', {
        de: `Es gibt keinen Benutzer „${defaults.owner}“.`,
        en: `There is no user "${defaults.owner}".`,
      }),
    );
  }
  if (form !== undefined && auth !== 'public') {
    faults.push(
      fault('/form', 'auth', { de: 'Ein Formular braucht „auth: public“.', en: 'A form needs "auth: public".' }),
    );
  }
  return faults;
}
