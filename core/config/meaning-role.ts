import type { RolesConfig } from '../../schemas/generated/config.ts';
import type { EntityModel } from '../entity.ts';
import { LeitwerkError } from '../errors.ts';
import { superadminRole } from '../actor.ts';
import { parseFilter } from '../filter/index.ts';
import { fault, type Fault } from './faults.ts';
import { entityFaults, fieldFaults, type ConfigLookup } from './lookup.ts';
import type { ConfigValue } from './parse.ts';

type Rule = RolesConfig['can'][number];

const whereFaults = (where: string, path: string, model: EntityModel): Fault[] => {
  try {
    // Any moment will do: only whether the text can be read counts here.
    parseFilter(where, model, { now: new Date(0), me: 'me', team: 'team' });
    return [];
  } catch (error) {
    if (!(error instanceof LeitwerkError)) throw error;
    const at = error.issues[0]?.column;
    const place = { de: at === undefined ? '' : ` (Zeichen ${at})`, en: at === undefined ? '' : ` (character ${at})` };
    return [fault(path, 'filter', { de: `${error.text.de}${place.de}`, en: `${error.text.en}${place.en}` })];
  }
};

const ruleFaults = (rule: Rule, path: string, lookup: ConfigLookup): Fault[] => {
  if (rule.on === '*') {
    if (rule.where === undefined && rule.fields === undefined) return [];
    return [
      fault(`${path}/on`, 'entity', {
        de: '„where“ und „fields“ brauchen ein bestimmtes Objekt.',
        en: '"where" and "fields" need a certain entity.',
      }),
    ];
  }
  const model = lookup.model(rule.on);
  if (model === undefined) return entityFaults(`${path}/on`, rule.on, lookup);
  const named = (list: 'hide' | 'readOnly'): Fault[] =>
    (rule.fields?.[list] ?? []).flatMap((name, index) => fieldFaults(`${path}/fields/${list}/${index}`, name, model));
  return [
    ...(rule.where === undefined ? [] : whereFaults(rule.where, `${path}/where`, model)),
    ...named('hide'),
    ...named('readOnly'),
  ];
};

/** Known entities and fields, readable filters; and the superadmin keeps every right, or nobody could repair anything. */
export function roleFaults(value: ConfigValue, lookup: ConfigLookup): Fault[] {
  const role = value as unknown as RolesConfig;
  const faults = role.can.flatMap((rule, index) => ruleFaults(rule, `/can/${index}`, lookup));
  if (role.key !== superadminRole) return faults;
  const isWhole = role.may?.includes('*') === true && role.can.some((rule) => rule.on === '*' && rule.do.includes('*'));
  if (isWhole) return faults;
  return [
    ...faults,
    fault('', 'superadmin', {
      de: 'Der Superadmin behält alle Rechte: „do: [*], on: *“ und „may: [*]“.',
      en: 'The superadmin keeps every right: "do: [*], on: *" and "may: [*]".',
    }),
  ];
}
