import type { MappingsConfig } from '../../schemas/generated/config.ts';
import type { EntityModel, Field } from '../entity.ts';
import { isMappable } from '../mappable.ts';
import type { MappingRow } from '../mapping.ts';
import { parseMappingPath } from '../mapping-path.ts';
import { escapePointer, fault, type Fault } from './faults.ts';
import { entityFaults, keyFaults, unknownWord, type ConfigLookup } from './lookup.ts';
import { isConfigKind } from './kinds.ts';
import type { ConfigValue } from './parse.ts';

const fromFaults = (row: MappingRow, path: string): Fault[] => {
  const from = row.from ?? [];
  const isList = Array.isArray(from);
  const list: readonly string[] = typeof from === 'string' ? [from] : from;
  return list.flatMap((text, index) =>
    parseMappingPath(text) === undefined
      ? [
          fault(isList ? `${path}/from/${index}` : `${path}/from`, 'path', {
            de: `„${text}“ ist kein lesbarer Pfad. Ein Name mit Punkten oder Klammern steht als ["Name"].`,
            en: `"${text}" is not a readable path. A name with dots or brackets is written as ["name"].`,
          }),
        ]
      : [],
  );
};

const choiceFaults = (
  path: string,
  value: unknown,
  at: { readonly field: Field; readonly lookup: ConfigLookup },
): Fault[] => {
  const { configKind, values } = at.field;
  if (typeof value !== 'string' || value === '') return [];
  if (values !== undefined) return values.includes(value) ? [] : [unknownWord(path, value, values)];
  return configKind !== undefined && isConfigKind(configKind)
    ? keyFaults(path, value, { kind: configKind, lookup: at.lookup })
    : [];
};

const valueFaults = (
  row: MappingRow,
  path: string,
  at: { readonly field: Field; readonly lookup: ConfigLookup },
): Fault[] => {
  if (at.field.kind !== 'choice' && at.field.kind !== 'list') return [];
  const results = Object.entries(row.valueMap ?? {}).flatMap(([word, value]) =>
    choiceFaults(`${path}/valueMap/${escapePointer(word)}`, value, at),
  );
  const defaults: readonly unknown[] = Array.isArray(row.default) ? row.default : [row.default];
  return [...results, ...defaults.flatMap((value) => choiceFaults(`${path}/default`, value, at))];
};

const rowFaults = (
  row: MappingRow,
  path: string,
  at: { readonly model: EntityModel; readonly lookup: ConfigLookup; readonly isOfFiles: boolean },
): Fault[] => {
  // In files every text is a heading.
  const unreadable = at.isOfFiles ? [] : fromFaults(row, path);
  const field = at.model.fields.get(row.to);
  const names = [...at.model.fields.values()].filter((one) => isMappable(one, at.model.name)).map((one) => one.name);
  if (field === undefined || field.isHidden) return [...unreadable, unknownWord(`${path}/to`, row.to, names)];
  if (!isMappable(field, at.model.name)) {
    const text = { de: `„${row.to}“ füllt nur das System.`, en: `"${row.to}" is filled by the system only.` };
    return [...unreadable, fault(`${path}/to`, 'system', text)];
  }
  return [...unreadable, ...valueFaults(row, path, { field, lookup: at.lookup })];
};

/** What a recurring file is read with: a source that there is, a field that there is. */
const fileFaults = (file: MappingsConfig['file'], model: EntityModel, lookup: ConfigLookup): Fault[] => {
  if (file === undefined) return [];
  const { source, matchKey } = file;
  const isField = matchKey === undefined || model.fields.get(matchKey)?.isHidden === false;
  const names = [...model.fields.values()].filter((field) => !field.isHidden).map((field) => field.name);
  return [
    ...keyFaults('/file/source', source, { kind: 'sources', lookup }),
    ...(isField ? [] : [unknownWord('/file/matchKey', matchKey, names)]),
  ];
};

/** Known targets, readable paths, and values that the target's choices have. */
export function mappingFaults(value: ConfigValue, lookup: ConfigLookup): Fault[] {
  const mapping = value as unknown as MappingsConfig;
  const model = lookup.model(mapping.entity ?? 'lead');
  if (model === undefined) return entityFaults('/entity', mapping.entity ?? 'lead', lookup);
  return [
    ...mapping.rows.flatMap((row, index) =>
      rowFaults(row, `/rows/${index}`, { model, lookup, isOfFiles: mapping.file !== undefined }),
    ),
    ...fileFaults(mapping.file, model, lookup),
  ];
}
