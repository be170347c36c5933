import { generateKeyPairSync } from 'node:crypto';
import { dkimSign } from 'mailauth';
import { describe, expect, it } from 'vitest';
import { checkMailTrust, type DnsResolver, type MailTrust } from '../../connectors/mail/index.ts';

const keys = generateKeyPairSync('rsa', { modulusLength: 2_048 });
const publicKey = keys.publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
const privateKey = keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

const session = { remoteAddress: '192.0.2.1', helo: 'mx.example.com', mailFrom: 'anna@example.com' };

/** A name system that knows these TXT records only. */
const dns =
  (records: Record<string, string>): DnsResolver =>
  async (name, type) => {
    const record = type === 'TXT' ? records[name] : undefined;
    if (record === undefined)
      return await Promise.reject(Object.assign(new Error('queryTxt ENOTFOUND'), { code: 'ENOTFOUND' }));
    return [[record]];
  };

const mail =
  'From: Anna <anna@example.com>\r\nTo: leads@firma.example\r\nSubject: Anfrage\r\nDate: Mon, 23 Nov 2026 10:12:00 +0100\r\nMessage-ID: <a@example.com>\r\n\r\nText\r\n';

const signedBy = async (domain: string): Promise<Buffer> => {
  const signature = { signingDomain: domain, selector: 's', privateKey };
  // Its types ask for what its code reads from `signatureData`.
  const { signatures } = await dkimSign(Buffer.from(mail), { ...signature, signatureData: [signature] });
  return Buffer.from(signatures + mail);
};

const key = (domain: string): Record<string, string> => ({
  [`s._domainkey.${domain}`]: `v=DKIM1; k=rsa; p=${publicKey}`,
});

describe('trust in the sender (S47)', () => {
  it('is given by a signature of the sender’s own domain', async () => {
    const trust = await checkMailTrust(await signedBy('example.com'), session, dns(key('example.com')));
    expect(trust).toMatchObject({
      level: 'aligned',
      dkim: 'pass',
      reason: { de: 'Von „example.com“ selbst unterschrieben.' },
    });
  });

  it('is not given by somebody else’s signature', async () => {
    const trust = await checkMailTrust(await signedBy('mailer.example'), session, dns(key('mailer.example')));
    expect(trust).toMatchObject({ level: 'unaligned', dkim: 'pass' });
  });

  it('is not given by SPF alone, which says nothing about the sender that is shown', async () => {
    const trust = await checkMailTrust(Buffer.from(mail), session, dns({ 'example.com': 'v=spf1 ip4:192.0.2.1 -all' }));
    expect(trust).toMatchObject({ level: 'none', spf: 'pass', dkim: 'none' });
  });

  it('is not denied to a mail from a mailbox for want of SPF, only for a signature that does not hold', async () => {
    const found = { remoteAddress: '', helo: '', mailFrom: '' };
    const strict = { ...key('example.com'), '_dmarc.example.com': 'v=DMARC1; p=reject' };
    const levelOf = async (raw: Uint8Array, of: typeof session): Promise<string> =>
      (await checkMailTrust(raw, of, dns(strict))).level;
    const signed = await signedBy('example.com');
    expect(await levelOf(Buffer.from(mail), session)).toBe('failed');
    expect(await levelOf(Buffer.from(mail), found)).toBe('none');
    expect(await levelOf(signed, found)).toBe('aligned');
    expect(await levelOf(Buffer.from(signed.toString().replace('\r\n\r\nText', '\r\n\r\nTexT')), found)).toBe('failed');
  });

  it('is lost with the first changed byte', async () => {
    const signed = await signedBy('example.com');
    const changed = Buffer.from(signed.toString().replace('\r\n\r\nText', '\r\n\r\nTexT'));
    const trust = await checkMailTrust(changed, session, dns(key('example.com')));
    expect(trust.level).toBe('failed');
  });

  it('is lost where the domain asks to refuse what it did not sign', async () => {
    const records = { '_dmarc.example.com': 'v=DMARC1; p=reject' };
    const trust = await checkMailTrust(Buffer.from(mail), session, dns(records));
    expect(trust).toMatchObject({ level: 'failed', dmarc: 'fail' });
  });

  it.each([['ESERVFAIL'], ['ETIMEOUT'], ['ECONNREFUSED']])(
    'is unknown while the name system is down (R45, %s)',
    async (code) => {
      const down: DnsResolver = async () => await Promise.reject(Object.assign(new Error(code), { code }));
      for (const raw of [Buffer.from(mail), await signedBy('example.com')])
        expect(await checkMailTrust(raw, session, down)).toMatchObject({ level: 'unknown' });
    },
  );

  it.each([
    ['nothing', ''],
    ['no sender', 'Subject: x\r\n\r\ny'],
    ['bytes', '\u0000\u0001\u0002'],
    ['a broken signature', `DKIM-Signature: v=1; a=rsa-sha256; d=; s=\r\n${mail}`],
  ])('is never an error: %s', async (_, raw) => {
    const trust = await checkMailTrust(Buffer.from(raw), { remoteAddress: '', helo: '', mailFrom: '' }, dns({}));
    const unproven: MailTrust['level'][] = ['none', 'failed', 'unknown'];
    expect(unproven).toContain(trust.level);
  });
});
