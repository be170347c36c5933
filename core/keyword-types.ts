import type { PropertySchema } from './entity.ts';
import type { Text } from './errors.ts';

type Type = NonNullable<PropertySchema['type']>;

const plain: readonly Type[] = ['string', 'integer', 'number', 'boolean'];

/** Keywords that make a field something that values of another type are not: with them the column would lose what it is given. */
const deciding: Readonly<Record<string, readonly Type[]>> = {
  'x-reference': ['string'],
  'x-money': ['number', 'integer'],
};

const others: Readonly<Record<string, readonly Type[]>> = {
  'x-config': ['string', 'array'],
  'x-labels': ['string', 'array'],
  'x-multiline': ['string'],
  'x-searchable': ['string'],
  'x-unique': plain,
  'x-indexed': plain,
  format: ['string'],
  enum: ['string'],
};

/** A keyword that does not go with the type of its field. */
export interface UnfitKeyword {
  readonly keyword: string;
  readonly text: Text;
}

const typeOf = (property: PropertySchema): Type | undefined => {
  if (property.type !== undefined) return property.type;
  return property['x-reference'] !== undefined ? 'string' : property['x-money'] === true ? 'number' : undefined;
};

const unfitOf = (property: PropertySchema, known: Readonly<Record<string, readonly Type[]>>): UnfitKeyword[] => {
  const type = typeOf(property);
  if (type === undefined) return [];
  return Object.entries(known).flatMap(([keyword, types]) => {
    const said = property[keyword];
    if (said === undefined || said === false || types.includes(type)) return [];
    const text = {
      de: `„${keyword}“ passt nicht zu „${type}“, nur zu ${types.join(', ')}.`,
      en: `"${keyword}" does not go with "${type}", only with ${types.join(', ')}.`,
    };
    return [{ keyword, text }];
  });
};

/** Those with which a schema cannot be in force. */
export const contradictions = (property: PropertySchema): readonly UnfitKeyword[] => unfitOf(property, deciding);

/** Those that say nothing with the type of their field: refused when they are published. */
export const idleKeywords = (property: PropertySchema): readonly UnfitKeyword[] => unfitOf(property, others);
