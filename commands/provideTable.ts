import type { EntityModel } from '../core/entity.ts';
import { issueOf, LeitwerkError, messageOf } from '../core/errors.ts';
import { toTable } from '../store/record-table.ts';
import { migrate } from '../store/tables.ts';
import { assertValid, type ConfigContext } from './config-state.ts';

/**
 * Brings the table up to a schema before it is in force: what the database cannot do is refused while nothing has changed.
 * @throws LeitwerkError `InvalidInput` with the database's reason.
 */
export async function provideTable(ctx: Pick<ConfigContext, 'db' | 'language'>, model: EntityModel): Promise<void> {
  try {
    await migrate(ctx.db, [toTable(model)]);
  } catch (error) {
    if (error instanceof LeitwerkError) throw error;
    const reason = messageOf(error);
    const text = {
      de: `Die Datenbank kann die Tabelle dafür nicht anlegen: ${reason}`,
      en: `The database cannot make the table for it: ${reason}`,
    };
    assertValid([issueOf({ path: '', code: 'table' }, text, ctx.language)]);
  }
}
