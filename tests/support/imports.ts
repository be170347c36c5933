import type { Api, ApiAnswer } from './api.ts';
import { until } from './processes.ts';

export type ImportData = Readonly<Record<string, unknown>> & { readonly id: string; readonly state: string };

/** What an import is asked for, beside its file. */
export type ImportWords = Readonly<Record<string, string>>;

/** Uploads a file as a browser or curl does. */
export async function upload(
  to: { readonly url: string; readonly key: string },
  file: { readonly content: string | Uint8Array; readonly name?: string },
  words: ImportWords = {},
): Promise<{ readonly status: number; readonly headers: Headers; readonly json: ApiAnswer['json'] }> {
  const body = new FormData();
  for (const [name, value] of Object.entries({ source: 'csv-datei', ...words })) body.set(name, value);
  body.set('file', new Blob([file.content as string]), file.name ?? 'leads.csv');
  const response = await fetch(`${to.url}/api/v1/imports`, {
    method: 'POST',
    headers: { authorization: `Bearer ${to.key}` },
    body,
  });
  return {
    status: response.status,
    headers: response.headers,
    json: (await response.json()) as ApiAnswer['json'],
  };
}

/** Waits until the import is in one of the states and answers it. */
export async function settled(
  api: Api,
  id: string,
  states: readonly string[] = ['done', 'failed', 'cancelled'],
): Promise<ImportData> {
  let last: ImportData | undefined;
  try {
    return await until(
      `import ${id} is ${states.join(' or ')}`,
      async () => {
        last = (await api.get(`/imports/${id}`)).json.data as unknown as ImportData;
        return states.includes(last.state) ? last : undefined;
      },
      60_000,
    );
  } catch (error) {
    throw new Error(`${String(error)}: ${JSON.stringify(last)}`, { cause: error });
  }
}
