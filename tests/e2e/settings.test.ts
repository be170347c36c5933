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

  describe('the log', () => {
    it('shows choices by their labels', async () => {
      const id = await world.postLead({ title: 'Für das Protokoll' });
      const act = async (method: string, path: string, body: object): Promise<void> =>
        void expect((await world.call(signedIn, { method, path: `/leads/${id}${path}`, body })).status).toBe(200);
      await act('PATCH', '', { priority: 'dringend', tags: ['messe'], budget: 1234.5 });
      await act('POST', '/move', { stage: 'kontaktversuch' });
      await act('POST', '/archive', { reason: 'kein-budget' });
      await open('/settings/audit');
      const log = page.getByRole('region', { name: 'Protokoll' });
      for (const words of [
        'Priorität: Normal → Dringend',
        'Tags: – → Messe',
        'Budget: – → 1.234,50 €',
        'Bearbeitungsstatus: Neu → Kontaktversuch',
        'Zustand: Offen → Archiviert',
        'Archivgrund: – → Kein Budget',
        'Benutzer: Jana Köhler',
        'eingerichtet',
      ])
        await log.getByText(words).first().waitFor();
      expect(await findBarriers(page)).toEqual([]);
    });
  });

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

  describe('pipelines', () => {
    it('takes the processes of older revisions along, with the stages that are called otherwise', async () => {
      const [waiting, moved] = [await world.postLead({ title: 'Wartet' }), await world.postLead({ title: 'Bewegt' })];
      const stage = { method: 'POST', path: `/leads/${moved}/move`, body: { stage: 'kontaktversuch' } };
      expect((await world.call(signedIn, stage)).status).toBe(200);
      await open('/settings/pipelines');
      const editor = page.getByRole('textbox', { name: 'YAML von inbox' });
      await editor.waitFor();
      await editor.fill((await editor.inputValue()).replace('- key: neu', '- key: eingang'));
      await page.getByRole('button', { name: 'Veröffentlichen' }).click();
      const card = page.getByRole('region', { name: 'Laufende Prozesse' });
      await card.getByText(/\d+ Prozesse laufen noch unter älteren Fassungen/).waitFor();
      await card.getByRole('button', { name: 'Umstellen …' }).click();
      const dialog = page.getByRole('dialog', { name: 'Auf Fassung 2 umstellen' });
      const confirm = dialog.getByRole('button', { name: /Prozesse umstellen/ });
      // "Neu" is gone, so somebody has to say where its processes go on.
      expect(await confirm.isDisabled()).toBe(true);
      await dialog.getByText('Fristen und Plan bleiben, wie sie sind.').waitFor();
      await dialog.getByRole('combobox', { name: 'Neue Stufe für Neu' }).click();
      await page.getByRole('option', { name: 'Neu' }).click();
      expect(await findBarriers(page)).toEqual([]);
      await confirm.click();
      await page.getByText(/Prozesse auf Fassung 2 umgestellt/).waitFor();
      await card.waitFor({ state: 'detached' });
      const read = async (id: string): Promise<unknown> =>
        (await world.call(signedIn, { method: 'GET', path: `/leads/${id}` })).body;
      expect(await read(waiting)).toMatchObject({ data: { stage: 'eingang', pipelineRevision: 2 } });
      expect(await read(moved)).toMatchObject({ data: { stage: 'kontaktversuch', pipelineRevision: 2 } });
    });
  });

  describe('in another open browser', () => {
    /** What an admin publishes elsewhere is on screen within this time. */
    const soon = { timeout: 2_000 };
    const publish = async (path: string, change: (value: object) => object): Promise<void> => {
      const { body } = await world.call(signedIn, { method: 'GET', path });
      const { value } = (body as { data: { value: object } }).data;
      expect((await world.call(signedIn, { method: 'PUT', path, body: change(value) })).status).toBe(200);
    };

    it('shows a new priority, stage and field at once, and keeps the field that is being edited', async () => {
      const id = await world.postLead({ title: 'Bleibt offen', priority: 'hoch', phone: '+49 30 111111' });
      await open(`/inbox?id=${id}`);
      await page.getByRole('button', { name: /Telefon bearbeiten/ }).click();
      const input = page.getByRole('textbox', { name: 'Telefon' });
      await input.fill('+49 30 22');
      await publish('/config/priorities/hoch', (value) => ({ ...value, label: { de: 'Sehr hoch', en: 'Very high' } }));
      await expect
        .poll(async () => await page.getByRole('combobox', { name: 'Priorität' }).inputValue(), soon)
        .toBe('Sehr hoch');
      await publish('/config/pipelines/inbox', (value) => {
        const [first, ...others] = (value as { stages: object[] }).stages;
        return { ...value, stages: [{ ...first, label: { de: 'Frisch', en: 'Fresh' } }, ...others] };
      });
      // The open lead keeps the revision that it began with.
      await page.getByText('Fassung 2; es gibt eine neuere (3).').waitFor(soon);
      const { body } = await world.call(signedIn, { method: 'GET', path: '/schemas/lead' });
      const { schema } = (body as { data: { schema: { properties: object } } }).data;
      const hint = { type: 'string', maxLength: 50, 'x-label': { de: 'Anfahrt', en: 'Way' }, 'x-section': 'contact' };
      const wider = { schema: { ...schema, properties: { ...schema.properties, wayIn: hint } } };
      expect((await world.call(signedIn, { method: 'PUT', path: '/schemas/lead', body: wider })).status).toBe(200);
      await page.locator('[data-field="wayIn"]').getByText('Anfahrt', { exact: true }).waitFor(soon);
      expect(await input.inputValue()).toBe('+49 30 22');
      expect(await page.evaluate('document.activeElement.value')).toBe('+49 30 22');
      await world.postLead({ title: 'Kommt danach' });
      await page.getByRole('button', { name: /neu – anzeigen/ }).click();
      await page.getByRole('row', { name: 'Kommt danach' }).getByText('Frisch').waitFor();
    });

    it('B22: shows a running lead with the stages that it began with, to its end', async () => {
      await world.postLead({ title: 'Fängt an' });
      const [trying, ending] = [
        await world.postLead({ title: 'Im Kontaktversuch' }),
        await world.postLead({ title: 'Am Ende' }),
      ];
      const act = async (path: string, body: object): Promise<number> =>
        (await world.call(signedIn, { method: 'POST', path, body })).status;
      expect(await act(`/leads/${trying}/move`, { stage: 'kontaktversuch' })).toBe(200);
      expect(await act(`/leads/${ending}/move`, { stage: 'erledigt' })).toBe(200);
      await publish('/config/pipelines/inbox', (value) => {
        const [first, , clarifying, last] = (value as { stages: object[] }).stages;
        const checking = { key: 'pruefung', label: { de: 'Prüfung', en: 'Check' } };
        const done = { ...last, label: { de: 'Abgeschlossen', en: 'Closed' } };
        const filing = { key: 'ablage', label: { de: 'Ablage', en: 'Filing' } };
        return { ...value, stages: [first, checking, clarifying, done, filing] };
      });
      await open(`/inbox?id=${trying}`);
      const stepper = page.getByRole('list', { name: 'Inbox', exact: true });
      const steps = async (): Promise<string[]> => await stepper.getByRole('listitem').allInnerTexts();
      const current = stepper.locator('[aria-current="step"]');
      const before = ['Frisch', 'Kontaktversuch', 'In Klärung', 'Erledigt'];
      await current.getByText('Kontaktversuch').waitFor();
      expect(await steps()).toEqual(before);
      await page.getByRole('row', { name: 'Im Kontaktversuch' }).getByText('Kontaktversuch', { exact: true }).waitFor();

      await page.getByRole('row', { name: 'Am Ende' }).click();
      await current.getByText('Erledigt').waitFor();
      expect(await steps()).toEqual(before);
      await page.getByText('Bearbeitung abgeschlossen.').waitFor();

      await page.getByRole('row', { name: 'Fängt an' }).click();
      await current.getByText('Frisch').waitFor();
      await stepper.getByRole('button', { name: 'Kontaktversuch' }).click();
      await page.getByText('Status: Kontaktversuch').waitFor();
      await current.getByText('Kontaktversuch').waitFor();
      await stepper.getByRole('button', { name: 'Erledigt' }).click();
      await page.getByText('Bearbeitung abgeschlossen.').waitFor();
      await page.getByText('Status: Kontaktversuch → Erledigt').waitFor();

      await page.goto(`${world.app.url}/inbox?id=${await world.postLead({ title: 'Fängt danach an' })}`);
      await current.getByText('Frisch').waitFor();
      expect(await steps()).toEqual(['Frisch', 'Prüfung', 'In Klärung', 'Abgeschlossen', 'Ablage']);
    });

    it('B18: makes a new source, which then has its address and can be chosen', async () => {
      await open('/settings/sources');
      await page.getByRole('button', { name: 'Neue Quelle' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel('Deutsch').fill('Messe Süd');
      await dialog.getByRole('button', { name: 'Speichern' }).click();
      await page.getByText('/intake/messe-sued').waitFor();
      await open('/inbox');
      await page.getByRole('button', { name: 'Lead hinzufügen' }).click();
      await page.getByRole('dialog').getByLabel('Herkunft').click();
      await page.getByRole('option', { name: 'Messe Süd' }).waitFor();
    });

    it('shows a new source in the open list', async () => {
      await open('/settings/sources');
      await page.getByText('Facebook').first().waitFor();
      const messe = { key: 'messe-nord', label: { de: 'Messe Nord', en: 'Fair North' }, auth: 'api-key' };
      const put = { method: 'PUT', path: '/config/sources/messe-nord', body: messe };
      expect((await world.call(signedIn, put)).status).toBe(201);
      await page.getByText('Messe Nord').waitFor(soon);
    });

    it('leaves an unpublished text alone, says what is in force now, and overwrites it only on purpose', async () => {
      await open('/settings/pipelines?kind=templates&key=erinnerung');
      const editor = page.getByRole('textbox', { name: 'YAML von erinnerung' });
      await editor.waitFor();
      const before = await editor.inputValue();
      await editor.fill(`${before}# meins\n`);
      await publish('/config/templates/erinnerung', (value) => ({ ...value, label: { de: 'Anders', en: 'Other' } }));
      await page.getByText('Inzwischen gilt Fassung 2; Ihr Text beruht auf Fassung 1.').waitFor(soon);
      expect(await editor.inputValue()).toBe(`${before}# meins\n`);
      await page.getByRole('button', { name: 'Veröffentlichen' }).click();
      await page
        .getByRole('alert')
        .getByText(/schneller|Fassung/)
        .first()
        .waitFor();
      await page.getByRole('button', { name: 'Meinen Text behalten' }).click();
      await page.getByRole('button', { name: 'Prüfen' }).click();
      await page.getByText(/^\+ # meins/m).waitFor();
      await page.getByRole('button', { name: 'Veröffentlichen' }).click();
      await page.getByText('Veröffentlicht als Fassung 3').waitFor();
      // Without a text of one's own the editor follows.
      await publish('/config/templates/erinnerung', (value) => ({ ...value, label: { de: 'Drittes', en: 'Third' } }));
      await expect.poll(async () => await editor.inputValue(), soon).toContain('Drittes');
    });

    it('asks before a text that is not published is left', async () => {
      await open('/settings/pipelines?kind=templates&key=erinnerung');
      const editor = page.getByRole('textbox', { name: 'YAML von erinnerung' });
      await editor.fill('# noch nicht fertig\n');
      const dialog = page.getByRole('dialog', { name: 'Änderungen verwerfen?' });
      await page.getByRole('link', { name: 'Benutzer', exact: true }).click();
      await dialog.getByRole('button', { name: 'Abbrechen' }).click();
      await dialog.waitFor({ state: 'hidden' });
      expect(await editor.inputValue()).toBe('# noch nicht fertig\n');
      await page.getByRole('link', { name: 'Benutzer', exact: true }).click();
      await dialog.getByRole('button', { name: 'Verwerfen' }).click();
      await page.getByRole('heading', { name: 'Benutzer' }).waitFor();
    });
  });

  describe('users', () => {
    it('get a new password from an admin, and are disabled only after a question', async () => {
      const paul = {
        name: 'Paul Neu',
        email: 'paul@leitwerk.local',
        role: 'sales',
        password: 'kaffee regen laterne 7',
      };
      expect((await world.call(signedIn, { method: 'POST', path: '/users', body: paul })).status).toBe(201);
      await open('/settings/users');
      await page.getByRole('button', { name: 'Neues Passwort: Paul Neu' }).click();
      const form = page.getByRole('dialog', { name: 'Neues Passwort für Paul Neu' });
      await form.getByLabel('Neues Passwort').fill('kurz');
      await form.getByRole('button', { name: 'Speichern' }).click();
      await form
        .getByText(/mindestens/iu)
        .first()
        .waitFor();
      await form.getByLabel('Neues Passwort').fill('anker birne wolke 8');
      expect(await findBarriers(page)).toEqual([]);
      await form.getByRole('button', { name: 'Speichern' }).click();
      await page.getByText('Neues Passwort für Paul Neu gesetzt').waitFor();
      const { origin } = new URL(page.url());
      const signIn = async (password: string): Promise<number> => {
        const body = JSON.stringify({ email: paul.email, password });
        const headers = { 'content-type': 'application/json', origin };
        return (await fetch(`${origin}/api/v1/session`, { method: 'POST', headers, body })).status;
      };
      expect([await signIn(paul.password), await signIn('anker birne wolke 8')]).toEqual([401, 200]);
      await page.getByRole('button', { name: 'Sperren: Paul Neu' }).click();
      const question = page.getByRole('dialog', { name: 'Paul Neu sperren?' });
      await question.getByRole('button', { name: 'Sperren', exact: true }).click();
      await page.getByText('Paul Neu gesperrt').waitFor();
      expect(await signIn('anker birne wolke 8')).toBe(401);
      // Nobody locks themselves out.
      expect(await page.getByRole('button', { name: /^Sperren: /u }).count()).toBe(0);
    });
  });

  describe('keys', () => {
    it('are made with scopes that are chosen by what they mean, and shown on a phone without scrolling sideways', async () => {
      await open('/settings/keys');
      await page.getByRole('button', { name: 'Schlüssel anlegen' }).first().click();
      const dialog = page.getByRole('dialog', { name: 'Schlüssel anlegen' });
      await dialog.getByLabel('Name').fill('Auswertung im Lager, jede Nacht um halb drei');
      const scopes = dialog.getByRole('combobox', { name: 'Einzelne Rechte (Scopes)' });
      await scopes.fill('Firmen');
      await page.getByRole('option', { name: 'Firmen lesen (organizations:read)' }).click();
      await scopes.fill('audit');
      expect(await page.getByRole('option').allTextContents()).toEqual(['Protokoll lesen (audit:read)']);
      await page.keyboard.press('Escape');
      expect(await findBarriers(page)).toEqual([]);
      await dialog.getByRole('button', { name: 'Anlegen' }).click();
      await page.getByRole('dialog').getByText(/^lw_/).waitFor();
      await page.getByRole('button', { name: 'Schließen' }).click();
      await page.getByRole('cell', { name: 'leads:read, leads:write, organizations:read', exact: true }).waitFor();
      const phone = await world.open('/settings/keys', { like: signedIn, width: 390 });
      await phone.page.getByText('leads:read, leads:write, organizations:read').waitFor();
      const table = '[role=region][aria-label=API-Schlüssel]';
      const isWider = `(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth)(document.querySelector('${table}'))`;
      expect(await phone.page.evaluate(isWider)).toBe(false);
      expect([...(await findBarriers(phone.page)), ...phone.faults]).toEqual([]);
      await phone.page.context().close();
    });
  });
});
