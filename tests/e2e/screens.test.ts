import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createWorld, findBarriers, hasBrowser, setUp, type World } from './world.ts';

const screens = [
  '/inbox',
  '/list/organizations',
  '/list/persons',
  '/list/opportunities',
  '/activities?view=open',
  '/received',
  '/duplicates',
  '/operate',
  '/settings/sources',
  '/settings/lists',
  '/settings/pipelines',
  '/settings/fields',
  '/settings/users',
  '/settings/keys',
  '/settings/audit',
  '/settings/profile',
] as const;

/** Text, not a function: this runs in the page. Colours change over a moment, and none in between is anyone's to read. */
const colourChanges = `Promise.allSettled(
  document.getAnimations().flatMap((one) => (one instanceof CSSTransition ? [one.finished] : [])),
).then(() => undefined)`;

const settled = async (page: Page): Promise<void> => {
  await page.locator('main h1').first().waitFor();
  await page.waitForLoadState('load');
};

describe.skipIf(!hasBrowser())('every screen', () => {
  let world: World;
  let signedIn: Page;
  let lead: string;

  beforeAll(async () => {
    world = await createWorld();
    signedIn = await setUp(world);
    lead = await world.postLead({ title: 'Für alle Bildschirme', company: 'Nordlicht Energie AG' });
    await world.call(signedIn, {
      method: 'POST',
      path: '/organizations',
      body: { name: 'Nordlicht Energie AG', city: 'Kiel' },
    });
  });

  afterAll(async () => await world.close());

  it.each([
    { width: 1440, language: 'de' },
    { width: 390, language: 'en' },
  ] as const)(
    'has no serious barrier in light and dark, no blocked content, no request to elsewhere ($width px, $language)',
    async ({ width, language }) => {
      const found: string[] = [];
      const { page, faults } = await world.open('/inbox', { like: signedIn, width, language });
      for (const screen of [...screens, `/inbox?id=${lead}`]) {
        await page.emulateMedia({ colorScheme: 'light' });
        await page.goto(`${world.app.url}${screen}`);
        if (screen.startsWith('/inbox?id'))
          await page.getByRole('heading', { level: 2, name: 'Für alle Bildschirme' }).waitFor();
        else await settled(page);
        const light = await findBarriers(page);
        // The same page in other colours: nothing else about it differs.
        await page.emulateMedia({ colorScheme: 'dark' });
        await page.locator('html[data-mantine-color-scheme=dark]').waitFor();
        await page.evaluate(colourChanges);
        const dark = await findBarriers(page, 'colours');
        found.push(...[...light, ...dark].map((barrier) => `${screen} ${barrier}`));
        const isWider = await page.evaluate('document.documentElement.scrollWidth > window.innerWidth');
        if (isWider === true) found.push(`${screen} scrolls sideways`);
      }
      expect([...found, ...faults]).toEqual([]);
      await page.context().close();
    },
  );

  it('says what is missing where nothing is, and what to do', async () => {
    const { page } = await world.open('/list/opportunities', { like: signedIn });
    await page.getByText('Noch keine Einträge.').waitFor();
    await page.getByRole('button', { name: 'Verkaufschance anlegen' }).click();
    await page.getByRole('dialog').waitFor();
    await page.context().close();
  });

  it('says so when a record does not exist', async () => {
    const { page } = await world.open('/list/organizations/01900000-0000-7000-8000-000000000000', { like: signedIn });
    await page.getByRole('heading', { name: 'Nicht gefunden' }).waitFor();
    await page.context().close();
  });

  it('shows an address that leads nowhere inside the frame, with a way on', async () => {
    const { page } = await world.open('/gibt/es/nicht', { like: signedIn });
    await page.getByRole('heading', { name: 'Nicht gefunden' }).waitFor();
    await page.getByRole('navigation', { name: 'Hauptnavigation' }).waitFor();
    expect(await findBarriers(page)).toEqual([]);
    await page.getByRole('link', { name: 'Zur Inbox' }).click();
    await page.getByRole('row', { name: 'Für alle Bildschirme' }).waitFor();
    await page.context().close();
  });

  it('shows sources and their figures on a phone without scrolling sideways', async () => {
    const { page } = await world.open('/settings/sources', { like: signedIn, width: 390 });
    const table = page.getByRole('region', { name: 'Quellen' });
    await table.getByText(/^1 in den letzten 24 Stunden · zuletzt /).waitFor();
    const widths = `(({ scrollWidth, clientWidth }) => [scrollWidth, clientWidth])(
      document.querySelector('[role=region][aria-label=Quellen]'))`;
    const [needed, given] = (await page.evaluate(widths)) as [number, number];
    expect(needed).toBeLessThanOrEqual(given);
    expect(await findBarriers(page)).toEqual([]);
    await page.context().close();
  });

  it('keeps together on a phone what belongs together in the head of a lead', async () => {
    const topOf = async (page: Page, role: 'button' | 'combobox', name: string): Promise<number | undefined> =>
      (await page.getByRole(role, { name, exact: true }).last().boundingBox())?.y;
    const act = async (path: string, body: object): Promise<unknown> =>
      await world.call(signedIn, { method: 'POST', path, body });
    const [ending, archived] = [await world.postLead({ title: 'Am Ende' }), await world.postLead({ title: 'Weg' })];
    await act(`/leads/${ending}/move`, { stage: 'erledigt' });
    await act(`/leads/${archived}/archive`, { reason: 'spam' });
    const { page } = await world.open(`/inbox?id=${ending}`, { like: signedIn, width: 390 });
    await page.getByText('Bearbeitung abgeschlossen.').waitFor();
    expect(await topOf(page, 'button', 'Umwandeln')).toBe(await topOf(page, 'button', 'Archivieren'));
    await page.goto(`${world.app.url}/inbox?id=${archived}`);
    await page.getByRole('button', { name: 'Wieder öffnen' }).waitFor();
    expect(await topOf(page, 'combobox', 'Verantwortlich')).toBe(await topOf(page, 'combobox', 'Priorität'));
    await page.context().close();
  });

  it('shows a field at once that an admin adds', async () => {
    const { page } = await world.open('/settings/fields?key=organization', { like: signedIn });
    await page.getByRole('button', { name: 'Feld hinzufügen' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Bezeichnung deutsch').fill('Kundennummer alt');
    await dialog.getByRole('switch', { name: 'In Listen zeigen' }).click();
    await dialog.getByRole('button', { name: 'Anlegen' }).click();
    await page.getByText('Feld „Kundennummer alt“ ist da').waitFor();
    await page.getByRole('link', { name: 'Firmen' }).click();
    await page.getByRole('columnheader', { name: /Kundennummer alt/ }).waitFor();
    await page.context().close();
  });

  it('names line and column when a pipeline is wrong, and publishes when it is right', async () => {
    const { page } = await world.open('/settings/pipelines', { like: signedIn });
    const editor = page.getByRole('textbox', { name: 'YAML von inbox' });
    await editor.waitFor();
    const yaml = await editor.inputValue();
    await editor.fill(yaml.replace('entity: lead', 'entity: led'));
    await page.getByRole('button', { name: 'Prüfen' }).click();
    await page
      .getByRole('button', { name: /Zeile \d+, Spalte \d+/ })
      .first()
      .waitFor();
    await editor.fill(yaml.replace('{ de: Neu, en: New }', '{ de: Frisch, en: Fresh }'));
    await page.getByRole('button', { name: 'Veröffentlichen' }).click();
    await page
      .getByText(/Veröffentlicht/)
      .first()
      .waitFor();
    await page.goto(`${world.app.url}/inbox?id=${await world.postLead()}`);
    await page.getByRole('listitem').filter({ hasText: 'Frisch' }).first().waitFor();
    await page.context().close();
  });

  it('shows a secret exactly once', async () => {
    const { page } = await world.open('/settings/sources', { like: signedIn });
    await page.getByRole('button', { name: 'Weitere Aktionen: Facebook' }).click();
    await page.getByRole('menuitem', { name: 'Geheimnis neu erzeugen' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Geheimnis neu erzeugen' }).click();
    await page.getByText(/whsec_/).waitFor();
    await page.getByRole('button', { name: 'Schließen' }).click();
    await page.reload();
    await page.getByRole('heading', { name: 'Quellen' }).waitFor();
    expect(await page.getByText(/whsec_/).count()).toBe(0);
    await page.context().close();
  });
});
