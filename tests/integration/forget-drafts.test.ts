import { utimes } from 'node:fs/promises';
import { afterEach, describe, expect, it, type TestContext } from 'vitest';
import { forgetAllDrafts } from '../../activities/forget-drafts.ts';
import { modelOf } from '../../commands/context.ts';
import { tables } from '../../connectors/tables.ts';
import { changeDraft, checkDraft } from '../../commands/imports/draftImport.ts';
import { toImport, type ImportRecord } from '../../commands/imports/import-record.ts';
import { startImport } from '../../commands/imports/startImport.ts';
import { steerImport } from '../../commands/imports/steerImport.ts';
import { stampOf } from '../../commands/stamp.ts';
import type { BlobStore } from '../../store/blobs.ts';
import { insertImportRows, keepImportEdit } from '../../store/import-rows.ts';
import type { RecordData } from '../../store/record-table.ts';
import { findRecord, insertRecord } from '../../store/records.ts';
import { countRows } from '../support/ledger.ts';
import { addTenant, createStore, dialects, type Dialect, type Store } from '../support/stores.ts';

let store: Store | undefined;
afterEach(async () => {
  await store?.clear();
  store = undefined;
});

const inDays = (days: number): Date => new Date(Date.now() + days * 24 * 3_600_000);

const createWorld = async (context: TestContext, dialect: Dialect) => {
  const made = await createStore(context, dialect);
  store = made;
  const { db, registry, blobs } = made.foundation;
  const upload = async (content: string, words: Record<string, string> = { draft: 'true' }, tenantId = 'main') => {
    const bytes = Buffer.from(content);
    const blob = await blobs.put(bytes);
    const request = { fileName: 'leads.csv', blob, size: bytes.byteLength, words };
    return { blob, ...(await startImport(made.asSystem(tenantId), request)) };
  };
  const read = async (id: string): Promise<ImportRecord> =>
    toImport((await findRecord(db, modelOf(made.asSystem(), 'import'), { tenantId: 'main', id })) ?? {});
  return {
    store: made,
    upload,
    read,
    cancel: async (id: string) => await steerImport(made.asSystem(), { id, steering: 'cancel' }),
    /** As the worker does, so many days from now. */
    tidy: async (days: number, remove: BlobStore['remove'] = blobs.remove) =>
      await forgetAllDrafts({
        db,
        registry,
        blobs: { remove },
        now: () => inDays(days),
        newId: made.asSystem().newId,
      }),
    isThere: async (blob: string): Promise<boolean> =>
      await blobs.path(blob).then(
        () => true,
        () => false,
      ),
    addMessage: async (values: RecordData) => {
      const ctx = made.asSystem();
      const envelope = { source: 'mail', state: 'filed', channel: 'mail', attempts: 1, duplicates: 0, ...values };
      const message = { ...stampOf(ctx, ctx.newId()), receivedAt: ctx.now().toISOString(), ...envelope };
      await db.write(async (tx) => await insertRecord(tx, modelOf(ctx, 'intake-message'), message));
    },
  };
};

