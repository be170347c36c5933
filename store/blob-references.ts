import type { Queries } from './database.ts';

/**
 * Whether anything refers to a stored file: an import by its file or its sheet, a message by its body or by a file that came with it, deleted
 * ones too. Equal files are one, so a file of one record may be another's, also of another tenant. Looks at every row: for `scans`.
 */
export async function isBlobReferred(scans: Queries, blob: string): Promise<boolean> {
  const row = await scans.get(
    'SELECT 1 AS `n` FROM `import` WHERE `blob` = ? OR `table` LIKE ? UNION ALL SELECT 1 AS `n` FROM `intake_message` WHERE `bodyBlob` = ? OR `attachments` LIKE ? LIMIT 1',
    [blob, `%${blob}%`, blob, `%${blob}%`],
  );
  return row !== undefined;
}
