import { catalogue, inLanguage, LeitwerkError, type Language } from '../core/errors.ts';

/** An answer as RFC 9457 describes it. */
export interface Problem {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface ProblemContext {
  readonly language: Language;
  readonly requestId: string;
  /** Gets what clients must not see: the cause of an unexpected failure. */
  readonly onUnexpected: (error: unknown) => void;
}

/** What Express and its parts refuse by themselves: addresses that cannot be decoded, files outside their folder. */
const toKnown = (error: unknown): LeitwerkError => {
  if (error instanceof LeitwerkError) return error;
  const status = typeof error === 'object' && error !== null && 'status' in error ? error.status : undefined;
  if (status === 403 || status === 404) return new LeitwerkError('NotFound', { cause: error });
  if (status === 400) return new LeitwerkError('Unreadable', { cause: error });
  return new LeitwerkError('Internal', { cause: error });
};

/** Turns whatever was thrown into an answer. Unknown errors say nothing of their inside; the log has it under the request's id. */
export function toProblem(error: unknown, context: ProblemContext): Problem {
  const known = toKnown(error);
  if (known.status >= 500) context.onUnexpected(error);
  const title = catalogue[known.code][context.language];
  const retryAfter = known.retryAfterSeconds ?? (known.status === 503 || known.status === 429 ? 2 : undefined);
  return {
    status: known.status,
    headers: {
      'content-type': 'application/problem+json; charset=utf-8',
      ...(retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) }),
      // RFC 9110 wants one. No scheme that browsers know: they would ask for a password in a window of their own.
      ...(known.status === 401 ? { 'www-authenticate': known.challenge ?? 'Bearer' } : {}),
    },
    body: {
      ...known.facts,
      type: `urn:leitwerk:problem:${known.code}`,
      title,
      status: known.status,
      code: known.code,
      detail: known.text[context.language],
      requestId: context.requestId,
      ...(known.issues.length === 0
        ? {}
        : { errors: known.issues.map((issue) => inLanguage(issue, context.language)) }),
    },
  };
}

/** The language a client asks for; German where it says nothing. */
export function languageOf(acceptLanguage: string | undefined): Language {
  if (acceptLanguage === undefined) return 'de';
  const ranked = acceptLanguage
    .slice(0, 200)
    .split(',')
    .map((part) => {
      const [tag = '', ...rest] = part.trim().split(';');
      const quality = rest.find((one) => one.trim().startsWith('q='));
      return { tag: tag.toLowerCase(), quality: quality === undefined ? 1 : Number(quality.trim().slice(2)) };
    })
    .filter(({ tag }) => tag.startsWith('de') || tag.startsWith('en'))
    .toSorted((one, other) => other.quality - one.quality);
  return ranked[0]?.tag.startsWith('en') === true ? 'en' : 'de';
}
