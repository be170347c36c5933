import type { EntityModel } from '../../core/entity.ts';
import { issueOf, LeitwerkError, type Issue, type Text } from '../../core/errors.ts';
import { readImportOptions, type ImportOptions, type OptionWords } from '../../core/import-options.ts';
import type { Mapping } from '../../core/mapping.ts';
import type { MappingsConfig } from '../../schemas/generated/config.ts';
import { assertCan, type Context } from '../context.ts';
import { sourceOf } from '../source.ts';
import type { ImportRecord } from './import-record.ts';
import { readImportMapping } from './importMapping.ts';
import { matchField, matchKeys } from '../../core/match-key.ts';

/** Entities that tell of others or of the system are no target. */
const noTargets = new Set(['timeline-entry', 'saved-view', 'activity']);

const unknownIssue = (ctx: Context, path: string, text: Text): Issue =>
  issueOf({ path, code: 'unknown' }, text, ctx.language);

const targetOf = (ctx: Context, word: string): EntityModel | undefined => {
  const model = ctx.snapshot.models.get(word) ?? ctx.snapshot.modelsByPlural.get(word);
  return model === undefined || model.isReadOnly || noTargets.has(model.name) ? undefined : model;
};

const sourceIssue = (ctx: Context, key: string): Issue | undefined => {
  if (key === '') return unknownIssue(ctx, '/source', { de: 'Die Quelle fehlt.', en: 'The source is missing.' });
  try {
    sourceOf(ctx.snapshot, key);
    return undefined;
  } catch (error) {
    if (!(error instanceof LeitwerkError)) throw error;
    return unknownIssue(ctx, '/source', error.text);
  }
};

const matchIssue = (
  ctx: Context,
  model: EntityModel,
  { matchKey }: Pick<ImportOptions, 'matchKey'>,
): Issue | undefined => {
  if (matchKey === undefined || matchKey === 'externalId' || matchField(model, matchKey) !== undefined)
    return undefined;
  const list = matchKeys(model).join(', ');
  return unknownIssue(ctx, '/matchKey', {
    de: `Über „${matchKey}“ lassen sich keine Datensätze finden. Erlaubt: ${list}.`,
    en: `Records cannot be found by "${matchKey}". Allowed: ${list}.`,
  });
};

/** What is asked of an import, judged. */
export interface ImportPlan {
  readonly model: EntityModel;
  readonly source: string;
  readonly preset: string | null;
  readonly options: ImportOptions;
  readonly isDryRun: boolean;
  readonly isDraft: boolean;
}

const isGiven = ([, word]: readonly [string, string | undefined]): boolean => word !== undefined && word !== '';

/** A preset says what nobody has said; a mapping with a `file` is one. */
const presetWords = (ctx: Context, key: string): OptionWords => {
  const preset = ctx.snapshot.config('mappings').get(key)?.value as MappingsConfig | undefined;
  if (preset?.file === undefined) {
    const text = {
      de: `Einen wiederkehrenden Import „${key}“ gibt es nicht.`,
      en: `There is no recurring import "${key}".`,
    };
    throw new LeitwerkError('InvalidInput', { issues: [unknownIssue(ctx, '/preset', text)] });
  }
  const { header, ...file } = preset.file;
  return { ...file, entity: preset.entity, mapping: key, header: header === undefined ? undefined : String(header) };
};

const withPreset = (ctx: Context, words: OptionWords): OptionWords => {
  const { preset = '' } = words;
  return preset === ''
    ? words
    : { ...presetWords(ctx, preset), ...Object.fromEntries(Object.entries(words).filter(isGiven)) };
};

const usualSource = 'csv-datei';

/** Where a draft's records come from as long as nobody has said so. */
const draftSource = (ctx: Context): string => {
  const sources = [...ctx.snapshot.config('sources').keys()];
  return sources.includes(usualSource) ? usualSource : (sources[0] ?? '');
};

/** @throws LeitwerkError `InvalidInput` with every fault of the request, `Forbidden`. */
export async function judgeWords(ctx: Context, given: OptionWords, more: readonly Issue[] = []): Promise<ImportPlan> {
  const words = withPreset(ctx, given);
  const { options, isDryRun, isDraft, issues } = readImportOptions(words, ctx.language);
  const named = words['source'] ?? '';
  const source = named === '' && isDraft ? draftSource(ctx) : named;
  const entity = words['entity'] ?? '';
  const model = targetOf(ctx, entity === '' ? 'lead' : entity);
  const found = [
    ...issues,
    sourceIssue(ctx, source),
    model === undefined
      ? unknownIssue(ctx, '/entity', {
          de: `In „${entity}“ lässt sich nichts importieren.`,
          en: `Nothing can be imported into "${entity}".`,
        })
      : matchIssue(ctx, model, options),
    ...more,
  ].filter((issue) => issue !== undefined);
  if (model === undefined || found.length > 0) throw new LeitwerkError('InvalidInput', { issues: found });
  assertCan(ctx, 'create', model);
  if (options.onMatch === 'update') assertCan(ctx, 'update', model);
  const plan = { model, source, preset: words['preset'] || null, isDryRun, isDraft };
  const mapping = words['mapping'] ?? '';
  if (mapping.trim() === '') return { ...plan, options };
  const { unmapped, rows } = await readImportMapping(ctx, model, mapping);
  const kept: Mapping = { ...(unmapped === undefined ? {} : { unmapped }), rows };
  return { ...plan, options: { ...options, mapping: kept } };
}

/** The words that an import would be asked for with again. */
export function wordsOf({ source, entity, options, data }: ImportRecord): OptionWords {
  const { mapping, hasHeader, ...rest } = options;
  return {
    ...rest,
    source,
    entity,
    preset: (data['preset'] ?? '') as string,
    header: hasHeader === undefined ? '' : String(hasHeader),
    mapping: mapping === undefined ? '' : JSON.stringify(mapping),
  };
}
