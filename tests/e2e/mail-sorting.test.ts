import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../support/processes.ts';
import { buildMail, deliver } from '../support/smtp.ts';
import { createWorld, findBarriers, hasBrowser, setUp, type World } from './world.ts';

describe.skipIf(!hasBrowser())('sorting mails', () => {
  let world: World;
  let signedIn: Page;

  const rows = async (path: string): Promise<readonly Record<string, unknown>[]> =>
    ((await world.call(signedIn, { method: 'GET', path })).body as { data: Record<string, unknown>[] }).data;
  const bring = async (id: string, subject: string): Promise<void> => {
    const headers = ['List-Id: <rundbrief.kunde.example>', 'Content-Type: text/plain; charset=utf-8'];
    const raw = buildMail({ id: `${id}@kunde.example`, subject, headers });
    expect(await deliver(Number(world.app.ports.SMTP_PORT), { raw })).toMatch(/^250/);
  };
  const sorted = async (subject: string): Promise<unknown> =>
    (await rows('/intake-messages')).find((message) => message['subject'] === subject)?.['state'];

  beforeAll(async () => {
    world = await createWorld();
    signedIn = await setUp(world);
    await bring('s1', 'Rundbrief eins');
    await bring('s2', 'Rundbrief zwei');
    await until('both wait', async () => ((await sorted('Rundbrief zwei')) === 'triage' ? true : undefined));
  });
  afterAll(async () => await world?.close());

  it('shows sender and subject beside an open mail and on a phone', async () => {
    const { page, faults } = await world.open('/received?view=sort', { like: signedIn });
    const row = page.getByRole('row', { name: /anna@kunde\.example.*Rundbrief zwei/ });
    await row.click();
    await page.getByRole('heading', { level: 2, name: 'Rundbrief zwei' }).waitFor();
    await row.waitFor();
    expect(await row.getByText('Rundbrief zwei').isVisible()).toBe(true);
    expect(await findBarriers(page)).toEqual([]);
    await page.context().close();
    const phone = await world.open('/received?view=sort', { like: signedIn, width: 390 });
    await phone.page.getByRole('row', { name: /anna@kunde\.example.*Rundbrief eins/ }).waitFor();
    expect([...faults, ...phone.faults]).toEqual([]);
    await phone.page.context().close();
  });

  it('files a mail for which nothing is proposed on any record, found by its number', async () => {
    await world.call(signedIn, { method: 'POST', path: '/opportunities', body: { title: 'Lagerhalle' } });
    const [deal] = await rows('/opportunities');
    const { page, faults } = await world.open('/received?view=sort', { like: signedIn });
    await page.getByRole('row', { name: /Rundbrief zwei/ }).click();
    await page.getByRole('combobox', { name: 'Anderer Datensatz' }).fill(String(deal?.['number']));
    await page.getByRole('option', { name: /Lagerhalle/ }).click();
    await expect.poll(async () => await sorted('Rundbrief zwei'), { timeout: 10_000 }).toBe('filed');
    const entries = await rows(`/timeline-entries?filter=opportunity%20=%20"${String(deal?.['id'])}"`);
    expect(entries.map(({ kind }) => kind)).toContain('mail');
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it('makes a person of whoever is not known yet in a mail that has its place', async () => {
    const { page, faults } = await world.open('/received', { like: signedIn });
    await page.getByRole('row', { name: /Rundbrief zwei/ }).click();
    await page.getByText('Noch nicht bekannt').waitFor();
    expect(await findBarriers(page)).toEqual([]);
    await page.getByRole('button', { name: /Person anlegen: .*anna@kunde\.example/ }).click();
    await page.getByText('Noch nicht bekannt').waitFor({ state: 'hidden' });
    const [anna] = await rows('/persons?filter=email%20=%20"anna@kunde.example"');
    const entries = await rows(`/timeline-entries?filter=person%20=%20"${String(anna?.['id'])}"`);
    expect(entries.map(({ kind }) => kind)).toContain('mail');
    expect(await sorted('Rundbrief zwei')).toBe('filed');
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it('takes back with Z that a mail is not relevant', async () => {
    const { page, faults } = await world.open('/received?view=sort', { like: signedIn });
    await page.getByRole('row', { name: /Rundbrief eins/ }).click();
    await page.getByText('Ein Rundschreiben, keine Anfrage.').waitFor();
    await page.getByRole('tab', { name: 'Zuordnen 1', exact: true }).waitFor();
    await page.keyboard.press('x');
    await page.getByText('Nicht relevant: Rundbrief eins').waitFor();
    await page.getByRole('tab', { name: 'Zuordnen 0', exact: true }).waitFor();
    await page.getByRole('row', { name: /Rundbrief eins/ }).waitFor({ state: 'hidden' });
    expect(await sorted('Rundbrief eins')).toBe('dismissed');
    await page.getByRole('button', { name: 'Rückgängig' }).waitFor();
    await page.keyboard.press('z');
    await page.getByRole('row', { name: /Rundbrief eins/ }).click();
    await page.getByText('Ein Rundschreiben, keine Anfrage.').waitFor();
    expect(await sorted('Rundbrief eins')).toBe('triage');
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it('says what was done and goes on to the next mail', async () => {
    await bring('s3', 'Rundbrief drei');
    await until('it waits', async () => ((await sorted('Rundbrief drei')) === 'triage' ? true : undefined));
    const { page, faults } = await world.open('/received?view=sort', { like: signedIn });
    await page.getByRole('row', { name: /Rundbrief drei/ }).click();
    await page.getByRole('button', { name: /Inbox-Eintrag daraus machen/ }).waitFor();
    await page.keyboard.press('l');
    await page.getByText('Lead angelegt: Rundbrief drei').waitFor();
    await page.getByRole('heading', { level: 2, name: 'Rundbrief eins' }).waitFor();
    expect(await sorted('Rundbrief drei')).toBe('accepted');
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it('shows formatted mails about as high as they are, up to a part of the window, in a frame without rights', async () => {
    const open = async (id: string, lines: number): Promise<Page> => {
      const html = `<p>Guten Tag</p>${'<p>Noch eine Zeile</p>'.repeat(lines)}`;
      const headers = ['List-Id: <rundbrief.kunde.example>', 'Content-Type: text/html; charset=utf-8'];
      const raw = buildMail({ id: `${id}@kunde.example`, subject: id, headers, text: html });
      expect(await deliver(Number(world.app.ports.SMTP_PORT), { raw })).toMatch(/^250/);
      await until('it waits', async () => ((await sorted(id)) === 'triage' ? true : undefined));
      const { page } = await world.open('/received?view=sort', { like: signedIn });
      await page.getByRole('row', { name: new RegExp(id) }).click();
      return page;
    };
    const boxIn = async (page: Page): Promise<{ x: number; y: number; width: number; height: number }> => {
      const frame = page.getByTitle('Inhalt der Mail');
      expect(await frame.getAttribute('sandbox')).toBe('allow-popups');
      const around = frame.locator('..');
      await around.scrollIntoViewIfNeeded();
      const box = await around.boundingBox();
      if (box === null) throw new Error('no frame');
      return box;
    };
    const short = await open('Kurz', 1);
    expect((await boxIn(short)).height).toBeLessThan(200);
    await short.context().close();
    const long = await open('Lang', 200);
    const { x, y, width, height } = await boxIn(long);
    expect(Math.abs(height - 0.7 * 900)).toBeLessThan(20);
    // Whoever wants less or more of it pulls at the corner.
    await long.mouse.move(x + width - 4, y + height - 5);
    await long.mouse.down();
    await long.mouse.move(x + width - 4, y + height - 205, { steps: 4 });
    await long.mouse.up();
    expect(Math.abs((await boxIn(long)).height - (height - 200))).toBeLessThan(5);
    await long.context().close();
  });
});
