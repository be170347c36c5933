import { LeitwerkError } from '../core/errors.ts';

/**
 * The address as given; its parts are decoded where they are used.
 * @throws LeitwerkError `Misconfigured` when one of them cannot be.
 */
export function assertDecodable(databaseUrl: string | undefined): string | undefined {
  try {
    decodeURIComponent(databaseUrl ?? '');
    return databaseUrl;
  } catch (cause) {
    throw new LeitwerkError('Misconfigured', {
      cause,
      text: {
        de: 'DATABASE_URL ist ungültig: ein % in Nutzer oder Passwort muss %25 geschrieben werden.',
        en: 'DATABASE_URL is invalid: a % in user or password must be written %25.',
      },
    });
  }
}
