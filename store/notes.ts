import type { Queries } from './database.ts';
import type { RecordData } from './record-table.ts';

/** A note in a record's timeline. */
export interface Note {
  readonly id: string;
  readonly version: number;
  readonly actor: string;
  readonly text: string;
  readonly facts: RecordData | null;
}

type Stored = Omit<Note, 'text' | 'facts'> & { readonly text: string | null; readonly facts: string | null };

/** The notes that are linked to a record through the field `link` and through none of the fields `foreign`, newest first. */
export async function readNotes(
  db: Queries,
  of: {
    readonly tenantId: string;
    readonly link: string;
    readonly recordId: string;
    readonly foreign: readonly string[];
  },
): Promise<Note[]> {
  const unlinked = of.foreign.map((name) => ` AND \`${name}\` IS NULL`).join('');
  const rows = await db.all<Stored>(
    `SELECT \`id\`, \`version\`, \`actor\`, \`text\`, \`facts\` FROM \`timeline_entry\` WHERE \`tenantId\` = ? AND \`deletedAt\` IS NULL AND \`${of.link}\` = ? AND \`kind\` = 'note'${unlinked} ORDER BY \`at\` DESC, \`id\` DESC`,
    [of.tenantId, of.recordId],
  );
  return rows.map(({ text, facts, ...row }) => ({
    ...row,
    text: text ?? '',
    facts: facts === null ? null : (JSON.parse(facts) as RecordData),
  }));
}
