import type { IncomingHttpHeaders } from 'node:http';
import { assertSigned, headerText, isSameSecret, refused } from '../../connectors/web/signature.ts';
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

/** Checks who sends to a source. */
export interface SourceGuard {
  /** @throws LeitwerkError `Unauthenticated`. A source without a secret refuses everything. */
  assertSender(
    snapshot: Snapshot,
    source: Source,
    request: { readonly headers: IncomingHttpHeaders; readonly raw: Uint8Array },
  ): Promise<void>;
  /** Forgets what was read: after a rotation here. */
  forget(): void;
}

export function createSourceGuard(services: Pick<Services, 'db' | 'secrets' | 'now'>): SourceGuard {
  const kept = new Map<string, Kept>();
  const secretOf = async (tenantId: string, source: string): Promise<string | undefined> => {
    const id = `${tenantId}/${source}`;
    const nowMs = services.now().getTime();
    const known = kept.get(id);
    if (known !== undefined && Math.abs(nowMs - known.readAt) < trustedMs) return known.secret;
    const secret = await readSecret(services.db, services.secrets, { tenantId, name: sourceSecretName(source) });
    kept.set(id, { secret, readAt: nowMs });
    return secret;
  };
  return {
    assertSender: async (snapshot, source, request) => {
      if (source.auth === 'public') return;
      if (source.auth === 'mail') throw refused('Diese Quelle nimmt nur Mails an.', 'This source takes mail only.');
      const secret = await secretOf(snapshot.tenantId, source.key);
      if (secret === undefined) {
        throw refused(
          'Diese Quelle hat noch kein Geheimnis; es wird unter Quellen erzeugt.',
          'This source has no secret yet; make one under sources.',
        );
      }
      if (source.auth === 'hmac') assertSigned(secret, { ...request, now: services.now() });
      else assertKey(secret, headerText(request.headers, 'authorization'));
    },
    forget: () => kept.clear(),
  };
}
