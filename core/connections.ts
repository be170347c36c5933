import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { issueOf, type Issue, type Language, type Text } from './errors.ts';
import { toIssue } from './validation.ts';

/**
 * A JSON Schema of an object whose members have `title` and `description` by language under `x-label` and `x-help`, and the values of an
 * `enum` theirs under `x-options`.
 */
export type ObjectSchema = Readonly<Record<string, unknown>> & {
  readonly properties: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
};

/** A kind of outside system that a company can be connected with. */
export interface ConnectionKind {
  readonly kind: string;
  readonly label: Text;
  /** Where somebody finds what is asked for. */
  readonly help: Text;
  /** What everybody who may configure can read. */
  readonly settings: ObjectSchema;
  /** What is sealed, and never shown again. */
  readonly credentials: ObjectSchema;
  /** Settings that say where the credentials are sent: whoever changes one gives the credentials anew. */
  readonly bound: readonly string[];
}

/** What was wrong at the last attempt, and what to do about it. */
export interface ConnectionFault {
  readonly code: string;
  readonly message: Text;
}

type Values = Readonly<Record<string, unknown>>;

const validators = new WeakMap<ObjectSchema, ValidateFunction>();

const validatorOf = (schema: ObjectSchema): ValidateFunction => {
  const known = validators.get(schema);
  if (known !== undefined) return known;
  const ajv = new Ajv2020({ allErrors: true, strict: true, strictRequired: false });
  ajv.addVocabulary(['x-label', 'x-help', 'x-multiline', 'x-options']);
  const made = ajv.compile(schema);
  validators.set(schema, made);
  return made;
};

interface EitherOr {
  readonly anyOf?: readonly { readonly required: readonly string[] }[];
}

/** What is missing where one of several sets of members is enough, in one sentence that names them. */
const eitherOr = (schema: ObjectSchema): Text => {
  const { anyOf = [] } = schema as EitherOr;
  const inWords = (language: Language, [and, or]: readonly [and: string, or: string]): string =>
    anyOf
      .map(({ required }) => {
        const names = required.map((name) => {
          const label = schema.properties[name]?.['x-label'] as Text | undefined;
          return label === undefined ? name : label[language];
        });
        return [names.slice(0, -1).join(', '), ...names.slice(-1)].filter((part) => part !== '').join(` ${and} `);
      })
      .join(`, ${or} `);
  return {
    de: `Nötig ist entweder ${inWords('de', ['und', 'oder'])}.`,
    en: `Either ${inWords('en', ['and', 'or'])} is needed.`,
  };
};

/** Every fault of the values, under `/settings/…` or `/credentials/…`. Nothing of a credential is repeated. */
export function connectionIssues(
  kind: ConnectionKind,
  part: 'settings' | 'credentials',
  given: { readonly values: Values; readonly language: Language },
): Issue[] {
  const validate = validatorOf(kind[part]);
  if (validate(given.values)) return [];
  // What each of several sets lacks is said by the one sentence about all of them.
  const errors = (validate.errors ?? []).filter(({ schemaPath }) => !schemaPath.startsWith('#/anyOf/'));
  return errors.map((error) => {
    if (error.keyword === 'anyOf')
      return issueOf({ path: `/${part}`, code: 'anyOf' }, eitherOr(kind[part]), given.language);
    const issue = toIssue(error, given.language);
    return { ...issue, path: `/${part}${issue.path}` };
  });
}
