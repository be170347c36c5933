import { LeitwerkError, type Text } from '../../core/errors.ts';
import { retryAfterSeconds } from '../retry-after.ts';

const texts = {
  limit: {
    de: 'Google lässt gerade keine weiteren Abrufe zu. Es geht von selbst weiter.',
    en: 'Google allows no more calls right now. It goes on by itself.',
  },
  down: {
    de: 'Google ist gerade gestört. Es wird weiter versucht.',
    en: 'Google is out of order right now. Trying goes on.',
  },
  credentials: {
    de: 'Der Zugang zu Google gilt nicht mehr: unter Einstellungen → Verbindungen neue Zugangsdaten eintragen. Dann geht es von selbst weiter.',
    en: 'Access to Google is no longer valid: enter new credentials under Settings → Connections. Then it goes on by itself.',
  },
  permission: {
    de: 'Die Tabelle ist für dieses Konto nicht freigegeben: in Google Sheets mit der Adresse des Dienstkontos teilen (zum Zurückschreiben als Bearbeiter). Dann geht es von selbst weiter.',
    en: 'The spreadsheet is not shared with this account: share it in Google Sheets with the address of the service account (as editor for writing back). Then it goes on by itself.',
  },
  gone: {
    de: 'Diese Tabelle gibt es nicht (mehr): die Kennung in der Quelle prüfen.',
    en: 'There is no such spreadsheet (any more): check its id in the source.',
  },
  range: {
    de: 'Das Blatt wurde während des Lesens umbenannt oder gelöscht. Es wird weiter versucht.',
    en: 'The tab was renamed or deleted while it was read. Trying goes on.',
  },
} as const satisfies Record<string, Text>;

type FaultKind = keyof typeof texts;

/** What Google said: of the API an error object, of the token endpoint a word. */
interface Said {
  readonly status: number;
  readonly reason: string;
  readonly message: string;
}

const rules: readonly (readonly [FaultKind, (said: Said) => boolean])[] = [
  ['limit', ({ status, reason }) => status === 429 || /RESOURCE_EXHAUSTED|rateLimitExceeded/i.test(reason)],
  [
    'credentials',
    ({ reason }) => /^(invalid_grant|invalid_client|unauthorized_client|invalid_scope|deleted_client)$/.test(reason),
  ],
  ['credentials', ({ status }) => status === 401],
  ['down', ({ status }) => status >= 500 || status === 408],
  ['permission', ({ status }) => status === 403],
  ['gone', ({ status }) => status === 404],
  ['range', ({ status, message }) => status === 400 && message.includes('Unable to parse range')],
];

const hopeful: ReadonlySet<FaultKind | undefined> = new Set(['limit', 'down', 'range']);
/** Google's quotas are by the minute. */
const usualPauseSeconds = 60;

interface Failure {
  readonly message?: string;
  readonly cause?: unknown;
  readonly response?: { readonly status?: number; readonly headers?: Headers; readonly data?: unknown };
}

const saidOf = ({ response, message = '' }: Failure): Said => {
  const data = (response?.data ?? {}) as { readonly error?: unknown };
  const status = response?.status ?? 0;
  if (typeof data.error === 'string') return { status, reason: data.error, message };
  const error = (data.error ?? {}) as { readonly status?: string; readonly message?: string };
  return { status, reason: error.status ?? '', message: error.message ?? message };
};

/** Whether a range was refused because it begins behind the last row. */
export function isBehindEnd(error: unknown): boolean {
  const { status, message } = saidOf(error ?? {});
  return status === 400 && message.includes('exceeds grid limits');
}

/** A failure of the client in words, with what to do. Ours (no way out, no answer) stays what it is. */
export function toSheetsFailure(error: unknown, now: Date): LeitwerkError {
  if (error instanceof LeitwerkError) return error;
  const failure = (error ?? {}) as Failure;
  if (failure.cause instanceof LeitwerkError) return failure.cause;
  if (failure.response === undefined)
    // A key that is no key fails before anything is sent.
    return new LeitwerkError('RemoteRejected', { text: texts.credentials, facts: { fault: 'credentials' } });
  const said = saidOf(failure);
  const [fault] = rules.find(([, applies]) => applies(said)) ?? [];
  const headers = Object.fromEntries(failure.response.headers?.entries() ?? []);
  const what = `${said.status} ${said.reason} ${said.message}`.slice(0, 200);
  return new LeitwerkError(hopeful.has(fault) ? 'RemoteUnavailable' : 'RemoteRejected', {
    text: fault === undefined ? { de: `Google hat abgelehnt: ${what}`, en: `Google refused: ${what}` } : texts[fault],
    facts: { status: said.status, fault: fault ?? 'refused' },
    ...(fault === 'limit' ? { retryAfterSeconds: retryAfterSeconds(headers, now) ?? usualPauseSeconds } : {}),
  });
}
