import type { Context } from '../commands/context.ts';
import { mayRead } from '../commands/readRecord.ts';
import { listKeys } from '../store/accounts-keys.ts';
import { findRecordsById } from '../store/records.ts';

/** Names of records by their ids, in one query: of those that there are, that the actor may see, and whose name is open to the actor. */
export async function recordNames(ctx: Context, entity: string, ids: readonly string[]): Promise<Map<string, string>> {
  const { models, users } = ctx.snapshot;
  if (entity === 'user') return new Map(ids.map((id) => [id, users.get(id)?.name ?? id]));
  const model = models.get(entity);
  if (model === undefined || !ctx.ability.isReadable(entity, model.titleField)) return new Map();
  const records = await findRecordsById(ctx.db, model, { tenantId: ctx.actor.tenantId, ids: [...new Set(ids)] });
  const names = new Map<string, string>();
  for (const record of records) {
    if (record['deletedAt'] !== null || !(await mayRead(ctx, model, record))) continue;
    names.set(String(record['id']), String(record[model.titleField] ?? record['id']));
  }
  return names;
}

/** Who did something, for people: a user's name, otherwise as it is recorded. */
export function actorLabel(ctx: Context, actor: string): string {
  const [kind, id = ''] = actor.split('/');
  return kind === 'user' ? (ctx.snapshot.users.get(id)?.name ?? id) : actor;
}

const importPrefix = 'process/import/';

/** An import is called by its file and by whoever started it. */
const importLabels = async (ctx: Context, actors: readonly string[]): Promise<[actor: string, label: string][]> => {
  const ids = actors.filter((actor) => actor.startsWith(importPrefix)).map((actor) => actor.slice(importPrefix.length));
  const model = ctx.snapshot.models.get('import');
  if (ids.length === 0 || model === undefined) return [];
  const imports = await findRecordsById(ctx.db, model, { tenantId: ctx.actor.tenantId, ids: [...new Set(ids)] });
  const starters = await actorLabels(
    ctx,
    imports.map((one) => String(one['createdBy'])),
  );
  return imports.map((one) => [
    `${importPrefix}${String(one['id'])}`,
    `${String(one['fileName'])} (${starters(String(one['createdBy']))})`,
  ]);
};

/** As `actorLabel`, keys and imports by name: these are not kept at hand, and read only where one has acted. */
export async function actorLabels(ctx: Context, actors: readonly string[]): Promise<(actor: string) => string> {
  const hasKey = actors.some((actor) => actor.startsWith('key/'));
  const keys = hasKey ? await listKeys(ctx.db, ctx.actor.tenantId) : [];
  const names = new Map(keys.map(({ id, name }) => [`key/${id}`, name]));
  for (const [actor, label] of await importLabels(ctx, actors)) names.set(actor, label);
  return (actor) => names.get(actor) ?? actorLabel(ctx, actor);
}
