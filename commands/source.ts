import { LeitwerkError, type Text } from '../core/errors.ts';
import type { Snapshot } from '../store/registry.ts';

/** A source as `config/sources/<key>.yaml` defines it. */
export interface Source {
  readonly key: string;
  readonly label: Text;
  readonly auth: 'hmac' | 'api-key' | 'public';
  readonly isActive?: boolean;
  readonly mapping?: string;
  readonly defaults?: Readonly<Record<string, unknown>>;
  readonly rateLimit?: { readonly perMinute: number };
  readonly allowedOrigins?: readonly string[];
  readonly form?: SourceForm;
}

export interface SourceForm {
  readonly title: Text;
  readonly intro?: Text;
  readonly fields: readonly SourceFormField[];
  readonly files?: SourceFormFiles;
  readonly submit?: Text;
  readonly thanks: Text;
  readonly consentText?: Text;
}

export interface SourceFormField {
  readonly field: string;
  readonly label?: Text;
  readonly help?: Text;
  readonly placeholder?: Text;
  readonly isRequired?: boolean;
}

/** The input of a form that takes files. */
export interface SourceFormFiles {
  readonly label?: Text;
  readonly help?: Text;
  readonly isRequired?: boolean;
  /** How many at most; absent = one. */
  readonly most?: number;
}

/** Name under which a source's secret is kept. */
export const sourceSecretName = (source: string): string => `source/${source}`;

/** @throws LeitwerkError `NotFound` for an unknown, archived or inactive source. */
export function sourceOf(snapshot: Snapshot, key: string): Source {
  const source = snapshot.config('sources').get(key)?.value as Source | undefined;
  if (source === undefined || source.isActive === false) {
    throw new LeitwerkError('NotFound', { text: { de: `Die Quelle „${key}“ gibt es nicht.`, en: `There is no source "${key}".` } });
  }
  return source;
}
