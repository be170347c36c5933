import type { IncomingHttpHeaders } from 'node:http';
import type { PresetWebhook, SignedRequest } from '../../connectors/port.ts';
import { presetOf } from '../../connectors/registry.ts';
import { assertSigned, headerText, isSameSecret, refused } from '../../connectors/web/signature.ts';
import { LeitwerkError, type Text } from '../../core/errors.ts';
import { connectionSecretName } from '../../commands/connections/connection.ts';
import { sourceSecretName, type Source } from '../../commands/source.ts';
import { readSecret } from '../../store/secrets.ts';
import type { Snapshot } from '../../store/registry.ts';
import type { Services } from '../services.ts';

const assertKey = (secret: string, authorization: string): void => {
  const [scheme = '', key = ''] = authorization.split(' ', 2);
  if (scheme.toLowerCase() !== 'bearer' || !isSameSecret(key, secret)) {
    throw refused(
      'Authorization: Bearer <Schlüssel der Quelle> ist nötig.',
      'Authorization: Bearer <key of the source> is needed.',
    );
  }
};

interface Kept {
  readonly secret: string | undefined;
  readonly readAt: number;
}

/** A secret is trusted for so long: a rotated one is void within a second, in every process. */
const trustedMs = 1_000;

type Values = Readonly<Record<string, unknown>>;

/** Presets speak to signed sources only. */
const webhookOf = ({ auth, preset }: Source): PresetWebhook | undefined =>
  auth === 'hmac' ? presetOf(preset)?.webhook : undefined;

/** What somebody hears who only looks at the address of a source. */
export const onlyPost: Text = { de: 'Hierher wird nur gesendet (POST).', en: 'This address only takes POST.' };

/** Checks who sends to a source. */
export interface SourceGuard {
  /**
   * Answers the preset when the request is signed in that sender's own way, undefined when in the source's.
   * @throws LeitwerkError `Unauthenticated`. A source without a secret refuses everything.
   */
  assertSender(
    snapshot: Snapshot,
    source: Source,
    request: { readonly headers: IncomingHttpHeaders; readonly raw: Uint8Array },
  ): Promise<PresetWebhook | undefined>;
  /**
   * What a sender hears who asks whether the address is ours.
   * @throws LeitwerkError `Unauthenticated`, `NotFound` when nobody asks such a thing here.
   */
  answerChallenge(snapshot: Snapshot, source: Source, query: URLSearchParams): Promise<string>;
  /** Forgets what was read: after a rotation here. */
  forget(): void;
}

export function createSourceGuard(services: Pick<Services, 'db' | 'secrets' | 'now'>): SourceGuard {
  const kept = new Map<string, Kept>();
  const secretOf = async (tenantId: string, name: string): Promise<string | undefined> => {
    const id = `${tenantId}/${name}`;
    const nowMs = services.now().getTime();
    const known = kept.get(id);
    if (known !== undefined && Math.abs(nowMs - known.readAt) < trustedMs) return known.secret;
    const secret = await readSecret(services.db, services.secrets, { tenantId, name });
    kept.set(id, { secret, readAt: nowMs });
    return secret;
  };
  /** What was agreed upon with the preset's system. */
  const credentialsOf = async ({ tenantId }: Snapshot, { connection }: Source): Promise<Values> => {
    const secret = connection === undefined ? undefined : await secretOf(tenantId, connectionSecretName(connection));
    if (secret !== undefined) return JSON.parse(secret) as Values;
    throw refused(
      'Diese Quelle hat noch keine Verbindung mit Zugangsdaten.',
      'This source has no connection with credentials yet.',
    );
  };
  const assertOwn = async ({ tenantId }: Snapshot, source: Source, request: SignedRequest): Promise<void> => {
    const secret = await secretOf(tenantId, sourceSecretName(source.key));
    if (secret === undefined) {
      throw refused(
        'Diese Quelle hat noch kein Geheimnis; es wird unter Quellen erzeugt.',
        'This source has no secret yet; make one under sources.',
      );
    }
    if (source.auth === 'hmac') assertSigned(secret, { ...request, now: services.now() });
    else assertKey(secret, headerText(request.headers, 'authorization'));
  };
  const checkSender: SourceGuard['assertSender'] = async (snapshot, source, request) => {
    if (source.auth === 'public') return undefined;
    if (source.auth === 'mail') throw refused('Diese Quelle nimmt nur Mails an.', 'This source takes mail only.');
    const webhook = webhookOf(source);
    if (webhook?.isSigned(request.headers) !== true) {
      await assertOwn(snapshot, source, request);
      return undefined;
    }
    webhook.assertSigned(await credentialsOf(snapshot, source), request);
    return webhook;
  };
  /** A secret that was made elsewhere a moment ago holds at once: nobody is refused for what we remember. */
  const withNewest = async <T>(check: () => Promise<T>): Promise<T> => {
    const hadKept = kept.size > 0;
    try {
      return await check();
    } catch (error) {
      if (!hadKept) throw error;
      kept.clear();
      return await check();
    }
  };
  return {
    assertSender: async (...sender) => await withNewest(async () => await checkSender(...sender)),
    answerChallenge: async (snapshot, source, query) => {
      const answer = webhookOf(source)?.answerChallenge;
      if (answer === undefined) throw new LeitwerkError('NotFound', { text: onlyPost });
      return await withNewest(async () => answer(await credentialsOf(snapshot, source), query));
    },
    forget: () => kept.clear(),
  };
}
