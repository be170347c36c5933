import { createHash } from 'node:crypto';
import type { Text } from '../../core/errors.ts';
import type { Tx } from '../../store/database.ts';
import { findRecord } from '../../store/records.ts';
import type { RecordData } from '../../store/record-table.ts';
import type { Context } from '../context.ts';
import { isManyRows } from '../imports/import-job.ts';
import { importModel, toImport, type ImportRecord } from '../imports/import-record.ts';

const maker = /^process\/import\/(.+)$/;

/** The import of very many rows that has made the record. */
export async function largeImportOf(ctx: Context, tx: Tx, record: RecordData): Promise<ImportRecord | undefined> {
  const id = maker.exec(String(record['createdBy']))?.[1];
  if (id === undefined) return undefined;
  const found = await findRecord(tx, importModel(ctx), { tenantId: ctx.actor.tenantId, id, isDeletedToo: true });
  const file = found === undefined ? undefined : toImport(found);
  return file !== undefined && isManyRows(file) ? file : undefined;
}

/** Nobody reads thousands of notices: of an import of many rows a person is told once, by its first record, and that it stands for the others. */
export function noticeOfMany(of: { readonly file: ImportRecord; readonly userId: string; readonly text: Text }): {
  readonly id: string;
  readonly text: Text;
} {
  const { file, userId, text } = of;
  const which = createHash('sha256').update(text.de).digest('base64url').slice(0, 16);
  return {
    id: `${file.id}/${userId}/${which}`,
    text: {
      de: `${text.de} Das gilt auch für die weiteren Einträge aus „${file.fileName}“.`,
      en: `${text.en} The same goes for the other entries from "${file.fileName}".`,
    },
  };
}
