import { request } from './client.ts';
import type { ConfigValue } from './types.ts';

export interface ConfigRevision {
  readonly revision: number;
  readonly author?: string;
  readonly authorName?: string;
  readonly comment?: string | null;
  readonly at?: string;
  readonly createdAt?: string;
}

export interface PublishAnswer {
  readonly data?: { readonly revision?: number };
  readonly diff?: string;
  readonly [name: string]: unknown;
}

/** Publishes a value as JSON; the server answers 422 with every fault. */
export async function putConfig(kind: string, key: string, value: ConfigValue): Promise<void> {
  await request('PUT', `/config/${kind}/${key}`, { body: value });
}

export async function archiveConfig(kind: string, key: string): Promise<void> {
  await request('DELETE', `/config/${kind}/${key}`);
}

/** The text as it was written, comments and all. */
export async function readYaml(kind: string, key: string): Promise<string> {
  const { body } = await request<unknown>('GET', `/config/${kind}/${key}`, { accept: 'application/yaml' });
  return typeof body === 'string' ? body : JSON.stringify(body, undefined, 2);
}

export async function readConfigRevisions(kind: string, key: string): Promise<readonly ConfigRevision[]> {
  return (await request<{ data: ConfigRevision[] }>('GET', `/config/${kind}/${key}/revisions`)).body.data;
}

export async function putYaml(
  name: { readonly kind: string; readonly key: string },
  yaml: string,
  isDryRun: boolean,
): Promise<PublishAnswer> {
  const path = `/config/${name.kind}/${name.key}${isDryRun ? '?dryRun=1' : ''}`;
  return (await request<PublishAnswer>('PUT', path, { text: yaml, contentType: 'application/yaml' })).body ?? {};
}

export async function restoreConfig(
  name: { readonly kind: string; readonly key: string },
  revision: number,
): Promise<void> {
  await request('POST', `/config/${name.kind}/${name.key}/revisions/${revision}/restore`, { body: {} });
}
