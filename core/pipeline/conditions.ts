import { Environment, type ParseResult } from '@marcbachmann/cel-js';
import type { EntityModel, Field, FieldKind } from '../entity.ts';
import type { Text } from '../errors.ts';
import { expressionFault } from './expression-fault.ts';

/** A record as the API shows it: money in units, instants as ISO text, lists and objects as such. */
export type RecordValues = Readonly<Record<string, unknown>>;

/** What `event` holds in a condition. */
export interface EventView {
  readonly act: string;
  readonly fields: readonly string[];
  readonly step: string;
  readonly activityType: string;
  readonly result: string;
}

export interface ConditionContext {
  readonly record: RecordValues;
  readonly now: string;
  readonly event?: EventView;
}

/**
 * CEL over one entity. Empty texts are `""`, empty lists `[]`, empty booleans `false`; an empty number or date is absent:
 * a condition that needs it does not hold, and `has(record.budget)` asks for it.
 */
export interface Conditions {
  /** What is wrong with an expression, or undefined. `wanted` is the type it has to have. */
  fault(expression: string, wanted: 'bool' | 'value'): Text | undefined;
  holds(expression: string | undefined, context: ConditionContext): boolean;
  /** A JSON value; null when the expression needs an empty field. */
  value(expression: string, context: ConditionContext): unknown;
}

const maxLength = 1_000;
const limits = { maxAstNodes: 200, maxDepth: 20, maxListElements: 100, maxMapEntries: 50, maxCallArguments: 8 };
const macros = new Set([
  'all',
  'exists',
  'exists_one',
  'map',
  'filter',
  'transformList',
  'transformMap',
  'transformMapEntry',
  'sortBy',
]);
const emptyEvent: EventView = { act: '', fields: [], step: '', activityType: '', result: '' };

class RecordView {
  constructor(values: Readonly<Record<string, unknown>>) {
    Object.assign(this, values);
  }
  get [Symbol.toStringTag](): string {
    return 'Record';
  }
}
class EventValues extends RecordView {
  override get [Symbol.toStringTag](): string {
    return 'Event';
  }
}

const celTypes: Readonly<Record<FieldKind, string>> = {
  text: 'string',
  longText: 'string',
  reference: 'string',
  choice: 'string',
  integer: 'int',
  decimal: 'double',
  money: 'double',
  boolean: 'bool',
  date: 'google.protobuf.Timestamp',
  instant: 'google.protobuf.Timestamp',
  list: 'list<string>',
  json: 'map<string, dyn>',
};

const isText = (field: Field): boolean => celTypes[field.kind] === 'string';

/** What an empty field is; undefined = the condition that needs it does not hold. */
const empties: Partial<Record<FieldKind, unknown>> = {
  text: '',
  longText: '',
  reference: '',
  choice: '',
  list: [],
  json: {},
  boolean: false,
};

const toCel = (field: Field, value: unknown): unknown => {
  if (value === null || value === undefined) return empties[field.kind];
  if (isText(field)) return String(value);
  switch (celTypes[field.kind]) {
    case 'bool':
      return value === true || value === 1;
    case 'int':
      return BigInt(Math.trunc(Number(value)));
    case 'double':
      return Number(value);
    case 'google.protobuf.Timestamp':
      return new Date(String(value));
    default:
      return value;
  }
};

const fromCel = (value: unknown): unknown => {
  if (typeof value === 'bigint') return Number(value);
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map(fromCel);
  return value ?? null;
};

/** Whole numbers may meet decimals: `budget == 1000` and `budget * 2` mean what they say. */
const mixNumbers = (environment: Environment): void => {
  const operations: [string, (a: number, b: number) => number | boolean, string][] = [
    ['==', (a, b) => a === b, 'bool'],
    ['+', (a, b) => a + b, 'double'],
    ['-', (a, b) => a - b, 'double'],
    ['*', (a, b) => a * b, 'double'],
    ['/', (a, b) => a / b, 'double'],
  ];
  for (const [sign, compute, result] of operations) {
    for (const [left, right] of [
      ['double', 'int'],
      ['int', 'double'],
    ]) {
      if (sign === '==' && left === 'int') continue;
      environment.registerOperator(`${left} ${sign} ${right}: ${result}`, (a: number | bigint, b: number | bigint) =>
        compute(Number(a), Number(b)),
      );
    }
  }
};

