import { createHmac } from 'node:crypto';
import type { Access, ConnectorKind, Preset } from '../../../connectors/port.ts';
import { LeitwerkError } from '../../../core/errors.ts';

/*
 * A preset to copy: a portal that signs its deliveries with `X-Portal-Signature`, tells of several enquiries in each,
 * and is asked for the enquiry itself. As a folder of `connectors/` it imports `../port.ts` and `../../core/…`.
 * The line in `connectors/presets.ts` is all that the product needs to know of it.
 */

const word = (de: string, en: string) => ({
  type: 'string',
  minLength: 1,
  'x-label': { de, en },
  'x-help': { de: 'Steht im Portal unter „Anbindung“.', en: 'Found in the portal under "Integration".' },
});

const get = async ({ egress, apiUrl, credentials }: Access, path: string): Promise<Record<string, unknown>> => {
  const headers = { authorization: `Bearer ${String(credentials['token'])}` };
  const answer = await egress.call({ url: `${apiUrl ?? 'https://api.portal.example'}${path}`, method: 'GET', headers });
  if (answer.status === 200) return JSON.parse(answer.body.toString()) as Record<string, unknown>;
  // Trying again may help (`RemoteUnavailable`), or a person has to do something first (`RemoteRejected`): say what.
  const isHopeful = answer.status === 429 || answer.status >= 500;
  throw new LeitwerkError(isHopeful ? 'RemoteUnavailable' : 'RemoteRejected', {
    text: isHopeful
      ? { de: 'Das Portal antwortet gerade nicht.', en: 'The portal does not answer right now.' }
      : { de: 'Das Portal lehnt das Token ab: neu eintragen.', en: 'The portal refuses the token: enter a new one.' },
  });
};

const connection: ConnectorKind = {
  kind: 'example',
  label: { de: 'Beispiel-Portal', en: 'Example portal' },
  help: { de: 'Ein Portal, das es nicht gibt.', en: 'A portal that does not exist.' },
  settings: { type: 'object', additionalProperties: false, properties: {} },
  credentials: {
    type: 'object',
    required: ['secret', 'token'],
    additionalProperties: false,
    properties: { secret: word('Geheimnis', 'Secret'), token: word('Token', 'Token') },
  },
  bound: [],
  test: async (access) => {
    await get(access, '/me');
    return { de: 'Das Portal antwortet.', en: 'The portal answers.' };
  },
};

const signatureOf = (secret: unknown, raw: Uint8Array): string => {
  if (typeof secret !== 'string' || secret === '') throw new LeitwerkError('Unauthenticated');
  return createHmac('sha256', secret).update(raw).digest('hex');
};

export const example: Preset = {
  key: 'example',
  label: { de: 'Beispiel-Portal', en: 'Example portal' },
  connection,
  webhook: {
    isSigned: (headers) => headers['x-portal-signature'] !== undefined,
    assertSigned: (credentials, { headers, raw }) => {
      if (headers['x-portal-signature'] !== signatureOf(credentials['secret'], raw))
        throw new LeitwerkError('Unauthenticated');
    },
    readNotices: ({ enquiries }) =>
      (Array.isArray(enquiries) ? (enquiries as unknown[]) : []).map((id, index) => ({
        id: String(id),
        path: `/enquiries/${index}`,
        facts: {},
      })),
    fetch: async (access, { id }) => ({
      externalId: id,
      ...(await get(access, `/enquiries/${encodeURIComponent(id)}`)),
    }),
  },
};
