import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';
import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { performEffect, type Outside } from '../../activities/perform-effect.ts';
import { rotateWebhookSecret } from '../../commands/webhookSecret.ts';
import { createEgress } from '../../connectors/egress.ts';
import { createMailer, type Mailer } from '../../connectors/mail-out/index.ts';
import type { ActionConfig, Recipient } from '../../core/pipeline/config.ts';
import type { ProcessKey } from '../../store/processes.ts';
import { createSecretBox } from '../../store/secrets.ts';
import { createProcessWorld, type ProcessWorld } from '../workflow/world.ts';

interface Mail {
  readonly to: string;
  readonly text: string;
}

let world: ProcessWorld;
let smtp: SMTPServer;
let mailer: Mailer;
let mails: Mail[];
/** SMTP status with which the next recipient of this address is refused. */
let refusals: Map<string, number>;

const refuse = (address: string): Error | undefined => {
  const code = refusals.get(address);
  refusals.delete(address);
  return code === undefined ? undefined : Object.assign(new Error('no'), { responseCode: code });
};

beforeEach(async () => {
  world = await createProcessWorld();
  mails = [];
  refusals = new Map();
  smtp = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    logger: false,
    onRcptTo: ({ address }, _session, done) => done(refuse(address)),
    onData: (stream, session, done) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        mails.push({
          to: session.envelope.rcptTo.map(({ address }) => address).join(),
          text: Buffer.concat(chunks).toString(),
        });
        done();
      });
    },
  });
  await new Promise<void>((resolve) => void smtp.listen(0, '127.0.0.1', resolve));
  mailer = createMailer(`smtp://127.0.0.1:${(smtp.server.address() as AddressInfo).port}`);
});
afterEach(async () => {
  mailer.close();
  await new Promise<void>((resolve) => void smtp.close(resolve));
  await world.close();
});

const outside = (more: Partial<Outside> = {}): Outside => ({
  ...world,
  egress: createEgress({ mayCallPrivateAddresses: true, timeoutMs: 1_000 }),
  mailer,
  mailFrom: 'crm@example.org',
  secrets: createSecretBox(Buffer.alloc(32, 1)),
  publicUrl: 'https://crm.example.org',
  ...more,
});

/** A lead whose first stage has done this one action up to the point of sending. */
const recorded = async (action: ActionConfig): Promise<{ key: ProcessKey; id: string }> => {
  const text = { de: 'Eins', en: 'One' };
  await world.publish({
    key: 'a-test',
    entity: 'lead',
    label: text,
    stages: [{ key: 'eins', label: text, enter: [action] }],
  });
  const key = await world.addLead({
    owner: world.users[0].id,
    title: 'Dach\r\nBcc: alle@example.org',
    firstName: '<b>Eva</b>',
  });
  const { effects } = await world.step(key);
  return { key, id: effects[0]?.id ?? '' };
};
const perform = async (id: string, more: Partial<Outside> = {}): Promise<void> =>
  await performEffect(outside(more), { tenantId: 'main', id });
const stateOf = async (id: string): Promise<unknown> =>
  (await world.rows('SELECT `state` FROM `effect` WHERE `id` = ?', [id]))[0]?.['state'];
const headerOf = (mail: Mail | undefined, name: string): string | undefined =>
  new RegExp(`^${name}: (.*)$`, 'im').exec(mail?.text.split('\r\n\r\n')[0] ?? '')?.[1]?.trim();

