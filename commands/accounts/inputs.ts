import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { LeitwerkError, type Language } from '../../core/errors.ts';
import { toIssue } from '../../core/validation.ts';
import { longestPassword } from './password-rules.ts';

const email = { type: 'string', format: 'email', maxLength: 254 };
const name = { type: 'string', minLength: 1, maxLength: 200, pattern: '\\S' };
const key = { type: 'string', minLength: 1, maxLength: 100, pattern: '^[a-z0-9][a-z0-9-]*$' };
const password = { type: 'string', minLength: 1, maxLength: longestPassword };
const language = { type: 'string', enum: ['de', 'en'] };
type JsonSchema = Readonly<Record<string, unknown>>;

const optional = (schema: JsonSchema): JsonSchema => ({ ...schema, type: [schema['type'], 'null'] });

const object = (properties: JsonSchema, required: readonly string[]): JsonSchema => ({
  type: 'object',
  additionalProperties: false,
  required,
  properties,
});

export interface SignInInput {
  readonly email: string;
  readonly password: string;
}
export interface SetupInput extends SignInInput {
  readonly token: string;
  readonly company: string;
  readonly name: string;
  readonly language?: Language;
}
export interface NewUser {
  readonly email: string;
  readonly name: string;
  readonly role: string;
  readonly team?: string | null;
  readonly language?: Language;
  /** Absent: the answer carries an initial one, shown this once. */
  readonly password?: string;
}
export interface UserPatch {
  readonly name?: string;
  readonly role?: string;
  readonly team?: string | null;
  readonly language?: Language;
  readonly isDisabled?: boolean;
  /** Sets a new password and ends the user's sessions. */
  readonly password?: string;
}
export interface OwnPatch {
  readonly name?: string;
  readonly language?: Language;
  readonly currentPassword?: string;
  readonly password?: string;
}
export interface NewKey {
  readonly name: string;
  readonly role?: string | null;
  readonly scopes?: readonly string[] | null;
  readonly expiresAt?: string | null;
}

/** The bodies that acts on accounts take, as JSON Schema: for validation here and for OpenAPI. */
export const accountInputs = {
  // Signing in takes any text: what the rules for new passwords say about it is nobody's business here.
  signIn: object({ email: { type: 'string', maxLength: 254 }, password }, ['email', 'password']),
  setup: object({ token: { type: 'string', maxLength: 100 }, company: name, name, email, password, language }, [
    'token',
    'company',
    'name',
    'email',
    'password',
  ]),
  newUser: object({ email, name, role: key, team: optional(key), language, password }, ['email', 'name', 'role']),
  userPatch: object({ name, role: key, team: optional(key), language, isDisabled: { type: 'boolean' }, password }, []),
  ownPatch: {
    ...object({ name, language, currentPassword: password, password }, []),
    dependentRequired: { password: ['currentPassword'] },
  },
  newKey: {
    ...object(
      {
        name,
        role: optional(key),
        scopes: {
          type: ['array', 'null'],
          minItems: 1,
          maxItems: 50,
          uniqueItems: true,
          items: { type: 'string', maxLength: 100 },
        },
        expiresAt: { type: ['string', 'null'], format: 'date-time' },
      },
      ['name'],
    ),
  },
} as const;

const validators = new WeakMap<object, ValidateFunction>();

const validatorOf = (schema: object): ValidateFunction => {
  const known = validators.get(schema);
  if (known !== undefined) return known;
  const ajv = new Ajv2020({
    allErrors: true,
    strict: true,
    allowUnionTypes: true,
    strictTypes: false,
    strictRequired: false,
  });
  addFormats.default(ajv);
  const made = ajv.compile(schema);
  validators.set(schema, made);
  return made;
};

/**
 * Takes a body apart that came from outside.
 * @throws LeitwerkError `InvalidInput` with every wrong field at once.
 */
export function parseInput<T>(schema: object, input: unknown, language_: Language): T {
  const validate = validatorOf(schema);
  if (validate(input)) return input as T;
  throw new LeitwerkError('InvalidInput', {
    issues: (validate.errors ?? []).map((error) => toIssue(error, language_)),
  });
}

/** One spelling for one mailbox: people sign in with any case and with spaces they did not see. */
export const normaliseEmail = (text: string): string => text.normalize('NFKC').trim().toLowerCase();
