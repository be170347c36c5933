import type { EntityModel, Field, FieldKind } from '../entity.ts';
import type { LeitwerkError, Text } from '../errors.ts';
import type { CompareOperator } from './filter.ts';
import { filterFault, type Atom } from './scan.ts';

/** A value that a field can have, with the words people use for it. */
export interface Choice {
  readonly key: string;
  readonly label: Text;
}

export interface FilterOptions {
  /** What `heute`, `jetzt` and dates without a year go by. */
  readonly now: Date;
  /** Zone in which days begin; default `Europe/Berlin`. */
  readonly timeZone?: string | undefined;
  /** Id of the acting user; without it `me` equals nothing. */
  readonly me?: string | undefined;
  /** Name of the actor as events have it (`key/<id>`), for `createdBy = me`; default `user/<me>`. */
  readonly actor?: string | undefined;
  /** Team of the acting user; without it `team` equals nothing. */
  readonly team?: string | undefined;
  /** Keys and labels of a field's values, retired ones included; undefined where they are not known. */
  readonly choices?: ((field: string) => readonly Choice[] | undefined) | undefined;
  /** Fields that the actor may read; others do not exist for the filter. */
  readonly readable?: ((field: string) => boolean) | undefined;
}

export interface FilterContext {
  readonly model: EntityModel;
  readonly options: FilterOptions;
}

/** `:` is a value in a column expression without an operator: what a person most likely means by it. */
export type Operator = CompareOperator | '!=' | '~' | ':';

/** One condition as read: `isColumn` when it was written as a column expression. */
export interface Draft {
  readonly field: Field;
  readonly operator: Operator;
  readonly operatorAt: number;
  readonly atom: Atom;
  readonly isColumn: boolean;
}

const textOperators = ['=', '!=', '~', 'in', 'is empty'];
const equalOperators = ['=', '!=', 'in', 'is empty'];
const orderOperators = ['=', '!=', '<', '<=', '>', '>=', 'in', 'is empty'];

const operators: Readonly<Record<FieldKind, readonly string[]>> = {
  text: textOperators,
  longText: textOperators,
  choice: textOperators,
  reference: equalOperators,
  list: equalOperators,
  boolean: equalOperators,
  integer: orderOperators,
  decimal: orderOperators,
  money: orderOperators,
  date: orderOperators,
  instant: orderOperators,
  json: ['is empty'],
};

/** Written by the system as keys and ids, so they compare exactly and find their index; ids are never part of a word. */
export const filterKind = (field: Field): FieldKind => {
  if (field.kind !== 'text') return field.kind;
  if (field.format === 'uuid') return 'reference';
  return field.isSystem && !field.isSearchable ? 'choice' : 'text';
};

/** Whether the field has an order, so that `a..b` means something for it. */
export const isOrdered = (field: Field): boolean => operators[field.kind] === orderOperators;

/** Refuses operators that say nothing about this kind of field. */
export const assertOperator = (field: Field, operator: string, at: number): void => {
  const allowed = operators[filterKind(field)];
  if (allowed.includes(operator) || (operator === ':' && field.kind !== 'json')) return;
  throw filterFault({
    at,
    code: 'operator',
    text: {
      de: `„${operator}“ geht nicht mit dem Feld „${field.name}“.`,
      en: `"${operator}" does not work with the field "${field.name}".`,
    },
    expected: allowed,
  });
};

/** The value as it was written, without quotes. */
export const written = (atom: Atom): string => atom.pieces.join('*');

/** The error of a value that the field cannot have. */
export const unreadable = ({ field, atom }: Draft, what: Text, expected: readonly string[]): LeitwerkError =>
  filterFault({
    at: atom.at,
    code: 'value',
    text: {
      de: `„${written(atom)}“ ist ${what.de} (${field.label.de}).`,
      en: `"${written(atom)}" is ${what.en} (${field.label.en}).`,
    },
    expected,
  });
