import { createHmac } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { describe, expect, it } from 'vitest';
import type { Egress, EgressAnswer, EgressCall } from '../../connectors/egress.ts';
import type { Access, Preset } from '../../connectors/port.ts';
import * as presets from '../../connectors/presets.ts';
import { connectionIssues } from '../../core/connections.ts';
import { LeitwerkError } from '../../core/errors.ts';
import { example } from '../support/example-preset/index.ts';
import { openGoogle } from '../support/google.ts';
import { delivery } from '../support/meta.ts';

type Values = Readonly<Record<string, unknown>>;

/** What the suite has to know of a preset to try it: a new one is taught here. */
interface Sample {
  readonly settings: Values;
  readonly credentials: Values;
  readonly sign?: (raw: string) => IncomingHttpHeaders;
  /** A delivery that tells of two things. */
  readonly delivery?: string;
}

const hmac = (secret: string, raw: string): string => createHmac('sha256', secret).update(raw).digest('hex');
const google = await openGoogle();
await google.close();

const samples: Readonly<Record<string, Sample>> = {
  facebook: {
    settings: { pageId: '1000' },
    credentials: { appSecret: 'geheim-app', verifyToken: 'geheim-wort', accessToken: 'geheim-token' },
    sign: (raw) => ({ 'x-hub-signature-256': `sha256=${hmac('geheim-app', raw)}` }),
    delivery: delivery(['1'], ['2']),
  },
  'google-sheets': { settings: { spreadsheetId: 'tabelle' }, credentials: { serviceAccount: google.serviceAccount } },
  example: {
    settings: {},
    credentials: { secret: 'geheim-app', token: 'geheim-token' },
    sign: (raw) => ({ 'x-portal-signature': hmac('geheim-app', raw) }),
    delivery: JSON.stringify({ enquiries: ['1', '2'] }),
  },
};

const sampleOf = ({ key }: Preset): Sample => {
  const sample = samples[key];
  if (sample === undefined) throw new Error(`Teach tests/contract/presets.test.ts the preset ${key}`);
  return sample;
};

/** A way out that answers the same to every call, and keeps the calls. */
const answering = (answer: Partial<EgressAnswer> | LeitwerkError): { egress: Egress; calls: EgressCall[] } => {
  const calls: EgressCall[] = [];
  const call = async (made: EgressCall): Promise<EgressAnswer> => {
    calls.push(made);
    await Promise.resolve();
    if (answer instanceof LeitwerkError) throw answer;
    return { status: 200, headers: { 'content-type': 'application/json' }, body: Buffer.from('{}'), ...answer };
  };
  return { egress: { mayCallPrivateAddresses: false, call }, calls };
};

const accessOf = (preset: Preset, egress: Egress): Access => {
  const { settings, credentials } = sampleOf(preset);
  return { egress, settings, credentials, now: new Date(), apiUrl: undefined };
};

const failureOf = async (work: () => unknown): Promise<LeitwerkError> => {
  try {
    await work();
  } catch (error) {
    if (error instanceof LeitwerkError) return error;
    throw error;
  }
  throw new Error('it did not fail');
};

const isBilingual = (value: unknown): boolean => {
  const { de, en } = (value ?? {}) as { readonly de?: unknown; readonly en?: unknown };
  return typeof de === 'string' && typeof en === 'string' && de.length > 0 && en.length > 0;
};

const secretsOf = ({ credentials }: Sample): string[] =>
  Object.values(credentials).flatMap((value) => (String(value).startsWith('{') ? ['PRIVATE KEY'] : [String(value)]));