const environmentFor = (model: EntityModel): Environment => {
  const fields: Record<string, string> = {};
  for (const field of model.fields.values()) if (!field.isHidden) fields[field.name] = celTypes[field.kind];
  const environment = new Environment({ limits })
    .registerType('Record', { ctor: RecordView, fields })
    .registerType('Event', {
      ctor: EventValues,
      fields: { act: 'string', fields: 'list<string>', step: 'string', activityType: 'string', result: 'string' },
    })
    .registerVariable('record', 'Record')
    .registerVariable('event', 'Event')
    .registerVariable('now', 'google.protobuf.Timestamp');
  mixNumbers(environment);
  return environment;
};

interface Call {
  readonly name: string;
  readonly argument: unknown;
}

const isNode = (value: unknown): value is { op: string; args: unknown } =>
  typeof value === 'object' && value !== null && 'op' in value && 'args' in value;

/** Every function and method call in a parsed expression. */
const callsIn = (node: unknown, found: Call[] = []): Call[] => {
  if (Array.isArray(node)) for (const part of node) callsIn(part, found);
  if (!isNode(node)) return found;
  if ((node.op === 'call' || node.op === 'rcall') && Array.isArray(node.args)) {
    found.push({ name: String(node.args[0]), argument: node.op === 'call' ? node.args[1] : node.args[2] });
  }
  return callsIn(node.args, found);
};

const fieldOfHas = (argument: unknown): string | undefined => {
  const node: unknown = Array.isArray(argument) ? argument[0] : argument;
  return isNode(node) && node.op === '.' && Array.isArray(node.args) ? String(node.args[1]) : undefined;
};

const callFault = (ast: unknown, model: EntityModel): Text | undefined => {
  const calls = callsIn(ast);
  if (calls.some((call) => call.name === 'matches')) {
    return {
      de: '„matches“ ist nicht erlaubt; nimm contains, startsWith oder endsWith.',
      en: '"matches" is not allowed; use contains, startsWith or endsWith.',
    };
  }
  if (calls.filter((call) => macros.has(call.name)).length > 2) {
    return {
      de: 'Höchstens zwei Schleifen (exists, all, map, filter) je Bedingung.',
      en: 'At most two loops (exists, all, map, filter) per condition.',
    };
  }
  for (const call of calls) {
    const field = call.name === 'has' ? model.fields.get(fieldOfHas(call.argument) ?? '') : undefined;
    if (field !== undefined && isText(field)) {
      return {
        de: `Ein leerer Text ist "": schreibe record.${field.name} != "".`,
        en: `An empty text is "": write record.${field.name} != "".`,
      };
    }
  }
  return undefined;
};

/** Conditions over records of `model`, parsed once each. */
export function createConditions(model: EntityModel): Conditions {
  const environment = environmentFor(model);
  const names = [...model.fields.values()].filter((field) => !field.isHidden).map((field) => field.name);
  const parsed = new Map<string, ParseResult>();

  const parse = (expression: string): ParseResult => {
    const known = parsed.get(expression);
    if (known !== undefined) return known;
    const fresh = environment.parse(expression);
    if (parsed.size > 1_000) parsed.clear();
    parsed.set(expression, fresh);
    return fresh;
  };

  const evaluate = (expression: string, context: ConditionContext): unknown => {
    const values: Record<string, unknown> = {};
    for (const field of model.fields.values()) {
      const value = toCel(field, context.record[field.name]);
      if (value !== undefined) values[field.name] = value;
    }
    try {
      return parse(expression)({
        record: new RecordView(values),
        event: new EventValues({ ...emptyEvent, ...context.event }),
        now: new Date(context.now),
      });
    } catch {
      // An empty number or date was needed (publishing has checked everything else): nothing can be said.
      return undefined;
    }
  };

  return {
    fault(expression, wanted) {
      if (expression.length > maxLength)
        return { de: `Länger als ${maxLength} Zeichen.`, en: `Longer than ${maxLength} characters.` };
      try {
        const program = parse(expression);
        const forbidden = callFault(program.ast, model);
        if (forbidden !== undefined) return forbidden;
        const checked = program.check();
        if (!checked.valid) return expressionFault(checked.error, expression, names);
        if (wanted === 'bool' && String(checked.type) !== 'bool' && String(checked.type) !== 'dyn') {
          return {
            de: `Eine Bedingung ist wahr oder falsch, dies ist ${String(checked.type)}.`,
            en: `A condition is true or false, this is ${String(checked.type)}.`,
          };
        }
        return undefined;
      } catch (error) {
        return expressionFault(error, expression, names);
      }
    },
    holds: (expression, context) => expression === undefined || evaluate(expression, context) === true,
    value: (expression, context) => fromCel(evaluate(expression, context)),
  };
}
