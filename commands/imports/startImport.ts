import type { EntityModel } from '../../core/entity.ts';
import { LeitwerkError, type Issue } from '../../core/errors.ts';
import { readImportOptions, type ImportOptions, type OptionWords } from '../../core/import-options.ts';
import type { Tx } from '../../store/database.ts';
import { insertEvent } from '../../store/events.ts';
import type { RecordData } from '../../store/record-table.ts';
import { insertRecord } from '../../store/records.ts';
import { assertCan, transact, type Context } from '../context.ts';
import { sourceOf } from '../source.ts';
import { stampOf } from '../stamp.ts';
import { importModel } from './import-record.ts';
import { readImportMapping } from './importMapping.ts';
import { matchField, matchKeys } from './match-key.ts';

/** A file that has been stored, and what its sender said of it. */
export interface ImportRequest {
  readonly fileName: string;
  readonly blob: string;
  readonly size: number;
  /** `source`, `entity`, `mapping`, `encoding`, `delimiter`, `decimal`, `header`, `matchKey`, `onMatch`, `processes`, `dryRun`. */
  readonly words: OptionWords;
}

export interface StartOptions {
  /** Whoever starts it also carries it: no workflow is woken. If that ends before its time, the reconciler wakes one. */
  readonly isCarriedHere?: boolean;
  /** What is to be written together with the import. */
  readonly within?: (tx: Tx, id: string) => Promise<void>;
}

/** Entities that tell of others or of the system are no target. */
const noTargets = new Set(['timeline-entry', 'saved-view', 'activity']);

const issueOf = (ctx: Context, path: string, text: { readonly de: string; readonly en: string }): Issue => ({
  path,
  code: 'unknown',
  message: text[ctx.language],
});

const targetOf = (ctx: Context, word: string): EntityModel | undefined => {
  const model = ctx.snapshot.models.get(word) ?? ctx.snapshot.modelsByPlural.get(word);
  return model === undefined || model.isReadOnly || noTargets.has(model.name) ? undefined : model;
};

const sourceIssue = (ctx: Context, key: string): Issue | undefined => {
  if (key === '') return issueOf(ctx, '/source', { de: 'Die Quelle fehlt.', en: 'The source is missing.' });
  try {
    sourceOf(ctx.snapshot, key);
    return undefined;
  } catch (error) {
    if (!(error instanceof LeitwerkError)) throw error;
    return issueOf(ctx, '/source', error.text);
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
  return issueOf(ctx, '/matchKey', {
    de: `Über „${matchKey}“ lassen sich keine Datensätze finden. Erlaubt: ${list}.`,
    en: `Records cannot be found by "${matchKey}". Allowed: ${list}.`,
  });
};

interface Judged {
  readonly model: EntityModel;
  readonly source: string;
  readonly options: ImportOptions;
  readonly isDryRun: boolean;
}

/** @throws LeitwerkError `InvalidInput` with every fault of the request, `Forbidden`. */
const judge = async (ctx: Context, { words, size }: ImportRequest): Promise<Judged> => {
  const { options, isDryRun, issues } = readImportOptions(words, ctx.language);
  const source = words['source'] ?? '';
  const entity = words['entity'] ?? '';
  const model = targetOf(ctx, entity === '' ? 'lead' : entity);
  const found = [
    ...issues,
    sourceIssue(ctx, source),
    model === undefined
      ? issueOf(ctx, '/entity', {
          de: `In „${entity}“ lässt sich nichts importieren.`,
          en: `Nothing can be imported into "${entity}".`,
        })
      : matchIssue(ctx, model, options),
    size === 0 ? issueOf(ctx, '/file', { de: 'Die Datei ist leer.', en: 'The file is empty.' }) : undefined,
  ].filter((issue) => issue !== undefined);
  if (model === undefined || found.length > 0) throw new LeitwerkError('InvalidInput', { issues: found });
  assertCan(ctx, 'create', model);
  if (options.onMatch === 'update') assertCan(ctx, 'update', model);
  const mapping = words['mapping'] ?? '';
  if (mapping.trim() === '') return { model, source, options, isDryRun };
  return { model, source, isDryRun, options: { ...options, mapping: await readImportMapping(ctx, model, mapping) } };
};

/**
 * Queues the import of a stored file: its row and the event that starts its workflow. What is wrong with the file itself shows later,
 * on the import.
 * @throws LeitwerkError `InvalidInput` with every fault of the request, `Forbidden`.
 */
export async function startImport(
  ctx: Context,
  request: ImportRequest,
  { isCarriedHere = false, within }: StartOptions = {},
): Promise<{ readonly id: string }> {
  const model = importModel(ctx);
  assertCan(ctx, 'start', model);
  const judged = await judge(ctx, request);
  const id = ctx.newId();
  const stamp = stampOf(ctx, id);
  const record: RecordData = {
    ...stamp,
    fileName: request.fileName.slice(-200),
    blob: request.blob,
    size: request.size,
    state: 'queued',
    source: judged.source,
    entity: judged.model.name,
    isDryRun: judged.isDryRun,
    options: judged.options,
    starter: { actor: ctx.actor, language: ctx.language },
    ...Object.fromEntries(
      ['position', 'read', 'created', 'updated', 'unchanged', 'duplicates', 'rejected'].map((name) => [name, 0]),
    ),
  };
  return await transact(ctx, async (tx) => {
    await insertRecord(tx, model, record);
    await insertEvent(tx, {
      tenantId: stamp.tenantId,
      at: stamp.createdAt,
      actor: stamp.createdBy,
      act: 'import.start',
      entity: 'import',
      recordId: id,
      version: 1,
      requestId: ctx.requestId,
      wakes: isCarriedHere ? undefined : { process: `import/${id}`, lane: 'interactive' },
    });
    await within?.(tx, id);
    return { id };
  });
}
