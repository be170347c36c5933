import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createWorld, hasBrowser, password, setUp, type World } from './world.ts';

describe.skipIf(!hasBrowser())('rights and views', () => {
  let world: World;
  let admin: Page;
  let lead: string;

  const signIn = async (email: string): Promise<Page> => {
    const { page } = await world.open('/sign-in');
    await page.getByLabel('E-Mail').fill(email);
    await page.getByLabel('Passwort', { exact: true }).fill(password);
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/inbox/);
    return page;
  };

  beforeAll(async () => {
    world = await createWorld();
    admin = await setUp(world);
    lead = await world.postLead({ title: 'Nur ansehen' });
    const viewer = { name: 'Vera Still', email: 'vera@example.com', role: 'viewer', password };
    expect((await world.call(admin, { method: 'POST', path: '/users', body: viewer })).status).toBe(201);
  });

  afterAll(async () => await world.close());

  it('offers a viewer nothing that the server would refuse', async () => {
    const page = await signIn('vera@example.com');
    const navigation = page.getByRole('navigation', { name: 'Hauptnavigation' });
    await navigation.getByRole('link', { name: 'Firmen' }).waitFor();
    expect(await navigation.getByRole('link', { name: 'Betrieb' }).count()).toBe(0);
    expect(await page.getByRole('button', { name: 'Lead hinzufügen' }).count()).toBe(0);

    await page.goto(`${world.app.url}/inbox?id=${lead}`);
    await page.getByRole('heading', { level: 2, name: 'Nur ansehen' }).waitFor();
    expect(await page.getByRole('button', { name: 'Annehmen' }).isDisabled()).toBe(true);
    expect(await page.getByRole('button', { name: /bearbeiten/ }).count()).toBe(0);
    await page.keyboard.press('x');
    await page.keyboard.press('c');
    expect(await page.getByRole('dialog').count()).toBe(0);

    for (const path of ['/operate', '/settings/users', '/received']) {
      await page.goto(`${world.app.url}${path}`);
      await page.getByRole('heading', { name: 'Kein Zugriff' }).waitFor();
    }
    await page.context().close();
  });

  it('sends everybody out whose account is disabled', async () => {
    const body = { name: 'Kurz Hier', email: 'kurz@example.com', role: 'sales', password };
    const made = await world.call(admin, { method: 'POST', path: '/users', body });
    const { id } = (made.body as { data: { id: string } }).data;
    const page = await signIn('kurz@example.com');
    await world.call(admin, { method: 'PATCH', path: `/users/${id}`, body: { isDisabled: true } });
    await expect
      .poll(async () => (await world.call(page, { method: 'GET', path: '/me' })).status, { timeout: 5_000 })
      .toBe(401);
    // The event stream ends with the session, and the page notices without a click.
    await page.waitForURL(/\/sign-in/);
    await page.context().close();
  });

  it('saves a filter as a view with its count and deletes it again', async () => {
    await world.postLead({ title: 'Aus Kiel', city: 'Kiel' });
    const { page } = await world.open(`/inbox?filter=${encodeURIComponent('city = "Kiel"')}`, { like: admin });
    await page.getByRole('row', { name: 'Aus Kiel' }).waitFor();
    await page.getByRole('button', { name: 'Ansicht speichern' }).click();
    await page.getByLabel('Name der Ansicht').fill('Kieler');
    await page.getByRole('dialog').getByRole('button', { name: 'Ansicht speichern' }).click();
    await page.getByRole('link', { name: /Kieler\s*1/ }).waitFor();
    await page.getByRole('heading', { name: 'Kieler' }).waitFor();
    await page.getByRole('button', { name: 'Ansicht löschen' }).click();
    await page.getByRole('link', { name: /Kieler/ }).waitFor({ state: 'detached' });
    await page.context().close();
  });

  it('keeps what the sender wrote when a person corrects the fields', async () => {
    const id = await world.postLead({ title: 'Original', message: 'Bitte rufen sie mich ann.' });
    const { page } = await world.open(`/inbox?id=${id}`, { like: admin });
    await page.getByRole('button', { name: /Nachricht bearbeiten/ }).click();
    await page.getByRole('textbox', { name: 'Nachricht' }).fill('Bitte rufen Sie mich an.');
    await page.keyboard.press('Control+Enter');
    await page.getByRole('button', { name: /Nachricht bearbeiten: Bitte rufen Sie mich an\./ }).waitFor();
    await page.getByRole('region', { name: 'Originalnachricht' }).getByText('Bitte rufen sie mich ann.').waitFor();
    await page.context().close();
  });

  it('shows what came as a form with files as its fields, and the files to download', async () => {
    const post = async (fields: Readonly<Record<string, string | File>>): Promise<string> => {
      const body = new FormData();
      for (const [name, value] of Object.entries(fields)) body.append(name, value);
      const response = await fetch(`${world.app.url}/intake/webformular`, { method: 'POST', body });
      return ((await response.json()) as { lead: string }).lead;
    };
    const picture = new File([new Uint8Array([137, 80, 78, 71, 255, 0])], 'Halle.png', { type: 'image/png' });
    const plan = new File(['Grundriss der Halle'], 'plan.txt', { type: 'text/plain' });
    const withPicture = await post({
      lastName: 'Bild',
      email: 'bild@example.com',
      message: 'Siehe Foto',
      foto: picture,
    });
    const withPlan = await post({ lastName: 'Plan', email: 'plan@example.com', etage: 'Dritte', plan });
    const { page } = await world.open(`/inbox?id=${withPicture}`, { like: admin });
    const original = page.getByRole('region', { name: 'Originalnachricht' });
    await original.getByText('Siehe Foto').waitFor();
    await original.getByRole('listitem').filter({ hasText: 'Halle.png' }).getByText('1 kB').waitFor();

    await page.goto(`${world.app.url}/inbox?id=${withPlan}`);
    await original.getByText('Dritte').waitFor();
    await original.getByText('plan@example.com').waitFor();
    expect(await original.innerText()).not.toMatch(/Content-Disposition|Grundriss/);
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      original.getByRole('link', { name: 'plan.txt' }).click(),
    ]);
    expect(download.suggestedFilename()).toBe('plan.txt');
    await page.context().close();
  });
});
