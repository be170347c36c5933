import { splitRecipient, type AssignConfig, type Recipient } from '../../core/pipeline/config.ts';
import type { User } from '../../store/accounts-users.ts';
import type { Tx } from '../../store/database.ts';
import { countOpenByOwner } from '../../store/process-inputs.ts';
import { takeTurn } from '../../store/processes.ts';
import { tableName, type RecordData } from '../../store/record-table.ts';
import { modelOf, type Context } from '../context.ts';

const activeUsers = (ctx: Context): User[] =>
  [...ctx.snapshot.users.values()].filter((user) => !user.isDisabled).toSorted((a, b) => (a.id < b.id ? -1 : 1));

/** Users that a pipeline's recipients mean for a record, each once. Mail-only recipients (`field:`, `mail:`) mean nobody here. */
export function usersOf(ctx: Context, record: RecordData, recipients: readonly Recipient[]): User[] {
  const users = activeUsers(ctx);
  const found = new Set<User>();
  for (const recipient of recipients) {
    const [kind, name] = splitRecipient(recipient);
    for (const user of users) if (isMeant(user, record, { kind, name })) found.add(user);
  }
  return [...found];
}

const isMeant = (
  user: User,
  record: RecordData,
  { kind, name }: { readonly kind: string; readonly name: string },
): boolean => {
  switch (kind) {
    case 'owner':
      return user.id === record['owner'];
    case 'team':
      return user.team !== null && user.team === record['team'];
    case 'role':
      return user.role === name;
    case 'user':
      return user.email === name.toLowerCase();
    default:
      return false;
  }
};

/** Who gets a record: one user, or of a role whoever's turn it is or whoever has the least. Undefined when nobody can. */
export async function pickAssignee(
  ctx: Context,
  tx: Tx,
  choice: { readonly assign: AssignConfig; readonly entity: string; readonly turn: string },
): Promise<User | undefined> {
  const { assign } = choice;
  const users = activeUsers(ctx);
  if (assign.user !== undefined) return users.find((user) => user.email === assign.user?.toLowerCase());
  const candidates = users.filter((user) => user.role === assign.role);
  const { tenantId } = ctx.actor;
  const next = await takeTurn(tx, { tenantId, name: choice.turn, candidates: candidates.map((user) => user.id) });
  if (assign.pick !== 'least-loaded') return candidates.find((user) => user.id === next);
  const counts = await countOpenByOwner(tx, {
    tenantId,
    table: tableName(choice.entity),
    hasState: modelOf(ctx, choice.entity).fields.has('state'),
    owners: candidates.map((user) => user.id),
  });
  // Among equals the turn decides, so that a quiet morning does not go to one person.
  return candidates.toSorted(
    (a, b) => (counts.get(a.id) ?? 0) - (counts.get(b.id) ?? 0) || Number(b.id === next) - Number(a.id === next),
  )[0];
}
