import type { Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createWorld, findBarriers, hasBrowser, setUp, type World } from './world.ts';

describe.skipIf(!hasBrowser())('changing how Leitwerk works while it runs', () => {
  let world: World;
  let signedIn: Page;
  let page: Page;
  let faults: readonly string[];

  const open = async (path: string): Promise<void> => {
    ({ page, faults } = await world.open(path, { like: signedIn }));
  };
  const chooseFor = async (label: string, item: string): Promise<void> => {
    await page.getByRole('button', { name: `Weitere Aktionen: ${label}`, exact: true }).click();
    await page.getByRole('menuitem', { name: item, exact: true }).click();
  };

  beforeAll(async () => {
    world = await createWorld();
    signedIn = await setUp(world);
  });

  beforeEach(async () => {
    if (faults !== undefined) expect(faults).toEqual([]);
    await page?.context().close();
  });

  afterAll(async () => await world.close());

  describe('objects and fields', () => {
    it('shows what removing a field touches, and removes it only when that is confirmed', async () => {
      await world.postLead({ title: 'Mit Funktion', jobTitle: 'Einkauf' });
      const view = { name: 'Einkäufer', entity: 'lead', filter: 'jobTitle = "Einkauf"' };
      expect((await world.call(signedIn, { method: 'POST', path: '/saved-views', body: view })).status).toBe(201);
      await open('/settings/fields?key=lead');
      await chooseFor('Funktion', 'Entfernen');
      const dialog = page.getByRole('dialog', { name: 'Das betrifft Vorhandenes' });
      await dialog
        .getByText('Funktion: entfällt; seine Werte bleiben gespeichert – 1 Eintrag hat einen Wert')
        .waitFor();
      await dialog.getByText('Eine Ansicht nennt das Feld').waitFor();
      await dialog.getByText('Einkäufer').waitFor();
      await dialog.getByText(/Zuordnungen facebook/).waitFor();
      expect(await findBarriers(page)).toEqual([]);
      await dialog.getByRole('button', { name: 'Abbrechen' }).click();
      await dialog.waitFor({ state: 'hidden' });
      expect(await page.locator('tr[data-field="jobTitle"]').count()).toBe(1);

      await chooseFor('Funktion', 'Entfernen');
      await dialog.getByRole('button', { name: 'Trotzdem ändern' }).click();
      await page.getByText('Feld „Funktion“ entfernt; seine Werte bleiben gespeichert').waitFor();
      await page.locator('tr[data-field="jobTitle"]').waitFor({ state: 'detached' });
    });

    it('narrows a field in words, and says so when somebody else published meanwhile', async () => {
      await world.postLead({ title: 'Mit Ort', city: 'Bremen' });
      await open('/settings/fields?key=lead');
      await chooseFor('Ort', 'Bearbeiten');
      const form = page.getByRole('dialog', { name: 'Feld „Ort“ ändern' });
      await form.getByLabel('Höchstens so viele Zeichen').fill('20');
      await form.getByRole('switch', { name: 'Pflichtfeld' }).click();
      await form.getByRole('button', { name: 'Speichern' }).click();
      const dialog = page.getByRole('dialog', { name: 'Das betrifft Vorhandenes' });
      await dialog.getByText(/Ort: höchstens 20 Zeichen \(bisher \d+\) – 1 Eintrag hat einen Wert/).waitFor();
      await dialog.getByText(/Ort: Pflicht – \d+ Eintr.* keinen Wert/).waitFor();
      const current = await world.call(signedIn, { method: 'GET', path: '/schemas/lead' });
      const { schema } = (current.body as { data: { schema: { title: string } } }).data;
      const other = { schema: { ...schema, title: 'Andere' } };
      expect((await world.call(signedIn, { method: 'PUT', path: '/schemas/lead', body: other })).status).toBe(200);
      await dialog.getByRole('button', { name: 'Trotzdem ändern' }).click();
      await dialog.getByRole('alert').waitFor();
      expect(await page.locator('tr[data-field="city"]').getByText('Pflicht').count()).toBe(0);
    });

    it('retires a field: nobody is asked for it, its values stay, and it comes back', async () => {
      const lead = await world.postLead({ title: 'Mit Kampagne', campaign: 'Frühjahr' });
      await open('/settings/fields?key=lead');
      await chooseFor('Kampagne', 'Stilllegen');
      await page.getByRole('button', { name: 'Trotzdem ändern' }).click();
      await page.locator('tr[data-field="campaign"]').getByText('stillgelegt').waitFor();
      await page.goto(`${world.app.url}/inbox?id=${lead}`);
      await page.locator('[data-field="city"]').waitFor();
      expect(await page.locator('[data-field="campaign"]').count()).toBe(0);
      const { body } = await world.call(signedIn, { method: 'GET', path: `/leads/${lead}` });
      expect(body).toMatchObject({ data: { campaign: 'Frühjahr' } });
      await page.goto(`${world.app.url}/settings/fields?key=lead`);
      await chooseFor('Kampagne', 'Wieder verwenden');
      await page.getByText('Feld „Kampagne“ wird wieder verwendet').waitFor();
    });
  });
});
