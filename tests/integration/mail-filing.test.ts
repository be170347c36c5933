import { afterEach, describe, expect, it, type TestContext } from 'vitest';
import { createUser } from '../../commands/accounts/createUser.ts';
import { archiveLead } from '../../commands/archiveLead.ts';
import { assignRecord } from '../../commands/assignRecord.ts';
import { createRecord } from '../../commands/createRecord.ts';
import { readNotices } from '../../store/notices.ts';
import { mergeRecords } from '../../commands/duplicates/mergeRecords.ts';
import { splitRecords } from '../../commands/duplicates/splitRecords.ts';
import { modelOf, type Context } from '../../commands/context.ts';
import { fileMail } from '../../commands/mail/fileMail.ts';
import { renewMailAddress, revokeMailAddress } from '../../commands/mail/mailAddress.ts';
import { asUser } from '../../commands/mail/mail-context.ts';
import { proposePlaces } from '../../commands/mail/proposePlaces.ts';
import { retryMail } from '../../commands/mail/retryMail.ts';
import { createPersonOfMail, dismissMail, fileMailOn, makeLeadOfMail } from '../../commands/mail/sortMail.ts';
import { MailParseError, createMailParser, type MailParser } from '../../connectors/mail/index.ts';
import type { Row } from '../../store/database.ts';
import { readDueMailJobs } from '../../store/mail-jobs.ts';
import type { RecordData } from '../../store/record-table.ts';
import { buildMail, deliver, openPostOffice, type PostOffice, type PostOfficeOptions } from '../support/smtp.ts';
import { createStore, dialects, type Dialect, type Store } from '../support/stores.ts';

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close();
});

interface World {
  readonly store: Store;
  readonly office: PostOffice;
  /** Delivers a mail and waits until it is filed. */
  readonly bring: (raw: string, to?: readonly string[]) => Promise<void>;
  readonly rows: (table: string) => Promise<Row[]>;
}

const createWorld = async (context: TestContext, dialect: Dialect, options: PostOfficeOptions = {}): Promise<World> => {
  const store = await createStore(context, dialect);
  open.push(store.clear);
  const office = await openPostOffice(store, options);
  open.push(office.close);
  return {
    store,
    office,
    bring: async (raw, to) => {
      expect(await deliver(office.port, { raw, ...(to === undefined ? {} : { to }) })).toMatch(/^250/);
      await office.settled();
    },
    rows: async (table) =>
      await store.foundation.db.all(
        `SELECT * FROM \`${table}\` ORDER BY \`${table === 'event' ? 'seq' : 'createdAt'}\``,
      ),
  };
};

const json = (value: unknown): RecordData => JSON.parse(String(value)) as RecordData;

/** A user of the store, as themselves. */
const addUser = async (store: Store, user: { readonly email: string; readonly role: string }): Promise<Context> => {
  const system = store.asSystem();
  const { user: added } = await createUser(system, { ...user, name: user.email, password: 'Sehr-geheim-4711!' });
  await store.foundation.registry.refresh();
  const fresh = store.asSystem();
  const made = fresh.snapshot.users.get(added.id);
  if (made === undefined) throw new Error('no user');
  return asUser(fresh, made);
};

const make = async (ctx: Context, entity: string, input: RecordData): Promise<RecordData> =>
  (await createRecord(ctx, modelOf(ctx, entity), input)).record;

/** A company with a person and a deal. */
const addCustomer = async (
  ctx: Context,
): Promise<{ organization: string; person: string; deal: string; number: string }> => {
  const organization = String((await make(ctx, 'organization', { name: 'Kunde GmbH', domain: 'kunde.example' }))['id']);
  const person = String(
    (await make(ctx, 'person', { firstName: 'Anna', lastName: 'Kunde', email: 'anna@kunde.example', organization }))[
      'id'
    ],
  );
  const deal = await make(ctx, 'opportunity', { title: 'Lagerhalle', organization, person });
  return { organization, person, deal: String(deal['id']), number: String(deal['number']) };
};

/** Files the one mail that lies there, its sender being trusted so far: signatures are checked with the name system of the world. */
const fileAs = async (store: Store, { raw, level }: { raw: string; level: string }): Promise<void> => {
  const now = new Date().toISOString();
  const [job] = await readDueMailJobs(store.foundation.db, now, 1);
  if (job === undefined) throw new Error('no job');
  const parser = createMailParser({ deadlineMs: 20_000, memoryMb: 192 });
  const mail = await parser.parse(Buffer.from(raw));
  await parser.close();
  const trust = { level, spf: 'none', dkim: 'none', dmarc: 'none', reason: { de: '', en: '' } };
  await fileMail(store.asSystem(), { job, mail, trust, attachments: [] });
};

const localOf = async (ctx: Context): Promise<string> => `${await renewMailAddress(ctx)}@leitwerk.local`;

