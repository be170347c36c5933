import type { ErrorObject } from 'ajv/dist/2020.js';
import { configDefinitions } from './kinds.ts';

type Schema = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Schema => typeof value === 'object' && value !== null;

const resolve = (reference: string, root: object): unknown => {
  const [file, pointer = ''] = reference.split('#');
  let node: unknown = file === '' ? root : configDefinitions;
  for (const part of pointer.split('/').slice(1)) node = isObject(node) ? node[part] : undefined;
  return node;
};

/** Every schema object that a branch is made of, through its references. */
const partsOf = (branch: unknown, root: object): Set<unknown> => {
  const parts = new Set<unknown>();
  const collect = (node: unknown): void => {
    if (!isObject(node) || parts.has(node)) return;
    parts.add(node);
    if (typeof node['$ref'] === 'string') collect(resolve(node['$ref'], root));
    for (const child of Object.values(node)) collect(child);
  };
  collect(branch);
  return parts;
};

const shapes = new Set([
  'type',
  'required',
  'additionalProperties',
  'unevaluatedProperties',
  'const',
  'enum',
  'minProperties',
  'maxProperties',
]);

/** How little a branch was meant: a wrong shape at the place itself weighs more than a fault further in. */
const unlikeliness = (errors: readonly ErrorObject[], at: string): number => {
  const own = errors.filter((error) => error.instancePath === at);
  const wrongType = own.some((error) => error.keyword === 'type');
  return (wrongType ? 10_000 : 0) + own.filter((error) => shapes.has(error.keyword)).length * 100 + errors.length;
};

const isChoice = (error: ErrorObject): boolean =>
  error.keyword === 'anyOf' || (error.keyword === 'oneOf' && (error.params as Schema)['passingSchemas'] === null);

const isBelow = (path: string, place: string): boolean => path === place || path.startsWith(`${place}/`);

/** What all branches lack in the same way: names that are missing, or types that would do. */
const summary = (errors: readonly ErrorObject[], at: string): Schema => {
  const own = errors.filter((error) => error.instancePath === at);
  if (own.length < errors.length) return {};
  const every = (keyword: string): boolean => own.every((error) => error.keyword === keyword);
  if (every('required')) return { required: own.map((error) => (error.params as Schema)['missingProperty']) };
  if (every('type')) return { types: own.flatMap((error) => (error.params as Schema)['type']) };
  return {};
};

const withChoice = (kept: readonly ErrorObject[], choice: ErrorObject, root: object): ErrorObject[] => {
  const branches = (Array.isArray(choice.schema) ? choice.schema : []).map((branch) => {
    const parts = partsOf(branch, root);
    return kept.filter(
      (error) => error !== choice && parts.has(error.parentSchema) && isBelow(error.instancePath, choice.instancePath),
    );
  });
  const ranked = branches
    .filter((errors) => errors.length > 0)
    .map((errors) => ({ errors, cost: unlikeliness(errors, choice.instancePath) }))
    .toSorted((a, b) => a.cost - b.cost);
  const [best, second] = ranked;
  if (best === undefined) return [...kept];
  const all = new Set(ranked.flatMap((branch) => branch.errors));
  const isClear = second === undefined || best.cost < second.cost;
  if (isClear) return kept.filter((error) => error !== choice && (!all.has(error) || best.errors.includes(error)));
  const summed: ErrorObject = { ...choice, params: { ...choice.params, ...summary([...all], choice.instancePath) } };
  return kept.filter((error) => !all.has(error)).map((error) => (error === choice ? summed : error));
};

/**
 * Of the branches of an `anyOf` or `oneOf` only the faults of the one that was probably meant are worth reading;
 * where none stands out, the choice itself is the fault. Ajv reports inner choices before outer ones. Needs `verbose`.
 */
export function likelyErrors(errors: readonly ErrorObject[], root: object): ErrorObject[] {
  let kept = [...errors];
  for (const choice of errors.filter(isChoice)) {
    if (kept.includes(choice)) kept = withChoice(kept, choice, root);
  }
  return kept.filter((error) => error.keyword !== 'if');
}
