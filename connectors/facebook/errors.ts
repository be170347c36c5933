import { LeitwerkError, type Text } from '../../core/errors.ts';
import type { EgressAnswer } from '../egress.ts';
import { retryAfterSeconds } from '../retry-after.ts';

/** What the Graph API says of a failure. */
interface GraphError {
  readonly message?: string;
  readonly code?: number;
  readonly error_subcode?: number;
  readonly is_transient?: boolean;
}

/** Limits of the app (4), the user (17), the page (32), a custom one (613), and those of business use cases. */
const limits = new Set([4, 17, 32, 613]);
const isLimit = (code: number): boolean => limits.has(code) || (code >= 80_000 && code <= 80_014);
/** The token: ended, taken back, password changed, session gone. */
const tokenCodes = new Set([102, 190, 463, 467]);
const isPermission = (code: number): boolean => code === 3 || code === 10 || (code >= 200 && code <= 299);

const texts = {
  limit: {
    de: 'Meta lässt gerade keine weiteren Abrufe zu. Es geht von selbst weiter.',
    en: 'Meta allows no more calls right now. It goes on by itself.',
  },
  down: {
    de: 'Meta ist gerade gestört. Es wird weiter versucht.',
    en: 'Meta is out of order right now. Trying goes on.',
  },
  credentials: {
    de: 'Das Zugriffstoken gilt nicht mehr: unter Einstellungen → Verbindungen ein neues Seiten-Token eintragen, dann erneut verarbeiten.',
    en: 'The access token is no longer valid: enter a new page token under Settings → Connections, then work it again.',
  },
  permission: {
    de: 'Dem Token fehlt ein Recht (leads_retrieval, pages_manage_ads, pages_show_list) oder der Zugriff auf Leads (Leads-Zugriffsmanager): in Meta erteilen, dann erneut verarbeiten.',
    en: 'The token lacks a permission (leads_retrieval, pages_manage_ads, pages_show_list) or access to leads (Leads Access Manager): grant it in Meta, then work it again.',
  },
  gone: {
    de: 'Diesen Eintrag gibt es bei Meta nicht (mehr), oder das Token darf ihn nicht sehen. Meta bewahrt Leads 90 Tage auf.',
    en: 'Meta does not have this entry (any more), or the token may not see it. Meta keeps leads for 90 days.',
  },
} as const satisfies Record<string, Text>;

/** Minutes until calls are possible again, from the header of business use cases. */
const usageMinutes = (header: string | undefined): number => {
  if (header === undefined) return 0;
  try {
    const usage = JSON.parse(header) as Record<
      string,
      readonly { readonly estimated_time_to_regain_access?: number }[]
    >;
    return Math.max(
      0,
      ...Object.values(usage).flatMap((list) => list.map((one) => one.estimated_time_to_regain_access ?? 0)),
    );
  } catch {
    // A header that nobody can read says nothing; the usual pause is taken.
    return 0;
  }
};

const usualPauseSeconds = 300;

const pauseOf = ({ headers }: EgressAnswer, now: Date): number => {
  const header = headers['x-business-use-case-usage'];
  const minutes = usageMinutes(typeof header === 'string' ? header : undefined);
  return retryAfterSeconds(headers, now) ?? (minutes > 0 ? Math.min(minutes * 60, 3_600) : usualPauseSeconds);
};

const errorOf = (body: unknown): GraphError => {
  const error = (body as { readonly error?: GraphError } | null)?.error;
  return typeof error === 'object' ? error : {};
};

type FaultKind = keyof typeof texts;

interface Said {
  readonly status: number;
  readonly code: number;
  readonly subcode: number;
  readonly isTransient: boolean;
}

/** In this order: a limit is told with a status that would mean something else by itself. */
const rules: readonly (readonly [FaultKind, (said: Said) => boolean])[] = [
  ['limit', ({ status, code }) => isLimit(code) || status === 429],
  ['credentials', ({ status, code }) => tokenCodes.has(code) || status === 401],
  ['down', ({ status, code, isTransient }) => isTransient || code === 1 || code === 2 || status >= 500],
  ['permission', ({ status, code }) => isPermission(code) || status === 403],
  ['gone', ({ status, code, subcode }) => (code === 100 && subcode === 33) || status === 404],
];

const hopeful: ReadonlySet<FaultKind | undefined> = new Set(['limit', 'down']);

/** The failure that an answer of the Graph API stands for, with what to do. Meta's own sentence is kept as a fact. */
export function toGraphFailure(answer: EgressAnswer, body: unknown, now: Date): LeitwerkError {
  const { status } = answer;
  const { code = 0, error_subcode: subcode = 0, message = '', is_transient: isTransient = false } = errorOf(body);
  const [fault] = rules.find(([, applies]) => applies({ status, code, subcode, isTransient })) ?? [];
  const text = fault === undefined ? refusal(`${status}, Code ${code}`, message.slice(0, 200)) : texts[fault];
  return new LeitwerkError(hopeful.has(fault) ? 'RemoteUnavailable' : 'RemoteRejected', {
    text,
    facts: { status, remoteCode: code, remoteMessage: message.slice(0, 300), fault: fault ?? 'refused' },
    ...(fault === 'limit' ? { retryAfterSeconds: pauseOf(answer, now) } : {}),
  });
}

const refusal = (what: string, message: string): Text => ({
  de: `Meta hat abgelehnt (${what}): ${message}`,
  en: `Meta refused (${what}): ${message}`,
});
