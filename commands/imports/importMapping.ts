import { stringify } from 'yaml';
import { checkConfig } from '../../core/config/check.ts';
import { readYaml } from '../../core/config/yaml.ts';
import type { EntityModel } from '../../core/entity.ts';
import { choiceKey } from '../../core/field-value.ts';
import { isPlainObject } from '../../core/plain-object.ts';
import { LeitwerkError, type Issue } from '../../core/errors.ts';
import type { Mapping } from '../../core/mapping.ts';
import { toColumnPath } from '../../core/mapping-path.ts';
import { lookupOf, readConfigState } from '../config-state.ts';
import type { Context } from '../context.ts';
import { readingOf } from '../company.ts';

const keyPattern = /^[a-z0-9][a-z0-9-]{0,63}$/;

const refused = (issues: readonly Issue[]): LeitwerkError => new LeitwerkError('InvalidInput', { issues });

const known = (ctx: Context, model: EntityModel, key: string): Mapping => {
  const mapping = ctx.snapshot.config('mappings').get(key)?.value as
    | (Mapping & { readonly entity?: string })
    | undefined;
  if (mapping !== undefined && (mapping.entity ?? 'lead') === model.name) return mapping;
  const message =
    mapping === undefined
      ? { de: `Die Feldzuordnung „${key}“ gibt es nicht.`, en: `There is no mapping "${key}".` }
      : {
          de: `Die Feldzuordnung „${key}“ ist nicht für „${model.label.de}“.`,
          en: `The mapping "${key}" is not for "${model.label.en}".`,
        };
  throw refused([{ path: '/mapping', code: 'unknown', message: message[ctx.language] }]);
};

/** Rows whose columns are called as in the file: `Tel.` is no path. */
const withColumnPaths = (rows: unknown): unknown => {
  const named = (from: unknown): unknown => (typeof from === 'string' && from !== '' ? toColumnPath(from) : from);
  const read = (row: unknown): unknown => {
    if (typeof row !== 'object' || row === null || !('from' in row)) return row;
    return { ...row, from: Array.isArray(row.from) ? row.from.map(named) : named(row.from) };
  };
  return Array.isArray(rows) ? rows.map(read) : rows;
};

/** Values of fields as people call them: the label of a choice stands for its key, as it does in a file. */
const withChoiceKeys = (ctx: Context, model: EntityModel, rows: unknown): unknown => {
  const reading = readingOf(ctx.snapshot);
  const read = (row: unknown): unknown => {
    if (!isPlainObject(row) || !isPlainObject(row['valueMap'])) return row;
    const field = model.fields.get(String(row['to']));
    if (field === undefined || (field.kind !== 'choice' && field.kind !== 'list')) return row;
    const entries = Object.entries(row['valueMap']).map(([word, value]) => [
      word,
      typeof value === 'string' ? choiceKey(field, value, reading) : value,
    ]);
    return { ...row, valueMap: Object.fromEntries(entries) as unknown };
  };
  return Array.isArray(rows) ? rows.map(read) : rows;
};

/** Rows as YAML or JSON: a list of rows, or an object with `rows`. Judged as a published mapping is. */
const written = async (ctx: Context, model: EntityModel, text: string): Promise<Mapping> => {
  const { value, faults } = readYaml(text);
  if (faults.length > 0) {
    throw refused(
      faults.map(({ code, text: message, position }) => ({
        path: '/mapping',
        code,
        message: message[ctx.language],
        ...position,
      })),
    );
  }
  const given: unknown = Array.isArray(value) ? { rows: value as unknown[] } : value;
  const rowsOf = (rows: unknown): unknown => withChoiceKeys(ctx, model, withColumnPaths(rows));
  const whole = {
    key: 'import',
    label: { de: 'Import', en: 'Import' },
    entity: model.name,
    ...(typeof given === 'object' && given !== null && 'rows' in given
      ? { ...given, rows: rowsOf(given.rows) }
      : { rows: given }),
  };
  const lookup = lookupOf(await readConfigState(ctx.db, ctx.actor.tenantId));
  const checked = checkConfig('mappings', stringify(whole), { lookup, language: ctx.language });
  if (checked.value === undefined)
    throw refused(checked.issues.map(({ path, code, message }) => ({ path: `/mapping${path}`, code, message })));
  return checked.value as unknown as Mapping;
};

/**
 * The mapping that a request names or brings along. Fields that the caller may not write are refused.
 * @throws LeitwerkError `InvalidInput` with every fault.
 */
export async function readImportMapping(ctx: Context, model: EntityModel, text: string): Promise<Mapping> {
  const mapping = keyPattern.test(text.trim()) ? known(ctx, model, text.trim()) : await written(ctx, model, text);
  const closed = mapping.rows.filter(({ to }) => !ctx.ability.isWritable(model.name, to));
  if (closed.length === 0) return mapping;
  throw refused(
    closed.map(({ to }) => ({
      path: `/mapping/${to}`,
      code: 'readOnly',
      message: ctx.language === 'de' ? `„${to}“ dürfen Sie nicht füllen.` : `You may not fill "${to}".`,
    })),
  );
}
