interface Entry extends Text {
  readonly status: number;
  readonly retryable: boolean;
  /** What is said where nobody knows better; absent = the same. */
  readonly plain?: Text;
}

/**
 * The error catalogue. Every failure a client, an operator or Temporal can see has one of these codes.
 * `retryable` says whether the same request may succeed later without anyone changing it.
 */
export const catalogue = {
  Unreadable: { status: 400, retryable: false, de: 'Die Anfrage ist nicht lesbar.', en: 'The request cannot be read.' },
  InvalidInput: { status: 422, retryable: false, de: 'Die Eingabe ist ungültig.', en: 'The input is invalid.' },
  InvalidFilter: { status: 400, retryable: false, de: 'Der Filter ist ungültig.', en: 'The filter is invalid.' },
  Unauthenticated: { status: 401, retryable: false, de: 'Bitte anmelden.', en: 'Please sign in.' },
  Forbidden: { status: 403, retryable: false, de: 'Dafür fehlt das Recht.', en: 'You are not allowed to do this.' },
  NotFound: { status: 404, retryable: false, de: 'Nicht gefunden.', en: 'Not found.' },
  Conflict: {
    status: 409,
    retryable: false,
    de: 'Das widerspricht etwas, das schon da ist.',
    en: 'This conflicts with what is there already.',
    plain: { de: 'Jemand anderes war schneller.', en: 'Someone else changed this first.' },
  },
  Locked: {
    status: 409,
    retryable: false,
    de: 'Das geht in diesem Zustand nicht.',
    en: 'This cannot be done in this state.',
    plain: { de: 'Der Datensatz ist abgeschlossen.', en: 'The record is closed.' },
  },
  MethodNotAllowed: {
    status: 405,
    retryable: false,
    de: 'Diese Methode gibt es hier nicht.',
    en: 'There is no such method here.',
  },
  PreconditionRequired: { status: 428, retryable: false, de: 'If-Match fehlt.', en: 'If-Match is missing.' },
  TooLarge: { status: 413, retryable: false, de: 'Die Anfrage ist zu groß.', en: 'The request is too large.' },
  UnsupportedMediaType: {
    status: 415,
    retryable: false,
    de: 'Dieses Format wird nicht angenommen.',
    en: 'This format is not accepted.',
  },
  RateLimited: { status: 429, retryable: true, de: 'Zu viele Anfragen.', en: 'Too many requests.' },
  RemoteRejected: {
    status: 422,
    retryable: false,
    de: 'Die Gegenstelle hat abgelehnt.',
    en: 'The remote system refused.',
  },
  RemoteUnavailable: {
    status: 503,
    retryable: true,
    de: 'Die Gegenstelle antwortet nicht.',
    en: 'The remote system does not answer.',
  },
  Unavailable: {
    status: 503,
    retryable: true,
    de: 'Die Datenbank ist gerade nicht erreichbar.',
    en: 'The database cannot be reached right now.',
  },
  Misconfigured: { status: 500, retryable: false, de: 'Eine Einstellung ist falsch.', en: 'A setting is wrong.' },
  Internal: { status: 500, retryable: true, de: 'Unerwarteter Fehler.', en: 'Unexpected error.' },
} as const satisfies Record<string, Entry>;

export type ErrorCode = keyof typeof catalogue;
export type Language = 'de' | 'en';

/** A text in both languages of the product. */
export interface Text {
  readonly de: string;
  readonly en: string;
}

/** One wrong field or line: `path` is a JSON pointer for fields (`/email`) or a config path. */
export interface Issue {
  readonly path: string;
  readonly code: string;
  readonly message: string;
  /** The message in both languages, from whoever does not know which one its readers have. */
  readonly text?: Text;
  /** Other fields that would do as well, as JSON pointers. */
  readonly alternatives?: readonly string[];
  readonly line?: number;
  readonly column?: number;
}

/** A fault whose words are known in both languages, said in one; who shows it later says it in the reader's (`inLanguage`). */
export const issueOf = (at: Pick<Issue, 'path' | 'code'>, text: Text, language: Language): Issue => ({
  ...at,
  message: text[language],
  text,
});

/** A fault in the reader's language, as far as its words are known in it. */
export const inLanguage = ({ text, ...issue }: Issue, language: Language): Issue =>
  text === undefined ? issue : { ...issue, message: text[language] };

interface Details {
  /** What exactly is wrong, in both languages; replaces the catalogue's sentence. */
  readonly text?: Text;
  readonly issues?: readonly Issue[];
  readonly retryAfterSeconds?: number;
  /** Of `Unauthenticated`: what shows who sends, where that is no bearer token. */
  readonly challenge?: string;
  /** Facts for the client, as extension members of the RFC 9457 problem. */
  readonly facts?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/** What whatever was thrown says. */
export const messageOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : String(thrown));

/** A failure that the catalogue knows. Thrown by every room; turned into an answer at the edge. */
export class LeitwerkError extends Error {
  readonly code: ErrorCode;
  readonly text: Text;
  readonly issues: readonly Issue[];
  readonly retryAfterSeconds: number | undefined;
  readonly challenge: string | undefined;
  readonly facts: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, details: Details = {}) {
    const entry: Entry = catalogue[code];
    const text = details.text ?? entry.plain ?? { de: entry.de, en: entry.en };
    super(text.en, { cause: details.cause });
    this.name = 'LeitwerkError';
    this.code = code;
    this.text = text;
    this.issues = details.issues ?? [];
    this.retryAfterSeconds = details.retryAfterSeconds;
    this.challenge = details.challenge;
    this.facts = details.facts ?? {};
  }

  get status(): number {
    return catalogue[this.code].status;
  }

  get isRetryable(): boolean {
    return catalogue[this.code].retryable;
  }
}
