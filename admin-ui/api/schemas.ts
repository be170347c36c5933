import type { EntitySchema } from '../../core/entity.ts';
import { ApiError, request } from './client.ts';

/** What publishing a schema would touch, in the reader's language. */
export interface SchemaImpact {
  readonly changes: readonly {
    readonly change: string;
    readonly field?: string;
    readonly isDestructive: boolean;
    readonly message: string;
    readonly records: number;
  }[];
  readonly views: readonly { readonly id: string; readonly name: string }[];
  /** Places in settings that name what is gone; `path` is a JSON pointer. */
  readonly config: readonly { readonly kind: string; readonly key: string; readonly path: string }[];
  /** Confirms exactly this impact. */
  readonly hash: string;
}

/** A schema to publish, against the revision that was read: two admins do not overwrite each other. */
export interface SchemaProposal {
  readonly entity: string;
  readonly schema: EntitySchema;
  /** Absent: the entity is new. */
  readonly revision?: number;
}

/** The schema as its author wrote it. */
export async function readSchema(entity: string): Promise<Required<SchemaProposal>> {
  const { body } = await request<{ data: { schema: EntitySchema; revision: number } }>('GET', `/schemas/${entity}`);
  return { entity, schema: body.data.schema, revision: body.data.revision };
}

const isImpact = (value: unknown): value is SchemaImpact =>
  typeof value === 'object' && value !== null && 'changes' in value && 'hash' in value;

/** Publishes; what touches existing records, views or settings is answered as its impact instead, until it is confirmed. */
export async function publishSchema(proposal: SchemaProposal, confirm?: string): Promise<SchemaImpact | undefined> {
  const { entity, schema, revision } = proposal;
  try {
    await request('PUT', `/schemas/${entity}${confirm === undefined ? '' : `?confirm=${confirm}`}`, {
      body: { schema },
      ...(revision === undefined ? {} : { ifMatch: revision }),
    });
    return undefined;
  } catch (error) {
    if (error instanceof ApiError && isImpact(error.problem['impact'])) return error.problem['impact'];
    throw error;
  }
}
