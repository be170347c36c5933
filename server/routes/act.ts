import type { EntityModel } from '../../core/entity.ts';
import type { Context } from '../../commands/context.ts';
import type { Written } from '../../commands/record-write.ts';
import type { RecordData } from '../../store/record-table.ts';
import type { JsonSchema } from '../route.ts';

/** One act on one record: `POST /<plural>/<id>/<name>`. The bulk route performs the same acts. */
export interface Act {
  readonly name: string;
  /** Entities that have it; absent: every entity with an owner. */
  readonly entities: readonly string[] | 'owned' | 'pipeline' | 'told' | 'all';
  readonly summary: { readonly de: string; readonly en: string };
  readonly body: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  /** Says what it would do, for `?dryRun=1`. */
  readonly preview?: (
    ctx: Context,
    model: EntityModel,
    input: RecordData & { readonly id: string },
  ) => Promise<unknown>;
  readonly perform: (
    ctx: Context,
    model: EntityModel,
    input: RecordData & { readonly id: string; readonly version?: number },
  ) => Promise<Written & { readonly extra?: RecordData }>;
}

/** Schema of a text in an act's body. */
export const text: JsonSchema = { type: 'string' };
export const textOrEmpty: JsonSchema = { type: ['string', 'null'] };