describe.each(dialects)('mail to leads@ on %s', (dialect) => {
  it('becomes a lead with raw mail, text and files, as from any other source', async (context) => {
    const { bring, rows, store } = await createWorld(context, dialect);
    const boundary = 'Content-Type: multipart/mixed; boundary=b1';
    const text = [
      '--b1',
      'Content-Type: text/plain; charset=utf-8',
      '',
      'Guten Tag, wir suchen 2.000 m² Lager.',
      '--b1',
      'Content-Type: text/html; name="plan.html"',
      'Content-Disposition: attachment; filename="plan.html"',
      '',
      '<script>alert(1)</script>',
      '--b1',
      'Content-Type: application/pdf',
      'Content-Disposition: attachment; filename="leer.pdf"',
      '',
      '--b1--',
    ].join('\n');
    await bring(
      buildMail({ id: 'l1@kunde.example', subject: 'Lager gesucht', headers: ['MIME-Version: 1.0', boundary], text }),
    );
    const [lead] = await rows('lead');
    const [message] = await rows('intake_message');
    expect(lead).toMatchObject({
      source: 'mail',
      title: 'Lager gesucht',
      email: 'anna@kunde.example',
      firstName: 'Anna',
      lastName: 'Kunde',
      message: 'Guten Tag, wir suchen 2.000 m² Lager.',
      intakeMessage: message?.['id'],
      priority: 'normal',
    });
    expect(message).toMatchObject({
      state: 'accepted',
      lead: lead?.['id'],
      sender: 'anna@kunde.example',
      subject: 'Lager gesucht',
    });
    const [file, empty] = json(message?.['attachments']) as unknown as RecordData[];
    expect(file).toMatchObject({ name: 'plan.html' });
    expect(empty).toMatchObject({ name: 'leer.pdf', contentType: 'application/pdf', size: 0 });
    expect(Buffer.from(await store.foundation.blobs.get(String(file?.['blob']))).toString()).toContain('alert(1)');
    expect((await rows('event')).map((event) => event['act'])).toContain('lead.create');
  });

  it('through a source of its own carries that source, and a form mail is mapped by rows', async (context) => {
    const { bring, rows } = await createWorld(context, dialect);
    const text =
      'Name: Jörg Meyer\nFirma: Meyer Bau GmbH\nE-Mail: joerg@meyer.example\nTelefon: 030 1234567\nNachricht: Bitte melden.';
    await bring(buildMail({ id: 'f1@form.example', from: 'noreply@form.example', subject: 'Neue Anfrage', text }));
    await bring(buildMail({ id: 'f2@form.example', text: 'Hallo' }), ['leads+facebook@leitwerk.local']);
    const leads = await rows('lead');
    expect(leads[0]).toMatchObject({
      source: 'mail',
      firstName: 'Jörg',
      lastName: 'Meyer',
      company: 'Meyer Bau GmbH',
      email: 'joerg@meyer.example',
      phone: '+49 30 1234567',
    });
    expect(leads[1]).toMatchObject({ source: 'facebook' });
  });

  it('R09: the same mail again, or for another recipient, makes no second lead; another mail under its name waits for a person', async (context) => {
    const { bring, rows } = await createWorld(context, dialect);
    const raw = buildMail({ id: 'r9@kunde.example' });
    await bring(raw);
    await bring(raw);
    await bring(raw, ['leads+facebook@leitwerk.local']);
    await bring(`Received: from elsewhere\r\n${raw}`);
    await bring(buildMail({ id: 'r9@kunde.example', text: 'Etwas ganz anderes.' }));
    expect(await rows('lead')).toHaveLength(1);
    const messages = await rows('intake_message');
    expect(messages.map(({ state }) => state)).toEqual(['accepted', 'duplicate', 'duplicate', 'triage']);
    expect(messages[0]?.['duplicates']).toBe(1);
    expect(json(messages[3]?.['mail'])['reason']).toBe('sameMessageId');
    const keys = messages.flatMap(({ source, dedupeKey }) =>
      dedupeKey === null ? [] : [`${String(source)} ${String(dedupeKey)}`],
    );
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('of a known conversation goes to its record, and its bounces and automatic answers do', async (context) => {
    const { bring, rows } = await createWorld(context, dialect);
    await bring(buildMail({ id: 't1@kunde.example', subject: 'Lager' }));
    const replyTo = ['In-Reply-To: <t1@kunde.example>', 'References: <t1@kunde.example>'];
    await bring(buildMail({ id: 't2@kunde.example', subject: 'AW: Lager', headers: replyTo, text: 'Noch etwas.' }));
    await bring(
      buildMail({
        id: 't3@kunde.example',
        headers: ['Auto-Submitted: auto-replied', 'In-Reply-To: <t2@kunde.example>'],
      }),
    );
    await bring(
      buildMail({
        id: 't4@kunde.example',
        from: 'MAILER-DAEMON@kunde.example',
        headers: ['Auto-Submitted: auto-replied'],
      }),
    );
    const leads = await rows('lead');
    expect(leads).toHaveLength(1);
    const entries = (await rows('timeline_entry')).filter(({ kind }) => kind === 'mail');
    expect(entries).toHaveLength(2);
    expect(entries.every((entry) => entry['lead'] === leads[0]?.['id'])).toBe(true);
    expect(entries[0]).toMatchObject({ text: 'Noch etwas.' });
    expect(json(entries[1]?.['facts'])).toMatchObject({ mailKind: 'auto-reply', direction: 'in' });
    expect((await rows('intake_message')).map(({ state }) => state)).toEqual(['accepted', 'filed', 'filed', 'filed']);
  });

  it('is never a lead without an envelope sender; a read receipt goes to the mail that it names', async (context) => {
    const { bring, office, rows } = await createWorld(context, dialect);
    await bring(buildMail({ id: 't1@kunde.example', subject: 'Lager' }));
    const outlook = { from: 'Microsoft Outlook <outlook@kunde.example>', text: 'Empfänger: weg@kunde.example' };
    for (const subject of ['Unzustellbar: Angebot', 'Hinweis'])
      expect(await deliver(office.port, { raw: buildMail({ ...outlook, id: subject, subject }), from: '' })).toMatch(
        /^250/,
      );
    const headers = [
      'MIME-Version: 1.0',
      'Content-Type: multipart/report; report-type=disposition-notification; boundary=d',
    ];
    const told = 'Content-Type: message/disposition-notification\n\nOriginal-Message-ID: <t1@kunde.example>';
    const text = `--d\nContent-Type: text/plain\n\nGelesen.\n--d\n${told}\n--d--`;
    await bring(buildMail({ id: 'r', subject: 'Gelesen: Lager', headers, text }));
    const [lead, ...others] = await rows('lead');
    expect(others).toEqual([]);
    const [entry] = (await rows('timeline_entry')).filter(({ kind }) => kind === 'mail');
    expect(entry).toMatchObject({ lead: lead?.['id'], text: 'Gelesen.' });
    const kinds = (await rows('intake_message')).map(({ state, mail }) => [state, json(mail)['kind']]);
    expect(kinds.map(String).toSorted()).toEqual([
      'accepted,person',
      'filed,auto-reply',
      'filed,auto-reply',
      'filed,bounce',
    ]);
  });

  it('of a known conversation is told to the owner of its lead, open or archived', async (context) => {
    const { bring, rows, store } = await createWorld(context, dialect);
    const vera = await addUser(store, { email: 'vera@leitwerk.local', role: 'sales-manager' });
    await bring(buildMail({ id: 'o1@kunde.example' }));
    const id = String((await rows('lead'))[0]?.['id']);
    await assignRecord(vera, modelOf(vera, 'lead'), { id, owner: vera.actor.id });
    const reply = async (subject: string, ...more: string[]): Promise<void> =>
      await bring(
        buildMail({ id: `${subject}@kunde.example`, subject, headers: ['In-Reply-To: <o1@kunde.example>', ...more] }),
      );
    await reply('offen');
    await reply('abwesend', 'Auto-Submitted: auto-replied');
    await archiveLead(vera, { id, reason: 'kein-bedarf' });
    await reply('archiviert');
    const { notices } = await readNotices(store.foundation.db, { tenantId: 'main', userId: vera.actor.id });
    expect(notices).toMatchObject([
      { entity: 'lead', recordId: id, text: { en: 'Reply from Anna Kunde: archiviert' } },
      { entity: 'lead', recordId: id, text: { de: 'Antwort von Anna Kunde: offen' } },
    ]);
  });

  it('naming a record in the subject writes into it only for who is known there and signed', async (context) => {
    const { office, rows, store } = await createWorld(context, dialect, { isFiling: false });
    const { number, deal } = await addCustomer(store.asSystem());
    const bring = async (raw: string, level: string): Promise<void> => {
      await deliver(office.port, { raw });
      await fileAs(store, { raw, level });
    };
    const subject = `Re: [${number}] Angebot`;
    await bring(buildMail({ id: 'n1@fremd.example', from: 'x@fremd.example', subject }), 'aligned');
    for (const level of ['none', 'unknown', 'unaligned', 'aligned'])
      await bring(buildMail({ id: `${level}@kunde.example`, subject }), level);
    const alone = await make(store.asSystem(), 'opportunity', { title: 'Ohne Person' });
    const lonely = { subject: `[${String(alone['number'])}]`, from: 'x@fremd.example' };
    await bring(buildMail({ ...lonely, id: 'n2@fremd.example' }), 'aligned');
    const messages = await rows('intake_message');
    const unsigned = ['triage', 'unsignedNumber'];
    expect(messages.map(({ state, mail }) => [state, json(mail)['reason']])).toEqual([
      ['triage', 'unverifiedNumber'],
      unsigned,
      unsigned,
      unsigned,
      ['filed', undefined],
      ['triage', 'unverifiedNumber'],
    ]);
    const { records } = await proposePlaces(store.asSystem(), String(messages[1]?.['id']));
    expect(records[0]).toMatchObject({ entity: 'opportunity', id: deal, reason: 'number' });
    const entries = (await rows('timeline_entry')).filter(({ kind }) => kind === 'mail');
    expect(entries).toMatchObject([{ opportunity: deal }]);
    expect(await rows('lead')).toEqual([]);
  });

  it('is read as a form by the labels that forms commonly have', async (context) => {
    const { bring, rows } = await createWorld(context, dialect);
    const texts = [
      'Full name: Eva Form\nEmail Address: Eva@form.example\nCompany: Form GmbH\nYour message: Bitte melden.',
      'Ihr Name: Udo Blatt\nIhre E-Mail: udo@blatt.example\nIhre Firma: Blatt AG\nIhre Nachricht: Bitte melden.',
    ];
    for (const [index, text] of texts.entries())
      await bring(buildMail({ id: `l${index}@form.example`, from: 'noreply@form.example', text }));
    const message = 'Bitte melden.';
    expect(await rows('lead')).toMatchObject([
      { firstName: 'Eva', lastName: 'Form', email: 'eva@form.example', company: 'Form GmbH', message },
      { firstName: 'Udo', lastName: 'Blatt', email: 'udo@blatt.example', company: 'Blatt AG', message },
    ]);
  });

  it('whose values do not fit loses those fields only, and shows them', async (context) => {
    const { bring, rows } = await createWorld(context, dialect);
    const text =
      'Name: Bud Get\nE-Mail: bud@get.example\nTelefon: 030 1234567\nFirma: Get GmbH\nBudget: 5000 bis 10000 Euro\nNachricht: Hallo';
    await bring(buildMail({ id: 'v1@wp.example', from: 'noreply@wp.example', text }));
    const name = 'Lang'.repeat(100);
    await bring(buildMail({ id: 'v2@wp.example', text: `Name: Uwe ${name}\nE-Mail: keine\nNachricht: Hallo` }));
    const [lead, second] = await rows('lead');
    expect(lead).toMatchObject({ firstName: 'Bud', lastName: 'Get', email: 'bud@get.example', company: 'Get GmbH' });
    expect(lead).toMatchObject({ phone: '+49 30 1234567', message: 'Hallo', budget: null });
    expect(json(lead?.['additional'])).toEqual({ budget: '5000 bis 10000 Euro' });
    expect(second).toMatchObject({ firstName: 'Uwe', lastName: null, email: null, message: 'Hallo' });
    expect(json(second?.['additional'])).toEqual({ name: `Uwe ${name}`, e_mail: 'keine' });
    const errors = (await rows('intake_message')).map((message) => json(message['errors']));
    expect(errors).toMatchObject([[{ path: '/budget' }], [{ path: '/lastName' }, { path: '/email' }]]);
  });

  it('that a user forwards is a lead of the first sender, with what both wrote; a form among them, too', async (context) => {
    const { bring, rows, store } = await createWorld(context, dialect);
    await addUser(store, { email: 'vera@leitwerk.local', role: 'sales-manager' });
    const from = 'Vera Vertrieb <vera@leitwerk.local>';
    const forwarded = (sender: string, said: string): string =>
      `Bitte aufnehmen.\n\nVon: ${sender}\nGesendet: Montag, 23. November 2026 09:00\nAn: vera\nBetreff: Halle\n\n${said}`;
    const mail = { from, subject: 'WG: Halle' };
    await bring(buildMail({ ...mail, id: 'v1', text: forwarded('Eva Erst <eva@erst.example>', 'Wir suchen.') }));
    const form = 'Name: Udo Blatt\nE-Mail: udo@blatt.example\nNachricht: Wir bauen.';
    await bring(buildMail({ ...mail, id: 'v2', text: forwarded('Formular <noreply@web.example>', form) }));
    const stranger = { ...mail, from: 'Anna Kunde <anna@kunde.example>' };
    await bring(buildMail({ ...stranger, id: 'v3', text: forwarded('Ivo Fern <ivo@fern.example>', 'Siehe unten.') }));
    const leads = await rows('lead');
    const message = 'Bitte aufnehmen.\n\nWir suchen.';
    expect(leads).toMatchObject([
      { email: 'eva@erst.example', firstName: 'Eva', lastName: 'Erst', title: 'Halle', message },
      { email: 'udo@blatt.example', firstName: 'Udo', lastName: 'Blatt', message: 'Wir bauen.' },
      { email: 'anna@kunde.example', lastName: 'Kunde', title: 'WG: Halle' },
    ]);
    expect(json(leads[1]?.['additional'])).toMatchObject({ note: 'Bitte aufnehmen.' });
  });

  it('of a sender whose address does not fit becomes a lead all the same', async (context) => {
    const { bring, rows } = await createWorld(context, dialect);
    await bring(buildMail({ id: 'a1@odd.example', from: 'Otto Odd <otto..odd@odd.example>', text: 'Bitte anrufen.' }));
    expect(await rows('lead')).toMatchObject([{ firstName: 'Otto', email: null, message: 'Bitte anrufen.' }]);
  });
});

describe.each(dialects)('an address for filing on %s', (dialect) => {
  it('B33: files a blind copy on customer, person, user and the record that the subject names', async (context) => {
    const { bring, rows, store } = await createWorld(context, dialect);
    const sales = await addUser(store, { email: 'vera@leitwerk.local', role: 'sales-manager' });
    const { organization, person, deal, number } = await addCustomer(store.asSystem());
    const to = [await localOf(sales)];
    const mail = { from: 'Vera <vera@leitwerk.local>', to: 'anna@kunde.example' };
    await bring(buildMail({ ...mail, id: 'b1@leitwerk.local', subject: `[${number}] Angebot`, text: 'Anbei.' }), to);
    await bring(buildMail({ ...mail, id: 'b2@leitwerk.local', subject: 'Gruß' }), to);
    const entries = (await rows('timeline_entry')).filter(({ kind }) => kind === 'mail');
    expect(entries).toMatchObject([
      { opportunity: deal, organization, person, actor: `user/${sales.actor.id}`, text: 'Anbei.' },
      { opportunity: null, organization, person, actor: `user/${sales.actor.id}` },
    ]);
    expect(json(entries[0]?.['facts'])).toMatchObject({
      direction: 'out',
      subject: `[${number}] Angebot`,
      user: sales.actor.id,
    });
    expect(await rows('lead')).toEqual([]);
  });

  it('takes what others wrote for incoming, also to addresses of the company; ours are no outsiders', async (context) => {
    const { bring, rows, store } = await createWorld(context, dialect);
    const sales = await addUser(store, { email: 'vera@leitwerk.local', role: 'sales-manager' });
    const { person, organization } = await addCustomer(store.asSystem());
    const address = await localOf(sales);
    for (const to of ['info@leitwerk.example', 'leads@leitwerk.local', 'leads+facebook@leitwerk.local'])
      await bring(buildMail({ id: `${to}.in`, to }), [address]);
    await bring(buildMail({ id: 'o', from: 'vera@leitwerk.local', to: 'leads@leitwerk.local, anna@kunde.example' }), [
      address,
    ]);
    const entries = (await rows('timeline_entry')).filter(({ kind }) => kind === 'mail');
    expect(entries).toMatchObject(Array.from({ length: 4 }, () => ({ person, organization })));
    const facts = entries.map((entry) => json(entry['facts']));
    expect(facts.map(({ direction, unknown }) => [direction, unknown])).toEqual([
      ['in', []],
      ['in', []],
      ['in', []],
      ['out', []],
    ]);
    expect(await rows('lead')).toEqual([]);
    const text =
      'Siehe unten.\n\nVon: Ivo Fern <ivo@fern.example>\nGesendet: 23. November 2026 09:00\nAn: anna\n\nHallo';
    await bring(buildMail({ id: 'f', subject: 'WG: Hallo', to: 'vera@leitwerk.local', text }), [address]);
    const forwarded = (await rows('timeline_entry')).filter(({ kind }) => kind === 'mail').at(-1);
    expect(forwarded).toMatchObject({ person, text: 'Siehe unten.' });
  });

  it('files once on each known person and on each record that the subject names; unknown numbers are said', async (context) => {
    const { bring, rows, store } = await createWorld(context, dialect);
    const sales = await addUser(store, { email: 'vera@leitwerk.local', role: 'sales-manager' });
    const { organization, person, deal, number } = await addCustomer(store.asSystem());
    const system = store.asSystem();
    const colleague = await make(system, 'person', { lastName: 'Zwei', email: 'zwei@kunde.example', organization });
    const firm = String((await make(system, 'organization', { name: 'Bau AG' }))['id']);
    const builder = await make(system, 'person', { lastName: 'Bau', email: 'bob@bau.example', organization: firm });
    const second = await make(system, 'opportunity', { title: 'Anbau', organization, person });
    const to = 'anna@kunde.example, zwei@kunde.example, otto@neu.example, bob@bau.example, zwei@kunde.example';
    const mail = { from: 'vera@leitwerk.local', to };
    const address = await localOf(sales);
    await bring(buildMail({ ...mail, id: 'k1', subject: 'Termin' }), [address]);
    const named = {
      to: 'anna@kunde.example',
      subject: `[OPP-999999] [${number}] [${String(second['number'])}] [ABC-1]`,
    };
    for (let time = 0; time < 2; time += 1) await bring(buildMail({ ...mail, ...named, id: 'k2' }), [address]);
    const links = (await rows('timeline_entry'))
      .filter(({ kind }) => kind === 'mail')
      .map((entry) => [entry['opportunity'], entry['organization'], entry['person']]);
    const expected = [
      [null, organization, person],
      [null, null, colleague['id']],
      [null, firm, builder['id']],
      [deal, organization, person],
      [second['id'], null, null],
    ];
    expect(links.map(String).toSorted()).toEqual(expected.map(String).toSorted());
    const [one, two] = await rows('intake_message');
    expect(json(one?.['mail'])).toMatchObject({ unknown: ['otto@neu.example'], further: [{}, { organization: firm }] });
    expect((await proposePlaces(sales, String(one?.['id']))).person).toMatchObject({ email: 'otto@neu.example' });
    expect(json(two?.['errors'])).toMatchObject([
      { code: 'unknownNumber', message: expect.stringContaining('OPP-999999') as string },
    ]);
  });

  it('X6: takes a number behind a plus, and the conversation of an earlier mail', async (context) => {
    const { bring, rows, store } = await createWorld(context, dialect);
    const sales = await addUser(store, { email: 'vera@leitwerk.local', role: 'sales-manager' });
    const { deal, number } = await addCustomer(store.asSystem());
    const address = await localOf(sales);
    const mail = { from: 'vera@leitwerk.local', to: 'jemand@anders.example' };
    await bring(buildMail({ ...mail, id: 'x1@leitwerk.local' }), [address.replace('@', `+${number.toLowerCase()}@`)]);
    await bring(buildMail({ ...mail, id: 'x2@leitwerk.local', headers: ['References: <x1@leitwerk.local>'] }), [
      address,
    ]);
    const entries = (await rows('timeline_entry')).filter(({ kind }) => kind === 'mail');
    expect(entries).toMatchObject([{ opportunity: deal }, { opportunity: deal }]);
  });

  it('unwraps a forwarded mail to its first sender', async (context) => {
    const { bring, rows, store } = await createWorld(context, dialect);
    const sales = await addUser(store, { email: 'vera@leitwerk.local', role: 'sales-manager' });
    const { person, organization } = await addCustomer(store.asSystem());
    const address = await localOf(sales);
    const text =
      '---------- Forwarded message ---------\nFrom: Anna Kunde <anna@kunde.example>\nDate: Mon, 23 Nov 2026 at 09:00\nSubject: Frage\nTo: <vera@leitwerk.local>\n\nWann liefern Sie?';
    await bring(
      buildMail({ id: 'w1@leitwerk.local', from: 'vera@leitwerk.local', to: address, subject: 'Fwd: Frage', text }),
      [address],
    );
    const [entry] = (await rows('timeline_entry')).filter(({ kind }) => kind === 'mail');
    expect(entry).toMatchObject({ person, organization });
    expect(json(entry?.['facts'])).toMatchObject({ direction: 'in', from: { address: 'anna@kunde.example' } });
    expect(entry?.['text']).toContain('Wann liefern Sie?');
  });

  it('proposes unknown people instead of making them, and does what a person then decides', async (context) => {
    const { bring, rows, store } = await createWorld(context, dialect);
    const sales = await addUser(store, { email: 'vera@leitwerk.local', role: 'sales-manager' });
    const address = await localOf(sales);
    const mail = { from: 'vera@leitwerk.local', to: 'Otto Neu <otto@neu.example>' };
    for (const id of ['p1', 'p2', 'p3', 'p4'])
      await bring(buildMail({ ...mail, id: `${id}@leitwerk.local`, subject: id }), [address]);
    expect(await rows('person')).toEqual([]);
    const messages = await rows('intake_message');
    expect(messages.map(({ state }) => state)).toEqual(Array(4).fill('triage'));
    const [one, two, three, four] = messages.map(({ id }) => String(id));
    if (one === undefined || two === undefined || three === undefined || four === undefined) throw new Error('mails');
    const { person } = await proposePlaces(sales, one);
    expect(person).toMatchObject({ email: 'otto@neu.example', lastName: 'Neu' });
    await createPersonOfMail(sales, { id: one, fields: person ?? {}, force: false });
    const { records } = await proposePlaces(sales, two);
    expect(records).toMatchObject([
      { entity: 'person', title: expect.stringContaining('Neu') as string, reason: 'address' },
    ]);
    await fileMailOn(sales, { id: two, entity: 'person', record: records[0]?.id ?? '' });
    await makeLeadOfMail(sales, { id: three });
    await dismissMail(sales, { id: four });
    expect((await rows('intake_message')).map(({ state }) => state)).toEqual([
      'filed',
      'filed',
      'accepted',
      'dismissed',
    ]);
    const entries = (await rows('timeline_entry')).filter(({ kind }) => kind === 'mail');
    expect(entries).toMatchObject([{ person: records[0]?.id }, { person: records[0]?.id }]);
    expect(await rows('lead')).toMatchObject([{ title: 'p3' }]);
  });

  it('makes a lead of the outsider, not of the user who sent or forwarded it', async (context) => {
    const { bring, rows, store } = await createWorld(context, dialect);
    const sales = await addUser(store, { email: 'vera@leitwerk.local', role: 'sales-manager' });
    const address = await localOf(sales);
    const from = 'Vera Vertrieb <vera@leitwerk.local>';
    const greeting = '\n\nViele Grüße\nVera Vertrieb\nTel. 0421 999999';
    await bring(
      buildMail({ id: 'm1', from, to: 'Otto Neu <otto@neu.example>', subject: 'Angebot', text: `Anbei.${greeting}` }),
      [address],
    );
    const head = [
      'Von: Eva Erst <eva@erst.example>',
      'Gesendet: Montag, 23. November 2026 09:00',
      'An: vera',
      'Betreff: Halle',
    ];
    const said = 'Wir suchen eine Halle.\n\nMit freundlichen Grüßen\nEva Erst\nFon 0421-12 34 56-0';
    const text = `Bitte aufnehmen.${greeting}\n\n${head.join('\n')}\n\n${said}`;
    await bring(buildMail({ id: 'm2', from, to: address, subject: 'WG: Halle', text }), [address]);
    const [one, two] = (await rows('intake_message')).map(({ id }) => String(id));
    expect((await proposePlaces(sales, one ?? '')).person).toEqual({
      email: 'otto@neu.example',
      firstName: 'Otto',
      lastName: 'Neu',
    });
    expect((await proposePlaces(sales, two ?? '')).person).toMatchObject({
      lastName: 'Erst',
      phone: '0421-12 34 56-0',
    });
    for (const id of [one, two]) await makeLeadOfMail(sales, { id: id ?? '' });
    const leads = await rows('lead');
    expect(leads).toMatchObject([
      { email: 'otto@neu.example', firstName: 'Otto', lastName: 'Neu', phone: null, title: 'Angebot' },
      {
        email: 'eva@erst.example',
        firstName: 'Eva',
        lastName: 'Erst',
        phone: '+49 421 1234560',
        title: 'Halle',
      },
    ]);
    expect(leads[0]?.['message']).toContain('Anbei.');
    expect(leads[1]?.['message']).toMatch(/^Bitte aufnehmen\.[^]*Wir suchen eine Halle\./);
  });

  it('files nothing on what its user may not see', async (context) => {
    const { bring, rows, store } = await createWorld(context, dialect);
    const sales = await addUser(store, { email: 'paul@leitwerk.local', role: 'sales' });
    const other = await addUser(store, { email: 'vera@leitwerk.local', role: 'sales-manager' });
    const deal = await make(other, 'opportunity', { title: 'Geheim', owner: other.actor.id });
    const to = [await localOf(sales)];
    await bring(
      buildMail({
        id: 's1@x.example',
        from: 'paul@leitwerk.local',
        to: 'x@y.example',
        subject: `[${String(deal['number'])}]`,
      }),
      to,
    );
    expect((await rows('timeline_entry')).filter(({ kind }) => kind === 'mail')).toEqual([]);
    expect((await rows('intake_message'))[0]?.['state']).toBe('triage');
  });

  it('of somebody who may only read leaves the mail to those who may file it', async (context) => {
    const { bring, rows, store } = await createWorld(context, dialect);
    const viewer = await addUser(store, { email: 'lisa@leitwerk.local', role: 'viewer' });
    const manager = await addUser(store, { email: 'vera@leitwerk.local', role: 'sales-manager' });
    const { deal, number } = await addCustomer(store.asSystem());
    const raw = { id: 'v1@leitwerk.local', from: 'lisa@leitwerk.local', to: 'anna@kunde.example' };
    await bring(buildMail({ ...raw, subject: `[${number}] Angebot`, text: 'Anbei.' }), [await localOf(viewer)]);
    const [message] = await rows('intake_message');
    expect(message).toMatchObject({ state: 'triage', errors: null, attempts: 1 });
    expect(json(message?.['mail'])['reason']).toBe('mayNotFile');
    expect(json(message?.['mailBody'])['text']).toContain('Anbei.');
    const id = String(message?.['id']);
    const { records } = await proposePlaces(manager, id);
    expect(records[0]).toMatchObject({ entity: 'opportunity', id: deal, reason: 'number' });
    await fileMailOn(manager, { id, entity: 'opportunity', record: deal });
    expect((await rows('timeline_entry')).find(({ kind }) => kind === 'mail')).toMatchObject({ opportunity: deal });
  });

  it('S48: is long and random, void once renewed or taken back, and goes with its user', async (context) => {
    const { office, store } = await createWorld(context, dialect);
    const sales = await addUser(store, { email: 'vera@leitwerk.local', role: 'sales-manager' });
    const first = await localOf(sales);
    const second = await localOf(sales);
    expect(first.split('@')[0]).toMatch(/^[a-z2-9]{26}$/);
    const raw = buildMail({ id: 'r@leitwerk.local' });
    expect(await deliver(office.port, { raw, to: [second] })).toMatch(/^250/);
    await expect(deliver(office.port, { raw, to: [first] })).resolves.toMatch(/^503/);
    await revokeMailAddress(sales);
    await expect(deliver(office.port, { raw, to: [second] })).resolves.toMatch(/^503/);
  });
});

describe.each(dialects)('mail about what was merged on %s', (dialect) => {
  const merge = async (ctx: Context, entity: string, [id, other]: readonly [string, string]): Promise<void> =>
    void (await mergeRecords(ctx, modelOf(ctx, entity), { id, other }));
  const mailEntries = async ({ rows }: World): Promise<Row[]> =>
    (await rows('timeline_entry')).filter(({ kind }) => kind === 'mail');

  it('is filed on the lead that stays, and on the other one again once they are split', async (context) => {
    const world = await createWorld(context, dialect);
    const { bring, rows } = world;
    const ctx = world.store.asSystem();
    await bring(buildMail({ id: 'a2@kunde.example', from: 'anna@kunde.example' }));
    await bring(buildMail({ id: 'a3@anders.example', from: 'berta@anders.example' }));
    const [winner = '', loser = ''] = (await rows('lead')).map(({ id }) => String(id));
    await merge(ctx, 'lead', [winner, loser]);
    const reply = async (id: string): Promise<void> =>
      await bring(buildMail({ id, from: 'berta@anders.example', headers: ['In-Reply-To: <a3@anders.example>'] }));
    await reply('a4@anders.example');
    await bring(`Received: again\r\n${buildMail({ id: 'a3@anders.example', from: 'berta@anders.example' })}`);
    expect((await rows('intake_message')).at(-1)).toMatchObject({ state: 'duplicate', lead: winner });
    await splitRecords(ctx, modelOf(ctx, 'lead'), { id: winner });
    await reply('a5@anders.example');
    expect((await mailEntries(world)).map(({ lead }) => lead)).toEqual([winner, loser]);
    expect(await rows('lead')).toHaveLength(2);
  });

  it('finds the person and the company that stay, by conversation and by address', async (context) => {
    const world = await createWorld(context, dialect);
    const { bring, rows, store } = world;
    const ctx = store.asSystem();
    const vera = await addUser(store, { email: 'vera@leitwerk.local', role: 'sales-manager' });
    const { organization, person } = await addCustomer(ctx);
    const gone = String((await make(ctx, 'person', { lastName: 'Kunde', email: 'a.kunde@alt.example' }))['id']);
    const company = String((await make(ctx, 'organization', { name: 'Alt', domain: 'alt.example' }))['id']);
    const to = [await localOf(vera)];
    const blind = async (id: string, other: string): Promise<void> =>
      await bring(buildMail({ id: `${id}@leitwerk.local`, from: 'vera@leitwerk.local', to: other }), to);
    await blind('m1', 'a.kunde@alt.example');
    await merge(ctx, 'person', [person, gone]);
    await merge(ctx, 'organization', [organization, company]);
    await bring(
      buildMail({ id: 'm2@alt.example', from: 'x@y.example', headers: ['In-Reply-To: <m1@leitwerk.local>'] }),
    );
    await blind('m3', 'A.Kunde@alt.example');
    await blind('m4', 'empfang@alt.example');
    const entries = await mailEntries(world);
    expect(entries.map((entry) => [entry['person'], entry['organization']])).toEqual([
      [person, organization],
      [person, organization],
      [person, organization],
      [null, organization],
    ]);
    expect(json(entries[2]?.['facts'])['unknown']).toEqual([]);
    expect(await rows('lead')).toEqual([]);
    await splitRecords(ctx, modelOf(ctx, 'person'), { id: person });
    await blind('m5', 'a.kunde@alt.example');
    expect((await mailEntries(world)).at(-1)).toMatchObject({ person: gone });
  });
});

describe.each(dialects)('a mail that a server splits by recipient on %s', (dialect) => {
  const copies = async (
    context: TestContext,
    isKnown: boolean,
  ): Promise<World & { readonly mine: string; readonly yours: string; readonly raw: string }> => {
    const world = await createWorld(context, dialect);
    const { store } = world;
    const vera = await addUser(store, { email: 'vera@leitwerk.local', role: 'sales-manager' });
    const paul = await addUser(store, { email: 'paul@leitwerk.local', role: 'sales-manager' });
    if (isKnown) await addCustomer(store.asSystem());
    const [mine, yours] = [await localOf(vera), await localOf(paul)];
    const raw = buildMail({ id: 'split@kunde.example', subject: 'Lager', headers: [`Cc: ${mine}, ${yours}`] });
    return { ...world, mine, yours, raw };
  };
  const entriesOf = async ({ rows }: World): Promise<Row[]> =>
    (await rows('timeline_entry')).filter(({ kind }) => kind === 'mail');

  it.for([
    ['first', true],
    ['last', true],
    ['first', false],
    ['last', false],
  ] as const)(
    'is a lead and filed, the user’s copy being the %s (person known: %s)',
    async ([order, isKnown], context) => {
      const world = await copies(context, isKnown);
      const { bring, rows, mine, raw } = world;
      const sessions = [[mine], ['leads@leitwerk.local']];
      for (const to of order === 'first' ? sessions : sessions.toReversed()) await bring(raw, to);
      for (const to of sessions) await bring(`Received: again\r\n${raw}`, to);
      const [lead, ...more] = await rows('lead');
      expect(more).toEqual([]);
      expect(lead).toMatchObject({ title: 'Lager' });
      expect(await entriesOf(world)).toHaveLength(1);
      const states = (await rows('intake_message')).map(({ state }) => String(state)).toSorted();
      expect(states).toEqual(['accepted', 'duplicate', 'duplicate', 'filed']);
    },
  );

  it('is filed for every user that it went to as a blind copy', async (context) => {
    const world = await copies(context, true);
    const { bring, mine, yours } = world;
    const raw = buildMail({ id: 'blind@leitwerk.local', from: 'vera@leitwerk.local', to: 'anna@kunde.example' });
    for (const to of [mine, yours, mine]) await bring(raw, [to]);
    const actors = (await entriesOf(world)).map(({ actor }) => actor);
    expect(new Set(actors).size).toBe(2);
    expect(actors).toHaveLength(2);
  });

  it('is one lead and filed for both when all of it comes at once', async (context) => {
    const world = await copies(context, false);
    const { office, rows, mine, yours, raw } = world;
    await Promise.all(
      [mine, 'leads@leitwerk.local', yours].map(async (to) => {
        expect(await deliver(office.port, { raw, to: [to] })).toMatch(/^250/);
      }),
    );
    await office.settled();
    expect(await rows('lead')).toHaveLength(1);
    expect(await entriesOf(world)).toHaveLength(2);
  });
});

describe('a mail that cannot be read', () => {
  /** Fails as one whose reading took down its thread. */
  const poisoned = (): MailParser => {
    const real = createMailParser({ deadlineMs: 20_000, memoryMb: 192 });
    return {
      parse: async (raw) => {
        if (Buffer.from(raw).includes('POISON')) throw new MailParseError('died');
        return await real.parse(raw);
      },
      close: real.close,
    };
  };

  it('R23: is put aside after 3 tries, holds nobody up, and can be tried again', async (context) => {
    const { office, rows, store } = await createWorld(context, 'sqlite', { parser: poisoned() });
    await deliver(office.port, { raw: buildMail({ id: 'q0@kunde.example', text: 'POISON' }) });
    for (const id of ['q1', 'q2', 'q3']) await deliver(office.port, { raw: buildMail({ id: `${id}@kunde.example` }) });
    await office.settled();
    const messages = await rows('intake_message');
    expect(messages.map(({ state }) => state)).toEqual(['quarantined', 'accepted', 'accepted', 'accepted']);
    expect(messages[0]).toMatchObject({ attempts: 3 });
    expect(String(messages[0]?.['errors'])).toContain('abgestürzt');
    await retryMail(store.asSystem(), { id: String(messages[0]?.['id']) });
    await office.settled();
    expect((await rows('intake_message'))[0]).toMatchObject({ state: 'quarantined' });
  });
});
