/** An answer of the API with its body read. */
export interface ApiAnswer {
  readonly status: number;
  readonly headers: Headers;
  // The tests say what they expect of it.
  readonly json: ApiJson;
  readonly text: string;
}

export interface ApiJson {
  readonly data: Readonly<Record<string, unknown>> & readonly Readonly<Record<string, unknown>>[];
  readonly page: { readonly next: string | null; readonly total?: number; readonly totalExact?: boolean };
  readonly event: number;
  readonly code: string;
  readonly errors: readonly {
    readonly path: string;
    readonly code: string;
    readonly message: string;
    readonly line?: number;
    readonly column?: number;
  }[];
  readonly [name: string]: unknown;
}

export interface Api {
  get(path: string, headers?: Readonly<Record<string, string>>): Promise<ApiAnswer>;
  post(path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<ApiAnswer>;
  patch(path: string, body: unknown, headers?: Readonly<Record<string, string>>): Promise<ApiAnswer>;
  put(path: string, body: unknown, headers?: Readonly<Record<string, string>>): Promise<ApiAnswer>;
  delete(path: string): Promise<ApiAnswer>;
}

/** Signs a person in: calls go on as they do in their browser. */
export async function signIn(
  url: string,
  { email, password }: { readonly email: string; readonly password: string },
): Promise<Api> {
  const answer = await createApi(url).post('/session', { email, password });
  const cookie = (answer.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
  return createApi(url, undefined, { cookie, origin: url });
}

/** Calls `/api/v1` with a key; a text body goes as it is, anything else as JSON. */
export function createApi(url: string, key?: string, always: Readonly<Record<string, string>> = {}): Api {
  const call = async (
    method: string,
    path: string,
    more: { body?: unknown; headers?: Readonly<Record<string, string>> | undefined } = {},
  ): Promise<ApiAnswer> => {
    const response = await fetch(`${url}/api/v1${path}`, {
      method,
      headers: {
        ...always,
        ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
        ...(more.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...more.headers,
      },
      ...(more.body === undefined
        ? {}
        : { body: typeof more.body === 'string' ? more.body : JSON.stringify(more.body) }),
    });
    const text = await response.text();
    const isJson = /json/.test(response.headers.get('content-type') ?? '');
    return {
      status: response.status,
      headers: response.headers,
      text,
      json: (isJson ? JSON.parse(text) : {}) as ApiJson,
    };
  };
  return {
    get: async (path, headers) => await call('GET', path, { headers }),
    post: async (path, body = {}, headers) => await call('POST', path, { body, headers }),
    patch: async (path, body, headers) => await call('PATCH', path, { body, headers }),
    put: async (path, body, headers) => await call('PUT', path, { body, headers }),
    delete: async (path) => await call('DELETE', path),
  };
}
