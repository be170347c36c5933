import type { Api } from './api.ts';
import { until } from './processes.ts';

/** How fetching a source stands, as the API shows it. */
export interface FeedData {
  readonly state: 'ok' | 'failing' | 'stopped';
  readonly lastRunAt: string | null;
  readonly lastSuccessAt: string | null;
  readonly fault: { readonly code: string; readonly message: { readonly de: string; readonly en: string } } | null;
  readonly figures: Readonly<Record<string, number>> | null;
}

export async function readFeedOf(api: Api, source: string): Promise<FeedData | undefined> {
  const found = (await api.get('/sources')).json.data.find((one) => one['key'] === source);
  return (found?.['feed'] ?? undefined) as FeedData | undefined;
}

/** Pushes "fetch now" and answers how that run came out. */
export async function fetchNow(api: Api, source: string): Promise<FeedData> {
  const before = await readFeedOf(api, source);
  const answer = await api.post(`/sources/${source}/fetch`);
  if (answer.status !== 202) throw new Error(`${answer.status} ${answer.text}`);
  const ended = async (): Promise<FeedData | undefined> => {
    const now = await readFeedOf(api, source);
    return now === undefined || now.lastRunAt === before?.lastRunAt ? undefined : now;
  };
  return await until(`a run of ${source}`, ended, 60_000);
}

/** Waits until fetching stands like this. */
export async function feedIn(
  api: Api,
  source: string,
  state: FeedData['state'],
  timeoutMs?: number,
): Promise<FeedData> {
  const look = async (): Promise<FeedData | undefined> => {
    const now = await readFeedOf(api, source);
    return now?.state === state ? now : undefined;
  };
  return await until(`${source} is ${state}`, look, timeoutMs);
}
