import { isPlainObject } from '../../core/plain-object.ts';

/** One wrong field of a request; `path` is a JSON pointer (`/email`) or a place in a text. */
export interface FieldIssue {
  readonly path: string;
  readonly code: string;
  readonly message: string;
  /** Other fields that would do as well. */
  readonly alternatives?: readonly string[];
  readonly line?: number;
  readonly column?: number;
}

/** RFC 9457 problem as the server answers it; further members are facts of the single error. */
export interface Problem {
  readonly title: string;
  readonly status: number;
  readonly code: string;
  readonly detail?: string;
  readonly requestId?: string;
  readonly errors?: readonly FieldIssue[];
  readonly [fact: string]: unknown;
}

/** A failed request. `status` 0 means that the server could not be reached. */
export class ApiError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail ?? problem.title);
    this.name = 'ApiError';
    this.problem = problem;
  }

  get status(): number {
    return this.problem.status;
  }

  /** The same request may succeed in a moment: no connection, too many requests, a server that is just starting. */
  get isPassing(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

export interface Answer<T> {
  readonly body: T;
  readonly version: number | undefined;
}

interface RequestOptions {
  readonly body?: unknown;
  readonly text?: string;
  /** A file with what belongs to it. */
  readonly form?: FormData;
  readonly contentType?: string;
  readonly ifMatch?: number | string;
  readonly signal?: AbortSignal;
  readonly accept?: string;
}

const toProblem = (status: number, body: unknown): Problem => {
  const known = isPlainObject(body) ? body : {};
  const text = (name: string): string | undefined => {
    const value = known[name];
    return typeof value === 'string' ? value : undefined;
  };
  const title = text('title') ?? `HTTP ${status}`;
  return { ...known, title, status, code: text('code') ?? 'Internal' };
};

const readBody = async (response: Response): Promise<unknown> => {
  const text = await response.text();
  if (text === '') return undefined;
  if (!(response.headers.get('content-type') ?? '').includes('json')) return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
};

const toInit = (method: string, options: RequestOptions): RequestInit => {
  const headers: Record<string, string> = {
    accept: options.accept ?? 'application/json',
    'accept-language': document.documentElement.lang,
  };
  const init: RequestInit = { method, headers, credentials: 'same-origin' };
  // The browser says itself where the parts of a form begin.
  if (options.form !== undefined) init.body = options.form;
  else if (options.text !== undefined) {
    init.body = options.text;
    headers['content-type'] = options.contentType ?? 'text/plain';
  } else if (options.body !== undefined) {
    init.body = JSON.stringify(options.body);
    headers['content-type'] = options.contentType ?? 'application/json';
  }
  if (options.ifMatch !== undefined) headers['if-match'] = `"${options.ifMatch}"`;
  if (options.signal !== undefined) init.signal = options.signal;
  return init;
};

/**
 * The only place of the UI that talks HTTP. The type argument states what the contract promises for the address.
 * @throws ApiError for every answer outside 2xx, and with status 0 when there is none.
 */
export async function request<T>(method: string, path: string, options: RequestOptions = {}): Promise<Answer<T>> {
  let response: Response;
  try {
    response = await fetch(`/api/v1${path}`, toInit(method, options));
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause;
    throw new ApiError({ title: 'offline', status: 0, code: 'Offline' });
  }
  const body = await readBody(response);
  if (!response.ok) throw new ApiError(toProblem(response.status, body));
  const tag = response.headers.get('etag')?.match(/\d+/)?.[0];
  return { body: body as T, version: tag === undefined ? undefined : Number(tag) };
}

/** Reads `data` of a GET. */
export async function read<T>(path: string, signal?: AbortSignal): Promise<T> {
  const { body } = await request<{ data: T }>('GET', path, signal === undefined ? {} : { signal });
  return body.data;
}

/** Builds `?a=b` from what is given; empty and absent values are left out. */
export function queryString(values: Readonly<Record<string, string | number | undefined>>): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined && value !== '') parameters.set(name, String(value));
  }
  const text = parameters.toString();
  return text === '' ? '' : `?${text}`;
}
