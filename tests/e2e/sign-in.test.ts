import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { admin, createWorld, hasBrowser, password, setUp, type World } from './world.ts';

describe.skipIf(!hasBrowser())('getting in', () => {
  let world: World;
  let page: Page;

  beforeAll(async () => {
    world = await createWorld();
    page = await setUp(world);
  });

  afterAll(async () => await world.close());

  it('sets up the installation with the link from the console and opens the inbox', async () => {
    await page.getByRole('heading', { name: 'Alle offenen' }).waitFor();
    expect(await page.getByRole('button', { name: /Benutzermenü/ }).isVisible()).toBe(true);
  });

  it('does not set up a second time', async () => {
    const link = (await world.app.line(/^set up /)).replace('set up ', '').trim();
    const { page: other } = await world.open(link.slice(world.app.url.length));
    await other.getByText('Leitwerk ist bereits eingerichtet.').waitFor();
  });

  it('leads a stranger to the sign-in page and back to where they wanted to go', async () => {
    const { page: stranger } = await world.open('/list/organizations');
    await stranger.waitForURL(/\/sign-in\?next=/);
    await stranger.getByLabel('E-Mail').fill(admin.email);
    await stranger.getByLabel('Passwort', { exact: true }).fill('falsches passwort 1');
    await stranger.keyboard.press('Enter');
    await stranger.getByRole('alert').waitFor();
    await stranger.getByLabel('Passwort', { exact: true }).fill(password);
    await stranger.keyboard.press('Enter');
    await stranger.waitForURL(/\/list\/organizations/);
    await stranger.getByRole('heading', { name: 'Firmen' }).waitFor();
  });

  it('does not follow a next address that leaves the app', async () => {
    const { page: stranger } = await world.open('/sign-in?next=//example.com/');
    await stranger.getByLabel('E-Mail').fill(admin.email);
    await stranger.getByLabel('Passwort', { exact: true }).fill(password);
    await stranger.keyboard.press('Enter');
    await stranger.waitForURL(/\/inbox/);
    expect(new URL(stranger.url()).origin).toBe(world.app.url);
  });

  it('speaks English after one click and keeps to it', async () => {
    const { page: own } = await world.open('/inbox', { like: page });
    await own.getByRole('button', { name: /English/ }).click();
    await own.getByRole('heading', { name: 'All open' }).waitFor();
    expect(await own.locator('html').getAttribute('lang')).toBe('en');
  });

  it('signs out', async () => {
    const { page: own } = await world.open('/sign-in');
    await own.getByLabel('E-Mail').fill(admin.email);
    await own.getByLabel('Passwort', { exact: true }).fill(password);
    await own.keyboard.press('Enter');
    await own.waitForURL(/\/inbox/);
    await own.getByRole('button', { name: /Benutzermenü/ }).click();
    await own.getByRole('menuitem', { name: 'Abmelden' }).click();
    await own.waitForURL(/\/sign-in/);
    expect((await world.call(own, { method: 'GET', path: '/me' })).status).toBe(401);
  });
});
