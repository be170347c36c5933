import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startDovecot, type ImapServer } from '../support/dovecot.ts';
import { need } from '../support/provided.ts';
import { createWorld, findBarriers, hasBrowser, setUp, type World } from './world.ts';

const user = 'info@firma.example';

describe.skipIf(!hasBrowser())('a mailbox, connected in the browser', () => {
  let folder: string | undefined;
  let imap: ImapServer;
  let world: World;
  let page: Page;
  let faults: readonly string[];

  beforeAll(async () => {
    if (inject('dovecotPath') === undefined) return;
    folder = await mkdtemp(join(tmpdir(), 'leitwerk-mailbox-'));
    imap = await startDovecot();
    const authority = join(folder, 'authority.pem');
    await writeFile(authority, imap.certificates);
    world = await createWorld({ NODE_EXTRA_CA_CERTS: authority, ALLOW_PRIVATE_ADDRESSES: '1' });
    page = await setUp(world);
  });
  afterAll(async () => {
    await world?.close();
    await imap?.stop();
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  });

  it('says what is wrong with the password, then reads: its mail is a lead in the inbox', async (context) => {
    need(context, 'dovecotPath');
    const raw =
      'From: Eva Muster <eva@kunde.example>\r\nSubject: Anfrage aus dem Postfach\r\n\r\nBitte um Rückruf.\r\n';
    await imap.deliver(user, raw);
    ({ page, faults } = await world.open('/settings/connections', { like: page }));
    await page.getByRole('button', { name: 'Neue Verbindung' }).first().click();
    const dialog = page.getByRole('dialog', { name: 'Neue Verbindung' });
    await dialog.getByRole('combobox', { name: 'Art' }).click();
    await page.getByRole('option', { name: 'Postfach (IMAP)' }).click();
    await dialog.getByLabel('Name').fill('Postfach Info');
    await dialog.getByLabel('Server').fill('localhost');
    await dialog.getByLabel('Port').fill(String(imap.tlsPort));
    await dialog.getByLabel('Benutzer').fill(user);
    await dialog.getByLabel('Passwort').fill('falsch');
    expect(await findBarriers(page)).toEqual([]);
    await dialog.getByRole('button', { name: 'Speichern und prüfen' }).click();
    await page.getByText('lehnt die Anmeldung ab', { exact: false }).first().waitFor();

    await page.getByRole('button', { name: 'Ändern: Postfach Info' }).click();
    const change = page.getByRole('dialog', { name: 'Postfach Info ändern' });
    await change.getByLabel('Passwort').fill(imap.password);
    await change.getByRole('button', { name: 'Speichern und prüfen' }).click();
    await page.getByText('Verbunden').waitFor();
    expect(await findBarriers(page)).toEqual([]);
    expect(await page.content()).not.toContain(imap.password);

    await page.goto(`${world.app.url}/inbox`);
    await page.getByText('Anfrage aus dem Postfach').first().waitFor();
    expect(faults).toEqual([]);
  });
});
