import type { ConfigIssue } from '../core/config/faults.ts';
import { fitsColumn, type SchemaChange } from '../core/config/schema-change.ts';
import { columnsOf, toEntityModel, type EntityModel, type EntitySchema } from '../core/entity.ts';
import { issueOf, LeitwerkError } from '../core/errors.ts';
import { assertExpected, readRevisions } from '../store/config.ts';
import {
  assertMayConfigure,
  assertValid,
  lookupOf,
  onSteadyState,
  publishEntry,
  readConfigState,
  type ConfigContext,
  type ConfigEntry,
  type ConfigState,
  type PublishedEntry,
} from './config-state.ts';
import { provideTable } from './provideTable.ts';
import { schemaImpact, type SchemaImpact } from './schema-impact.ts';

export interface PublishSchemaInput {
  readonly entity: string;
  /** JSON text, kept as it is, or … */
  readonly text?: string | undefined;
  /** … the schema. */
  readonly schema?: unknown;
  readonly expectedRevision?: number | undefined;
  /** Hash of the impact that the author has seen; needed for a destructive change. */
  readonly confirm?: string | undefined;
  readonly comment?: string | undefined;
}

interface Prepared {
  readonly entry: ConfigEntry;
  readonly after: EntityModel;
  readonly impact: SchemaImpact;
}

/** A field of an earlier revision has left its column behind, which the name brings back with its values. */
const columnIssues = async (
  ctx: ConfigContext,
  before: EntityModel | undefined,
  after: EntityModel,
): Promise<ConfigIssue[]> => {
  const added = [...after.fields.values()].filter((field) => before?.fields.has(field.name) !== true);
  if (added.length === 0) return [];
  const revisions = await readRevisions(ctx.db, { tenantId: ctx.actor.tenantId, kind: 'schemas', key: after.name });
  const columns = new Map(
    revisions
      .flatMap(({ value }) => columnsOf(value as EntitySchema))
      .map((field) => [field.name.toLowerCase(), field]),
  );
  return added.flatMap((field) => {
    const known = columns.get(field.name.toLowerCase());
    if (known === undefined || (known.name === field.name && fitsColumn(known, field))) return [];
    const text = {
      de: `„${known.name}“ (${known.kind}) gab es hier schon; bitte denselben Typ oder einen anderen Namen nehmen.`,
      en: `"${known.name}" (${known.kind}) was here before; please take the same type or another name.`,
    };
    return [issueOf({ path: `/properties/${field.name}`, code: 'column' }, text, ctx.language)];
  });
};

const impossibleIssue = (change: SchemaChange, ctx: ConfigContext): ConfigIssue => {
  const why =
    change.change === 'unique'
      ? { de: 'mehrere Einträge haben denselben Wert', en: 'several records share a value' }
      : {
          de: 'bitte ein neues Feld anlegen und das alte stilllegen',
          en: 'please add a new field and retire the old one',
        };
  return {
    path: change.field === undefined ? '/x-entity/unique' : `/properties/${change.field}`,
    code: change.change,
    message: `${change.text[ctx.language]}: ${why[ctx.language]}.`,
  };
};

const prepare = async (ctx: ConfigContext, state: ConfigState, input: PublishSchemaInput): Promise<Prepared> => {
  const text = input.text ?? `${JSON.stringify(input.schema ?? null, null, 2)}\n`;
  const { entity } = input;
  const head = state.heads.find((one) => one.kind === 'schemas' && one.key === entity);
  assertExpected(head, { key: entity, yaml: text, expectedRevision: input.expectedRevision });
  const { checkConfig } = await import('../core/config/check.ts');
  const { value, issues } = checkConfig('schemas', text, {
    key: entity,
    language: ctx.language,
    lookup: lookupOf(state),
  });
  assertValid(issues);
  const after = toEntityModel(value as unknown as EntitySchema, 0);
  const before = state.models.get(entity);
  assertValid(await columnIssues(ctx, before, after));
  const { impossible, ...impact } = await schemaImpact({
    db: ctx.db,
    tenantId: ctx.actor.tenantId,
    language: ctx.language,
    state,
    before,
    after,
  });
  assertValid(impossible.map((change) => impossibleIssue(change, ctx)));
  return {
    entry: {
      kind: 'schemas',
      key: entity,
      yaml: text,
      value,
      comment: input.comment,
      expectedRevision: input.expectedRevision,
    },
    after,
    impact,
  };
};

const assertConfirmed = (impact: SchemaImpact, confirm: string | undefined): void => {
  if (!impact.isDestructive || confirm === impact.hash) return;
  const text = {
    de: 'Diese Änderung betrifft Vorhandenes und muss bestätigt werden.',
    en: 'This change touches what exists and has to be confirmed.',
  };
  throw new LeitwerkError('Conflict', { text, facts: { impact, confirm: impact.hash } });
};

/**
 * Publishes an entity schema. What adds or relaxes takes effect at once; a destructive change needs the hash of its impact.
 * Columns are added first and never dropped.
 * @throws LeitwerkError `Forbidden`, `InvalidInput`, `Conflict` (stale revision, or unconfirmed: facts `impact` and `confirm`).
 */
export async function publishSchema(
  ctx: ConfigContext,
  input: PublishSchemaInput,
): Promise<PublishedEntry & { readonly impact: SchemaImpact }> {
  assertMayConfigure(ctx);
  return await onSteadyState(ctx, async (state) => {
    const { entry, after, impact } = await prepare(ctx, state, input);
    assertConfirmed(impact, input.confirm);
    await provideTable(ctx, after);
    return async (tx) => ({ ...(await publishEntry(ctx, tx, entry)), impact });
  });
}

/** Validates only, and says what publishing would touch. */
export async function previewSchema(ctx: ConfigContext, input: PublishSchemaInput): Promise<SchemaImpact> {
  assertMayConfigure(ctx);
  return (await prepare(ctx, await readConfigState(ctx.db, ctx.actor.tenantId), input)).impact;
}
