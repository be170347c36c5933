import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createWorld, findBarriers, hasBrowser, setUp, type World } from './world.ts';

describe.skipIf(!hasBrowser())('duplicates and received messages', () => {
  let world: World;
  let page: Page;

  beforeAll(async () => {
    world = await createWorld();
    page = await setUp(world);
  });

  afterAll(async () => await world.close());

  const twoLeads = async (name: string): Promise<void> => {
    await world.postLead({ title: `${name} eins`, lastName: name, email: `${name}@example.org`, city: 'Kiel' });
    await world.postLead({
      title: `${name} zwei`,
      lastName: name,
      email: `${name}@example.org`,
      company: `${name} GmbH`,
    });
  };
  const pair = (name: string) => page.getByRole('button', { name: new RegExp(name) });
  const openPair = async (name: string): Promise<void> => {
    await page.goto(`${world.app.url}/duplicates`);
    await page.getByRole('heading', { level: 1, name: 'Dubletten' }).waitFor();
    // The pairs are found behind the leads.
    for (let look = 0; look < 60 && (await pair(name).count()) === 0; look += 1) {
      await page.reload();
      await page.getByRole('heading', { level: 1, name: 'Dubletten' }).waitFor();
      await page.waitForLoadState('networkidle');
    }
    await pair(name).click();
    await page.getByRole('button', { name: 'Zusammenführen' }).waitFor();
  };

  it('merges two leads with a value chosen per field, and splits them again', async () => {
    await twoLeads('Zwilling');
    await openPair('Zwilling');
    expect(await findBarriers(page)).toEqual([]);
    await page.getByRole('radio', { name: 'Titel: Zwilling zwei' }).check();
    await page.getByRole('button', { name: 'Zusammenführen' }).click();
    await page.getByRole('button', { name: 'Rückgängig' }).waitFor();
    await page.getByRole('tab', { name: 'Zusammengeführt' }).click();
    await pair('Zwilling').click();
    const leads = async (): Promise<string> =>
      JSON.stringify((await world.call(page, { method: 'GET', path: '/leads?q=Zwilling&sort=createdAt' })).body);
    expect(await leads()).toMatch(
      /"title":"Zwilling zwei".*"state":"open".*"company":"Zwilling GmbH".*"state":"archived"/s,
    );
    await page.getByRole('button', { name: 'Wieder trennen' }).click();
    await page.getByText('Getrennt', { exact: true }).waitFor();
    expect(await leads()).toMatch(/"title":"Zwilling eins".*"title":"Zwilling zwei"/s);
    expect(await leads()).not.toContain('archived');
  });

  it('takes a merge back with the toast', async () => {
    await twoLeads('Rueckgaengig');
    await openPair('Rueckgaengig');
    await page.getByRole('button', { name: 'Zusammenführen' }).click();
    await page.getByRole('button', { name: 'Rückgängig' }).click();
    await page.getByText('Rückgängig gemacht').waitFor();
    await openPair('Rueckgaengig');
  });

  it('remembers what is no duplicate', async () => {
    await twoLeads('Namensvetter');
    await openPair('Namensvetter');
    await page.getByRole('button', { name: 'Keine Dublette' }).click();
    await page.getByText('Gemerkt: keine Dublette').waitFor();
    await page.getByRole('tab', { name: 'Keine Dubletten' }).click();
    await pair('Namensvetter').waitFor();
  });

  it('says at a lead why others are similar, and leads to their comparison, also where they are no likely pair', async () => {
    const lead = { firstName: 'Anna', lastName: 'Namensgleich' };
    await world.postLead({ ...lead, title: 'Eine Anna', company: 'Alpha AG', email: 'anna@alpha-namen.example' });
    const id = await world.postLead({
      ...lead,
      title: 'Andere Anna',
      company: 'Omega KG',
      email: 'a.namensgleich@omega-namen.example',
    });
    const similar = page.getByText('Gleicher Personenname');
    const open = async (): Promise<void> => {
      await page.goto(`${world.app.url}/inbox?view=all&id=${id}`);
      await page.getByRole('heading', { name: 'Andere Anna' }).waitFor();
      await page.waitForLoadState('networkidle');
    };
    await open();
    // The keys by which leads are found are written behind them.
    for (let look = 0; look < 60 && (await similar.count()) === 0; look += 1) await open();
    expect(await similar.innerText()).toMatch(/^30 % · Gleicher Personenname/);
    expect(await page.getByRole('link', { name: 'Eine Anna' }).count()).toBeGreaterThan(0);
    expect(await findBarriers(page)).toEqual([]);
    await page.getByRole('link', { name: 'Vergleichen' }).click();
    await page.getByRole('button', { name: 'Zusammenführen' }).waitFor();
    expect(await page.getByRole('radio', { name: 'Firma: Omega KG' }).count()).toBe(1);
    expect(await findBarriers(page)).toEqual([]);
    await page.getByRole('button', { name: 'Keine Dublette' }).click();
    await page.getByText('Gemerkt: keine Dublette').waitFor();
  });

  it('shows how a source does, finds a message by its text, and works what was rejected again', async () => {
    const refused = await fetch(`${world.app.url}/intake/webformular`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ lastName: 'Falsch', email: 'keine Adresse' }),
    });
    expect(refused.status).toBe(422);
    await page.goto(`${world.app.url}/received`);
    const chart = page.getByRole('img', { name: /Webformular: \d+ Eing/ });
    expect(await chart.getAttribute('viewBox')).toBe('0 0 120 24');
    expect(await chart.boundingBox()).toMatchObject({ width: 120, height: 24 });
    await page.getByRole('link', { name: 'Andere Anna' }).waitFor();
    await page.getByText('Das ist keine E-Mail-Adresse.').waitFor();
    await page.getByRole('button', { name: /Webformular/ }).click();
    await page.getByRole('textbox', { name: 'In der Liste suchen' }).fill('keine Adresse');
    await page.getByText('Abgelehnt', { exact: true }).first().click();
    await page.getByRole('heading', { level: 2, name: 'Was die Zuordnung heute daraus macht' }).waitFor();
    expect(await findBarriers(page)).toEqual([]);
    await page.getByRole('button', { name: 'Zurück' }).click();
    await page.getByRole('button', { name: 'Abgelehnte verarbeiten' }).click();
    await page.getByText('1 Nachricht wird verarbeitet.').waitFor();
    expect(await findBarriers(page)).toEqual([]);
    await page.getByRole('button', { name: 'Verarbeiten', exact: true }).click();
    await page.getByText(/1 von 1 verarbeitet: 0 angelegt, 0 Dubletten, 1 abgelehnt/).waitFor({ timeout: 60_000 });
  });
});
