import type { Page } from 'playwright-core';
import writeExcel from 'write-excel-file/node';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createWorld, findBarriers, hasBrowser, setUp, type World } from './world.ts';

const csv = (lines: readonly string[]): Buffer => Buffer.from(`${lines.join('\r\n')}\r\n`, 'latin1');

describe.skipIf(!hasBrowser())('importing a file in the browser', () => {
  let world: World;
  let signedIn: Page;
  let page: Page;
  let faults: readonly string[];

  const open = async (
    path: string,
    options: { theme?: 'dark'; language?: 'en'; width?: number } = {},
  ): Promise<void> => {
    ({ page, faults } = await world.open(path, { like: signedIn, ...options }));
  };
  const choose = async (name: string, buffer: Buffer): Promise<void> => {
    const chooser = page.waitForEvent('filechooser');
    await page.getByRole('button', { name: 'Datei auswählen' }).click();
    await (await chooser).setFiles({ name, mimeType: 'text/csv', buffer });
  };
  const pick = async (label: string, option: string): Promise<void> => {
    await page.getByRole('combobox', { name: label, exact: true }).click();
    await page.getByRole('option', { name: option, exact: true }).click();
  };
  const button = async (name: string): Promise<void> => await page.getByRole('button', { name, exact: true }).click();
  const counted = async (name: string, count: number): Promise<void> =>
    await page.getByRole('button', { name: `${count} ${name}`, exact: true }).waitFor({ timeout: 60_000 });

  beforeAll(async () => {
    world = await createWorld();
    signedIn = await setUp(world);
    await world.app.temporalReady();
  });
  beforeEach(async () => {
    if (faults !== undefined) expect(faults).toEqual([]);
    await page?.context().close();
  });
  afterAll(async () => await world.close());

  it('leads a file from being chosen to records, with its rows corrected in place, and takes it back', async () => {
    await open('/imports');
    await button('Neuer Import');
    await choose(
      'messe.csv',
      csv([
        'Vorname;Nachname;E-Mail;Auftrag;Wichtigkeit',
        'Jörg;Müßig;joerg@messe.example;1.234,50;A',
        'Anna;Berg;keine Adresse;2.000,00;B',
        'Carl;See;carl@messe.example;3;A',
        'Kurz;Zeile;kurz@messe.example',
      ]),
    );
    await page.getByText('Vorschau (etwa 4 Zeilen)').waitFor();
    await page.getByText('Die Zeile hat 3 Spalten, erwartet werden 5.').waitFor();
    expect(page.url()).toMatch(/\/imports\/[0-9a-f-]{36}$/);
    expect(await page.getByRole('combobox', { name: 'Zeichenkodierung' }).inputValue()).toBe('Erkannt: Windows-1252');
    expect(await page.getByRole('combobox', { name: 'Trennzeichen' }).inputValue()).toBe('Erkannt: ;');
    expect(await findBarriers(page)).toEqual([]);
    // What was found out can be said otherwise, and the preview follows.
    await pick('Trennzeichen', ',');
    await page.getByText('Vorname;Nachname').waitFor();
    await pick('Trennzeichen', 'Erkannt: ,');
    await page.getByRole('columnheader', { name: 'Auftrag' }).waitFor();

    await button('Weiter: Zuordnung');
    await pick('Vorhandene erkennen an', 'E-Mail');
    await pick('Feld für die Spalte Auftrag', 'Voraussichtliches Budget');
    await page.getByText(/1\.234,50\s€/).waitFor();
    await pick('Feld für die Spalte Wichtigkeit', 'Priorität');
    await page.getByRole('button', { name: /Werte der Spalte Wichtigkeit übersetzen/ }).click();
    await page.getByLabel('Ein Wert je Zeile').fill('A = Hoch\nB = Eilig\nC');
    await button('Speichern');
    // Whatever is wrong with a line: nothing that was typed is lost.
    await page.getByText('Ohne „=“ oder ohne Wert davor: C').waitFor();
    await page.getByLabel('Ein Wert je Zeile').fill('A = Hoch\nB = Eilig');
    await button('Speichern');
    await page.getByText('Unter „Prioritäten“ gibt es kein „Eilig“').waitFor();
    expect(await page.getByLabel('Ein Wert je Zeile').inputValue()).toBe('A = Hoch\nB = Eilig');
    await page.getByLabel('Ein Wert je Zeile').fill('A = Hoch\nB = NORMAL');
    await button('Speichern');
    await page.getByText('2 Werte').waitFor();
    expect(await findBarriers(page)).toEqual([]);

    await button('Weiter: Prüfen');
    await counted('Neu', 2);
    await counted('Fehler', 2);
    const cell = page.getByLabel('E-Mail, Zeile 3');
    await cell.fill('anna@messe.example');
    await cell.press('Enter');
    await counted('Neu', 3);
    // Too few cells: they are right as they are shown.
    await button('Zeile 5 so übernehmen');
    await counted('Neu', 4);
    await page.getByText('berichtigt').nth(1).waitFor();
    expect(await findBarriers(page)).toEqual([]);
    // Left and come back to: everything is where it was.
    const address = page.url();
    await page.goto(`${world.app.url}/imports`);
    await page.getByRole('link', { name: 'messe.csv' }).click();
    await page.goto(address);
    await counted('Neu', 4);
    await pick('Prozesse der neuen Datensätze', 'nicht starten');
    await counted('Neu', 4);
    await page.getByRole('button', { name: 'Import starten' }).click();
    await page.getByRole('button', { name: 'Import zurücknehmen' }).waitFor({ timeout: 60_000 });
    await counted('Neu', 4);
    expect(await findBarriers(page)).toEqual([]);

    await button('Als wiederkehrend speichern');
    await page.getByLabel('Name', { exact: true }).fill('Messe Köln');
    await page.getByText('--preset messe-koeln').waitFor();
    await button('Speichern');
    await page.getByText('Wiederkehrender Import „Messe Köln“ gespeichert').waitFor();

    await page.getByRole('link', { name: 'Datensätze anzeigen' }).click();
    await page.getByText('Müßig').first().waitFor();
    await page.goto(address);
    await button('Import zurücknehmen');
    await page.getByRole('dialog').getByRole('button', { name: 'Import zurücknehmen' }).click();
    await page.getByText('4 zurückgenommen, 0 behalten.').waitFor({ timeout: 30_000 });
  });

  it('a recurring import needs its file only', async () => {
    await open('/imports/new?preset=messe-koeln');
    await choose('messe-2.csv', csv(['Vorname;Nachname;E-Mail;Auftrag;Wichtigkeit', 'Neu;Mann;neu@messe.example;5;A']));
    await page.getByRole('button', { name: 'Import zurücknehmen' }).waitFor({ timeout: 60_000 });
    await counted('Neu', 1);
  });

  it('a spreadsheet is read by the sheet that is chosen, and pasted rows as well', async () => {
    const cells = (...values: readonly (string | number)[]): object[] => values.map((value) => ({ value }));
    const sheets = [
      { sheet: 'Deckblatt', data: [cells('Bericht')] },
      { sheet: 'Firmen', data: [cells('Firma', 'Ort', 'PLZ'), cells('Blatt GmbH', 'Köln', 50667)] },
    ];
    await open('/imports/new');
    await choose('firmen.xlsx', await writeExcel(sheets as Parameters<typeof writeExcel>[0]).toBuffer());
    await pick('Blatt', 'Firmen');
    await page.getByRole('cell', { name: 'Blatt GmbH' }).waitFor();
    await button('Weiter: Zuordnung');
    await pick('Wird zu', 'Firma');
    await button('Weiter: Prüfen');
    await counted('Neu', 1);

    await page.goto(`${world.app.url}/imports/new`);
    await page.getByLabel('Oder Zeilen einfügen').fill('Nachname\tE-Mail\nTab\ttab@tafel.example\n');
    await button('Eingefügtes verwenden');
    await page.getByRole('cell', { name: 'tab@tafel.example' }).waitFor();
    expect(await page.getByRole('combobox', { name: 'Trennzeichen' }).inputValue()).toBe('Erkannt: Tabulator');
  });

  it('what is no table says so, and another file can be chosen', async () => {
    await open('/imports/new');
    await choose('brief.pdf', Buffer.from('%PDF-1.7 …'));
    await page.getByText('Das ist eine PDF-Datei. Bitte als CSV (UTF-8) speichern.').waitFor();
    await page.getByRole('link', { name: 'Andere Datei wählen' }).click();
    await page.getByText('Datei hierher ziehen oder auswählen').waitFor();
    await open('/imports', { theme: 'dark', language: 'en', width: 390 });
    await page.getByRole('link', { name: 'brief.pdf' }).waitFor();
    expect(await findBarriers(page)).toEqual([]);
  });
});