describe.each([...Object.values(presets), example])('the preset $key', (preset) => {
  const sample = sampleOf(preset);
  const { webhook, connection } = preset;

  it('says in both languages what it is and what it asks for', () => {
    expect(preset.key).toMatch(/^[a-z][a-z0-9-]{0,62}$/);
    const fields = [
      ...Object.values(connection.settings.properties),
      ...Object.values(connection.credentials.properties),
    ];
    const texts = [
      preset.label,
      connection.label,
      connection.help,
      ...fields.flatMap((one) => [one['x-label'], one['x-help']]),
    ];
    expect(texts.filter((text) => !isBilingual(text))).toEqual([]);
  });

  it('takes complete settings and credentials, and refuses what is missing, unknown or of another kind', () => {
    const issues = (part: 'settings' | 'credentials', values: Values): unknown[] =>
      connectionIssues(connection, part, { values, language: 'de' });
    expect([...issues('settings', sample.settings), ...issues('credentials', sample.credentials)]).toEqual([]);
    expect(issues('credentials', {})).not.toEqual([]);
    expect(issues('credentials', { ...sample.credentials, mehr: 'x' })).not.toEqual([]);
    expect(issues('settings', { ...sample.settings, mehr: 'x' })).not.toEqual([]);
    const broken = JSON.stringify(issues('credentials', { ...sample.credentials, mehr: 'x' }));
    expect(secretsOf(sample).filter((secret) => broken.includes(secret))).toEqual([]);
  });

  it('goes out only through the way it is given, with no secret in an address', async () => {
    const { egress, calls } = answering({});
    await connection.test(accessOf(preset, egress)).catch(() => undefined);
    expect(calls.length).toBeGreaterThan(0);
    const addresses = calls.map(({ url }) => url).join(' ');
    expect(addresses).toMatch(/^https:/);
    expect(secretsOf(sample).filter((secret) => addresses.includes(secret))).toEqual([]);
  });

  it.each([
    { name: 'a limit', answer: { status: 429, headers: { 'retry-after': '7' } }, isHopeful: true },
    { name: 'a disturbance', answer: { status: 503 }, isHopeful: true },
    { name: 'a page that is no JSON', answer: { status: 502, body: Buffer.from('<html>') }, isHopeful: true },
    { name: 'no rights', answer: { status: 401 }, isHopeful: false },
    { name: 'nothing there', answer: { status: 404 }, isHopeful: false },
  ])('tells $name from others, says what to do and no secret', async ({ answer, isHopeful }) => {
    const failure = await failureOf(async () => await connection.test(accessOf(preset, answering(answer).egress)));
    expect([failure.code, failure.isRetryable]).toEqual([
      isHopeful ? 'RemoteUnavailable' : 'RemoteRejected',
      isHopeful,
    ]);
    expect(isBilingual(failure.text)).toBe(true);
    const told = JSON.stringify([failure.text, failure.facts]);
    expect(secretsOf(sample).filter((secret) => told.includes(secret))).toEqual([]);
  });

  it('passes on that there is no way out', async () => {
    const refused = new LeitwerkError('RemoteRejected', { text: { de: 'Nein.', en: 'No.' } });
    const failure = await failureOf(async () => await connection.test(accessOf(preset, answering(refused).egress)));
    expect(failure).toBe(refused);
  });

  if (webhook === undefined || sample.sign === undefined || sample.delivery === undefined) return;
  const { sign, delivery: body } = sample;
  const raw = Buffer.from(body);

  it('takes what is signed over the very bytes, and nothing else', async () => {
    const headers = sign(body);
    expect([webhook.isSigned(headers), webhook.isSigned({})]).toEqual([true, false]);
    webhook.assertSigned(sample.credentials, { headers, raw });
    const refused = async (
      credentials: Values,
      request: { headers: IncomingHttpHeaders; raw: Uint8Array },
    ): Promise<string> => (await failureOf(() => webhook.assertSigned(credentials, request))).code;
    const [name = ''] = Object.keys(headers);
    expect([
      await refused(sample.credentials, { headers, raw: Buffer.from(`${body} `) }),
      await refused(sample.credentials, { headers: { [name]: '' }, raw }),
      await refused(sample.credentials, { headers: {}, raw }),
      // Without a secret nothing is taken: never "no secret, so skip".
      await refused({}, { headers, raw }),
    ]).toEqual(['Unauthenticated', 'Unauthenticated', 'Unauthenticated', 'Unauthenticated']);
  });

  it('finds every thing that a delivery tells of, and nothing in what is none', () => {
    const notices = webhook.readNotices(JSON.parse(body) as Values);
    expect(notices.map(({ id }) => id)).toEqual(['1', '2']);
    expect(new Set(notices.map(({ path }) => path)).size).toBe(2);
    const changes = [null, 'x', 5, [], { field: 'leadgen', value: null }, { field: 'leadgen', value: 'x' }];
    const others: Values[] = [
      {},
      { entry: 'x', enquiries: 5 },
      { object: 'page', entry: [null, { changes: {} }, 5, { changes }] },
    ];
    expect(others.flatMap((other) => webhook.readNotices(other))).toEqual([]);
  });
});