describe.each(dialects)('drafts of imports that nobody wants any more on %s', (dialect) => {
  it('are kept for a day when they were cancelled, then go with their file', async (context) => {
    const { upload, cancel, tidy, isThere, read, store: own } = await createWorld(context, dialect);
    const { id, blob } = await upload('Nachname\nWeg\n');
    const other = await upload('Nachname\nBleibt\n');
    await cancel(id);
    await tidy(0.9);
    expect([await isThere(blob), (await read(id)).blob]).toEqual([true, blob]);
    await tidy(1.1);
    expect([await isThere(blob), await isThere(other.blob)]).toEqual([false, true]);
    expect(await read(id)).toMatchObject({ state: 'cancelled', blob: '', table: null });
    const gone = { code: 'Locked', text: { de: expect.stringContaining('gelöscht') as string } };
    await expect(checkDraft(own.asSystem(), id)).rejects.toMatchObject(gone);
    const files = { blobs: own.foundation.blobs, tables };
    await expect(changeDraft(own.asSystem(), { id, words: { matchKey: 'email' } }, files)).rejects.toMatchObject(gone);
    expect(await countRows(own, 'event', `\`recordId\` = '${id}' AND \`act\` = 'import.forget'`)).toBe(1);
  });

  it('go when nobody has touched them for 30 days, with rows of checks and corrections; imports stay', async (context) => {
    const { upload, tidy, isThere, read, store: own } = await createWorld(context, dialect);
    const { id, blob } = await upload('Nachname\nAlt\n');
    const started = await upload('Nachname\nGestartet\n', { source: 'csv-datei' });
    const { run } = await read(id);
    const place = { importId: run, tenantId: 'main', line: 2, at: 9, bytes: 4 };
    const row = {
      ...place,
      outcome: 'rejected',
      recordId: null,
      event: null,
      reasons: [],
      scope: null,
      key: null,
    } as const;
    await own.foundation.db.write(async (tx) => {
      await insertImportRows(tx, [row]);
      await keepImportEdit(tx, { tenantId: 'main', importId: id }, { line: 2, cells: ['Neu'] });
      await tx.run('UPDATE `import` SET `read` = 1, `edits` = 1 WHERE `id` = ?', [id]);
    });
    await tidy(29.9);
    expect(await isThere(blob)).toBe(true);
    await tidy(30.1);
    expect([await isThere(blob), await isThere(started.blob)]).toEqual([false, true]);
    expect(await read(id)).toMatchObject({ state: 'cancelled', blob: '', edits: 0, formerRuns: [] });
    expect(await read(started.id)).toMatchObject({ state: 'queued', blob: started.blob });
    expect([await countRows(own, 'import_row'), await countRows(own, 'import_edit')]).toEqual([0, 0]);
  });

  it('leave a file that something else has, too', async (context) => {
    const { upload, cancel, tidy, isThere, addMessage, read, store: own } = await createWorld(context, dialect);
    await addTenant(own, 'andere');
    const contents = ['import', 'tenant', 'body', 'attachment', 'sheet'].map((name) => `Nachname\n${name}\n`);
    const drafts = [];
    for (const content of contents) drafts.push(await upload(content));
    for (const { id } of drafts) await cancel(id);
    const [first = '', second = '', body, attachment, sheet = ''] = contents;
    await upload(first, { source: 'csv-datei' });
    await upload(second, { draft: 'true' }, 'andere');
    const { blobs, db } = own.foundation;
    await addMessage({ bodyBlob: await blobs.put(Buffer.from(body ?? '')) });
    await addMessage({ attachments: [{ name: 'a.csv', blob: await blobs.put(Buffer.from(attachment ?? '')) }] });
    const { id } = await upload('Nachname\nmit Blatt\n', { source: 'csv-datei' });
    const table = JSON.stringify({ blob: await blobs.put(Buffer.from(sheet)), size: 1, sheets: [] });
    await db.write(async (tx) => await tx.run('UPDATE `import` SET `table` = ? WHERE `id` = ?', [table, id]));
    await tidy(2);
    for (const draft of drafts) expect([await isThere(draft.blob), (await read(draft.id)).blob]).toEqual([true, '']);
  });

  it('leave a file that somebody has just stored again and is about to refer to', async (context) => {
    const { upload, cancel, tidy, isThere, store: own } = await createWorld(context, dialect);
    const { id, blob } = await upload('Nachname\nNoch einmal\n');
    await cancel(id);
    await utimes(await own.foundation.blobs.path(blob), inDays(1.5), inDays(1.5));
    await tidy(2);
    expect(await isThere(blob)).toBe(true);
  });

  it('lose nothing that a row still names when the worker dies in between, nor when two tidy at once', async (context) => {
    const { upload, cancel, tidy, isThere, read } = await createWorld(context, dialect);
    const [first, second] = [await upload('Nachname\nEins\n'), await upload('Nachname\nZwei\n')];
    await cancel(first.id);
    const dying = tidy(2, async () => await Promise.reject(new Error('killed')));
    await expect(dying).rejects.toThrow('killed');
    expect([await isThere(first.blob), (await read(first.id)).blob]).toEqual([true, '']);
    await cancel(second.id);
    await Promise.all([tidy(2), tidy(2)]);
    expect([await isThere(second.blob), (await read(second.id)).blob]).toEqual([false, '']);
  });
});
