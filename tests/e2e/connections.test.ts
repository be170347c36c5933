import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openGoogle, type Google } from '../support/google.ts';
import { createWorld, findBarriers, hasBrowser, setUp, type World } from './world.ts';

describe.skipIf(!hasBrowser())('connections and what is fetched through them', () => {
  let world: World;
  let google: Google;
  let page: Page;
  let faults: readonly string[];

  beforeAll(async () => {
    google = await openGoogle();
    world = await createWorld({ CONNECTOR_URLS: `google-sheets=${google.url}`, ALLOW_PRIVATE_ADDRESSES: '1' });
    page = await setUp(world);
  });
  afterAll(async () => {
    await world?.close();
    await google?.close();
  });

  const open = async (path: string): Promise<void> => {
    ({ page, faults } = await world.open(path, { like: page }));
  };

  it('makes a connection, says what is wrong with it, and mends it with new credentials', async () => {
    await open('/settings/connections');
    await page.getByText('Noch keine Verbindung.').waitFor();
    expect(await findBarriers(page)).toEqual([]);
    await page.getByRole('button', { name: 'Neue Verbindung' }).first().click();
    const dialog = page.getByRole('dialog', { name: 'Neue Verbindung' });
    await dialog.getByRole('combobox', { name: 'Art' }).click();
    await page.getByRole('option', { name: 'Google Sheets' }).click();
    await dialog.getByLabel('Name').fill('Google Vertrieb');
    await dialog.getByLabel('Schlüssel des Dienstkontos (JSON)').fill('{}');
    expect(await findBarriers(page)).toEqual([]);
    await dialog.getByRole('button', { name: 'Speichern und prüfen' }).click();
    await dialog.waitFor({ state: 'hidden' });
    await page.getByText('Der Schlüssel des Dienstkontos ist nicht lesbar', { exact: false }).waitFor();
    await page.getByText('Gestört').waitFor();

    await page.getByRole('button', { name: 'Ändern: Google Vertrieb' }).click();
    const change = page.getByRole('dialog', { name: 'Google Vertrieb ändern' });
    await change.getByLabel('Schlüssel des Dienstkontos (JSON)').fill(google.serviceAccount);
    await change.getByRole('button', { name: 'Speichern und prüfen' }).click();
    await page.getByText('Google hat den Zugang angenommen.').waitFor();
    await page.getByText('Verbunden').waitFor();
    expect(await page.content()).not.toContain('PRIVATE KEY');
    expect(faults).toEqual([]);
  });

  it('makes a sheet a source by clicking, shows on it what to do, and fetches when it is asked to', async () => {
    const sheet = google.addSheet([
      ['Nachname', 'E-Mail'],
      ['Muster', 'muster@example.org'],
    ]);
    sheet.isShared = false;
    await open('/settings/sources');
    await page.getByRole('button', { name: 'Neue Quelle' }).click();
    const dialog = page.getByRole('dialog', { name: 'Neue Quelle' });
    await dialog.getByLabel('Deutsch').fill('Messeliste');
    await dialog.getByRole('combobox', { name: 'Wie Anfragen kommen' }).click();
    await page.getByRole('option', { name: 'Google-Tabelle' }).click();
    await dialog.getByLabel('Adresse der Tabelle').fill('kurz');
    await dialog.getByRole('combobox', { name: 'Verbindung' }).click();
    await page.getByRole('option', { name: 'Google Vertrieb' }).click();
    await dialog.getByRole('button', { name: 'Speichern' }).click();
    await dialog.getByRole('alert').waitFor();
    expect(await findBarriers(page)).toEqual([]);
    await dialog
      .getByLabel('Adresse der Tabelle')
      .fill(`https://docs.google.com/spreadsheets/d/${sheet.id}/edit#gid=0`);
    await dialog.getByLabel('Schlüsselspalte').fill('E-Mail');
    await dialog.getByRole('button', { name: 'Speichern' }).click();
    await dialog.waitFor({ state: 'detached' });
    const { body } = await world.call(page, { method: 'GET', path: '/config/sources/messeliste' });
    expect(body).toMatchObject({
      data: {
        value: {
          preset: 'google-sheets',
          connection: 'google-vertrieb',
          poll: { everyMinutes: 15 },
          sheet: { spreadsheetId: sheet.id, keyColumn: 'E-Mail', onChange: 'update' },
        },
      },
    });
    await world.app.temporalReady();
    const fetch = async (): Promise<void> => {
      await page.getByRole('button', { name: 'Weitere Aktionen: Messeliste' }).click();
      await page.getByRole('menuitem', { name: 'Jetzt abrufen' }).click();
    };
    await page.getByText('Noch nicht abgerufen.').first().waitFor();
    await fetch();
    await page.getByText('nicht freigegeben', { exact: false }).waitFor();
    expect(await findBarriers(page)).toEqual([]);
    sheet.isShared = true;
    await fetch();
    await page.getByText('1 übernommen', { exact: false }).waitFor();
    await page.getByText('nicht freigegeben', { exact: false }).waitFor({ state: 'detached' });
    expect(faults).toEqual([]);
  });

  it('says in its dialog why a connection that a source needs cannot be deleted', async () => {
    await open('/settings/connections');
    await page.getByRole('button', { name: 'Löschen: Google Vertrieb' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Löschen' }).click();
    await dialog.getByRole('alert').getByText('messeliste', { exact: false }).waitFor();
    expect(await findBarriers(page)).toEqual([]);
    await dialog.getByRole('button', { name: 'Abbrechen' }).click();
    await dialog.waitFor({ state: 'detached' });
  });

  it.each([
    { width: 390, theme: 'dark', language: 'en' },
    { width: 1440, theme: 'dark', language: 'de' },
    { width: 390, theme: 'light', language: 'de' },
  ] as const)('reads well at $width px, $theme, $language', async (options) => {
    for (const path of ['/settings/connections', '/settings/sources']) {
      const watched = await world.open(path, { like: page, ...options });
      await watched.page.getByText(path.endsWith('sources') ? /Messeliste|Trade fair/ : 'Google Vertrieb').waitFor();
      expect(await findBarriers(watched.page)).toEqual([]);
      await watched.page.context().close();
    }
  });
});
