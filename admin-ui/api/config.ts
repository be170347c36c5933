import type { LineDiff } from '../../core/config/diff.ts';
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

/** A text as it was written, comments and all, and the revision that it is. */
export interface PublishedText {
  readonly yaml: string;
  readonly revision: number;
}

/** Publishes a value as JSON; the server answers 422 with every fault. */
export async function putConfig(kind: string, key: string, value: ConfigValue): Promise<void> {
  await request('PUT', `/config/${kind}/${key}`, { body: value });
}

export async function archiveConfig(kind: string, key: string): Promise<void> {
  await request('DELETE', `/config/${kind}/${key}`);
}

export async function readYaml(kind: string, key: string): Promise<PublishedText> {
  const { body, version } = await request<string>('GET', `/config/${kind}/${key}`, { accept: 'application/yaml' });
  return { yaml: body, revision: version ?? 0 };
}

export async function readConfigRevisions(kind: string, key: string): Promise<readonly ConfigRevision[]> {
  return (await request<{ data: ConfigRevision[] }>('GET', `/config/${kind}/${key}/revisions`)).body.data;
}

interface Name {
  readonly kind: string;
  readonly key: string;
}

/** Says what publishing the text would change. */
export async function checkYaml({ kind, key }: Name, yaml: string): Promise<LineDiff> {
  const options = { text: yaml, contentType: 'application/yaml' };
  return (await request<{ data: { diff: LineDiff } }>('PUT', `/config/${kind}/${key}?dryRun=1`, options)).body.data
    .diff;
}

/** Publishes the text over the revision that it was made from; another one in between is a conflict. Answers the new revision. */
export async function publishYaml({ kind, key }: Name, { yaml, revision }: PublishedText): Promise<number> {
  const options = { text: yaml, contentType: 'application/yaml', ifMatch: revision };
  return (await request<{ data: { revision: number } }>('PUT', `/config/${kind}/${key}`, options)).body.data.revision;
}

export async function restoreConfig(name: Name, revision: number): Promise<void> {
  await request('POST', `/config/${name.kind}/${name.key}/revisions/${revision}/restore`, { body: {} });
}
