import type { Text } from '../../core/errors.ts';
import { read, request } from './client.ts';

/** What taking one process to another revision would do. */
export interface MigrationPreview {
  readonly stage: { readonly from: string; readonly to: string };
  readonly timers: {
    readonly added: readonly Text[];
    readonly removed: readonly Text[];
    readonly changed: readonly Text[];
  };
  readonly planOnlyInNew: readonly Text[];
  readonly planChanged: readonly Text[];
}

export interface Migration {
  readonly plural: string;
  readonly revision: number;
  /** Stage of the old revision → stage of the new one, where the names differ. */
  readonly stageMap?: Readonly<Record<string, string>>;
}

export async function previewMigration(id: string, { plural, ...wish }: Migration): Promise<MigrationPreview> {
  const path = `/${plural}/${id}/process/migrate?dryRun=1`;
  return (await request<{ data: MigrationPreview }>('POST', path, { body: wish })).body.data;
}

/** Processes of a pipeline that run under older revisions; `ids` are the first thousand of them. */
export interface Outdated {
  readonly plural: string;
  readonly latest: number;
  readonly total: number;
  readonly groups: readonly {
    readonly revision: number;
    readonly stage: string;
    readonly label: Text;
    readonly count: number;
    readonly sample: string;
  }[];
  readonly ids: readonly string[];
}

export async function readOutdated(pipeline: string): Promise<Outdated> {
  return await read<Outdated>(`/config/pipelines/${pipeline}/outdated`);
}

interface Bulk {
  readonly data: { readonly changed: number; readonly failed: readonly unknown[] };
}

/** Takes all of them along, a thousand at a time, until none is left or none can be. Answers how many were and how many were not. */
export async function migrateOutdated(
  pipeline: string,
  { plural, ...wish }: Migration,
  onProgress: (changed: number) => void,
): Promise<{ readonly changed: number; readonly failed: number }> {
  let changed = 0;
  for (;;) {
    const { ids } = await readOutdated(pipeline);
    if (ids.length === 0) return { changed, failed: 0 };
    const { body } = await request<Bulk>('POST', `/${plural}/bulk`, {
      body: { ids, act: 'process/migrate', input: wish },
    });
    changed += body.data.changed;
    onProgress(changed);
    // Those that failed come again and again; a round of nothing else is the last one.
    if (body.data.changed === 0) return { changed, failed: body.data.failed.length };
  }
}
