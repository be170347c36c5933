import { actorName, superadminRole } from '../core/actor.ts';
import { toConfigKind } from '../core/config/kinds.ts';
import { LeitwerkError, type Text } from '../core/errors.ts';
import type { PipelineConfig } from '../core/pipeline/config.ts';
import { listUsers } from '../store/accounts-users.ts';
import { archiveConfig as archiveHead, type ConfigHead } from '../store/config.ts';
import { insertEvent } from '../store/events.ts';
import { countCarried } from '../store/outdated-processes.ts';
import { assertMayConfigure, onSteadyState, type ConfigContext, type ConfigState } from './config-state.ts';

const assertRoleUnused = async (ctx: ConfigContext, key: string): Promise<void> => {
  const { tenantId } = ctx.actor;
  const holders = (await listUsers(ctx.db, tenantId)).filter((user) => user.role === key && !user.isDisabled);
  if (key !== superadminRole && holders.length === 0) return;
  const text = { de: `Die Rolle „${key}“ wird noch gebraucht.`, en: `The role "${key}" is still needed.` };
  throw new LeitwerkError('Conflict', { text, facts: { users: holders.map((user) => user.name) } });
};

/** Its records go on needing it, and new ones need one of their entity. */
const assertPipelineUnused = async (ctx: ConfigContext, state: ConfigState, head: ConfigHead): Promise<void> => {
  const entityOf = ({ value }: ConfigHead): string => (value as PipelineConfig).entity;
  const model = state.models.get(entityOf(head));
  if (model === undefined) return;
  const refuse = (text: Text, reference: { readonly kind: string; readonly key: string }): never => {
    throw new LeitwerkError('Conflict', {
      text,
      facts: { references: [{ ...reference, path: '', message: text[ctx.language] }] },
    });
  };
  const pipelines = state.heads.filter(({ kind }) => kind === 'pipelines');
  const others = pipelines.filter((one) => one.key !== head.key && entityOf(one) === model.name);
  if (model.hasPipeline && others.length === 0) {
    const text = {
      de: `„${head.key}“ wird noch gebraucht: es ist die einzige Pipeline für „${model.label.de}“.`,
      en: `"${head.key}" is still needed: it is the only pipeline for "${model.label.en}".`,
    };
    refuse(text, { kind: 'schemas', key: model.name });
  }
  const count = await countCarried(ctx.db.scans, model, { tenantId: ctx.actor.tenantId, pipeline: head.key });
  if (count === 0) return;
  const text = {
    de: `„${head.key}“ wird noch gebraucht: offene Datensätze darin: ${count} (${model.pluralLabel.de}).`,
    en: `"${head.key}" is still needed: open records in it: ${count} (${model.pluralLabel.en}).`,
  };
  refuse(text, { kind: 'records', key: model.plural });
};

/**
 * Takes a key out of use. Records keep it, and its revisions stay.
 * @throws LeitwerkError `Forbidden`, `NotFound`, `Conflict` naming the config texts, users and records that still need it.
 */
export async function archiveConfig(
  ctx: ConfigContext,
  input: { readonly kind: string; readonly key: string },
): Promise<void> {
  assertMayConfigure(ctx);
  const kind = toConfigKind(input.kind);
  const { key } = input;
  const { tenantId } = ctx.actor;
  await onSteadyState(ctx, async (state) => {
    const head = state.heads.find((one) => one.kind === kind && one.key === key);
    if (head === undefined) throw new LeitwerkError('NotFound');
    if (kind === 'roles') await assertRoleUnused(ctx, key);
    if (kind === 'pipelines') await assertPipelineUnused(ctx, state, head);
    const { brokenReferences } = await import('./config-references.ts');
    const references = brokenReferences(state, { removed: { kind, key } });
    if (references.length > 0) {
      const text = { de: `„${key}“ wird noch gebraucht.`, en: `"${key}" is still needed.` };
      throw new LeitwerkError('Conflict', {
        text,
        facts: {
          references: references.map(({ text: reason, ...place }) => ({ ...place, message: reason[ctx.language] })),
        },
      });
    }
    return async (tx) => {
      await archiveHead(tx, { tenantId, kind, key });
      const at = ctx.now().toISOString();
      await insertEvent(tx, {
        tenantId,
        at,
        actor: actorName(ctx.actor),
        act: 'config.archive',
        entity: kind,
        recordId: key,
        version: head.revision,
        requestId: ctx.requestId,
      });
    };
  });
}