describe('a mail', () => {
  const toBoth: ActionConfig = { sendMail: { template: 'eingangsbestaetigung', to: ['owner', 'field:email'] } };

  it('goes to each recipient alone, with the id of the effect, and is noted', async () => {
    const { key, id } = await recorded(toBoth);
    await perform(id);
    expect(mails.map((mail) => mail.to)).toEqual(['anna@example.org', 'kunde@example.org']);
    expect(mails.map((mail) => headerOf(mail, 'message-id'))).toEqual([
      `<${id}.0@example.org>`,
      `<${id}.1@example.org>`,
    ]);
    expect(headerOf(mails[0], 'from')).toContain('crm@example.org');
    expect(await stateOf(id)).toBe('done');
    const kinds = await world.rows("SELECT `facts` FROM `timeline_entry` WHERE `lead` = ? AND `kind` = 'mail-sent'", [
      key.recordId,
    ]);
    expect(kinds).toHaveLength(1);
  });

  it('goes to an international domain, once whatever its spellings', async () => {
    const to: Recipient[] = ['mail:info@müller.example', 'mail:info@xn--mller-kva.example'];
    await perform((await recorded({ sendMail: { template: 'eingangsbestaetigung', to } })).id);
    expect(mails.map((mail) => headerOf(mail, 'to'))).toEqual(['info@xn--mller-kva.example']);
  });

  it('is not sent again when it is done', async () => {
    const { id } = await recorded(toBoth);
    await perform(id);
    await perform(id);
    expect(mails).toHaveLength(2);
  });

  it('goes only to those who have not had it when tried again', async () => {
    const { id } = await recorded(toBoth);
    refusals.set('kunde@example.org', 451);
    await expect(perform(id)).rejects.toMatchObject({ code: 'RemoteUnavailable' });
    expect(await stateOf(id)).toBe('pending');
    await perform(id);
    expect(mails.map((mail) => mail.to)).toEqual(['anna@example.org', 'kunde@example.org']);
  });

  it('refused for good is not tried again', async () => {
    const { id } = await recorded({ sendMail: { template: 'eingangsbestaetigung', to: ['field:email'] } });
    refusals.set('kunde@example.org', 550);
    await expect(perform(id)).rejects.toMatchObject({ code: 'RemoteRejected', isRetryable: false });
  });

  it('S13: takes no headers and no recipients from what a customer wrote', async () => {
    const { id } = await recorded({ sendMail: { template: 'sla-warnung', to: ['owner'] } });
    await perform(id);
    expect(mails.map((mail) => mail.to)).toEqual(['anna@example.org']);
    expect(headerOf(mails[0], 'bcc')).toBeUndefined();
  });

  it('without a mail server names the setting', async () => {
    const { id } = await recorded(toBoth);
    await expect(perform(id, { mailer: undefined })).rejects.toMatchObject({
      code: 'Misconfigured',
      text: { de: expect.stringContaining('MAIL_URL') },
    });
  });

  it('to nobody is done', async () => {
    const { id } = await recorded({ sendMail: { template: 'eingangsbestaetigung', to: ['team'] } });
    await perform(id, { mailer: undefined });
    expect(await stateOf(id)).toBe('done');
  });

  it('cannot be sent while nobody listens, and says that trying again may help', async () => {
    const { id } = await recorded({ sendMail: { template: 'eingangsbestaetigung', to: ['owner'] } });
    const nobody = createMailer('smtp://127.0.0.1:1');
    await expect(perform(id, { mailer: nobody })).rejects.toMatchObject({
      code: 'RemoteUnavailable',
      isRetryable: true,
    });
    nobody.close();
  });
});

describe('a webhook', () => {
  let server: Server;
  let calls: string[];
  let received: { headers: Record<string, string>; body: string }[];
  let status: number;
  beforeEach(async () => {
    calls = [];
    received = [];
    status = 204;
    server = createServer((request, response) => {
      calls.push(String(request.headers['webhook-id']));
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const headers = request.headers as Record<string, string>;
        received.push({ headers, body: Buffer.concat(chunks).toString() });
        response.writeHead(status).end();
      });
    });
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });
  const hook = (): ActionConfig => ({
    callWebhook: { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, event: 'lead.new' },
  });

  it('is called once, with the same id at every attempt', async () => {
    const { id } = await recorded(hook());
    status = 500;
    await expect(perform(id)).rejects.toMatchObject({ code: 'RemoteUnavailable' });
    status = 200;
    await perform(id);
    await perform(id);
    expect(calls).toEqual([`msg_${id}`, `msg_${id}`]);
    expect(await stateOf(id)).toBe('done');
  });

  it('is signed with the secret that an admin was shown, and for a day with the former one', async () => {
    world.time = undefined;
    const box = outside().secrets;
    const send = async (): Promise<(secret: string) => unknown> => {
      await perform((await recorded(hook())).id);
      const { headers, body } = received.at(-1) ?? { headers: {}, body: '' };
      return (secret) => new Webhook(secret).verify(body, headers);
    };
    const first = (await rotateWebhookSecret(world.person(), box)).secret;
    expect((await send())(first)).toMatchObject({ type: 'lead.new', data: { entity: 'lead', stage: 'eins' } });
    const second = await rotateWebhookSecret(world.person(), box);
    expect(second.previousUntil).not.toBeNull();
    const soon = await send();
    expect(soon(first)).toEqual(soon(second.secret));
    // The library of the receiver goes by the real clock: a day later is told by the moment of the change.
    await world.db.write((tx) => tx.run("UPDATE `secret` SET `createdAt` = '2020-01-01T00:00:00.000Z'"));
    const later = await send();
    expect(later(second.secret)).toBeDefined();
    expect(() => later(first)).toThrow(/signature/);
  });

  it('to a private address is refused unless the setting allows it', async () => {
    const { id } = await recorded(hook());
    await expect(perform(id, { egress: createEgress({ mayCallPrivateAddresses: false }) })).rejects.toMatchObject({
      code: 'RemoteRejected',
    });
    expect(calls).toEqual([]);
  });
});
