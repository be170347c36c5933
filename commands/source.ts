import { LeitwerkError } from '../core/errors.ts';
import type { SourcesConfig } from '../schemas/generated/config.ts';
import type { Snapshot } from '../store/registry.ts';

/** A source as `config/sources/<key>.yaml` defines it. */
export type Source = Readonly<SourcesConfig>;
export type SourceForm = NonNullable<Source['form']>;
export type SourceFormField = SourceForm['fields'][number];

/** Name under which a source's secret is kept. */
export const sourceSecretName = (source: string): string => `source/${source}`;

/** Whether what comes are rows of a table: their names are headings, read as those of files are. */
export const hasRows = ({ sheet, preset }: Source): boolean => sheet !== undefined || preset === 'google-sheets';

/** @throws LeitwerkError `NotFound` for an unknown, archived or inactive source. */
export function sourceOf(snapshot: Snapshot, key: string): Source {
  const source = snapshot.config('sources').get(key)?.value as Source | undefined;
  if (source === undefined || source.isActive === false) {
    throw new LeitwerkError('NotFound', {
      text: { de: `Die Quelle „${key}“ gibt es nicht.`, en: `There is no source "${key}".` },
    });
  }
  return source;
}
