import type { IncomingMessage, ServerResponse } from 'node:http';
import type { EntityModel } from '../core/entity.ts';
import type { Text } from '../core/errors.ts';
import type { areas, Verb } from '../core/permissions.ts';
import type { Snapshot } from '../store/registry.ts';
import type { Context } from '../commands/context.ts';
import type { RateLimit } from './rate-limits.ts';
import type { Services } from './services.ts';

export type JsonSchema = Readonly<Record<string, unknown>>;

/**
 * Who may call a route. `visitor`: anyone; `signedIn`: any user or key (the handler shows only what is theirs);
 * `verb`: a right on the entity of the path (`:plural`) or the one named; `may`: an area such as `config`.
 */
export type Access =
  | { readonly kind: 'visitor' }
  | { readonly kind: 'signedIn' }
  | { readonly kind: 'verb'; readonly verb: Verb; readonly entity?: string }
  | { readonly kind: 'may'; readonly area: (typeof areas)[number] };

export interface Call {
  readonly ctx: Context;
  readonly services: Services;
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly body: unknown;
  readonly headers: IncomingMessage['headers'];
  /** For handlers that read the body themselves. */
  readonly request: IncomingMessage;
  readonly client: { readonly address: string; readonly isSecure: boolean };
  readonly response: ServerResponse;
}

export interface Answer {
  /** 200 unless it says otherwise; 204 where there is no body. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly text?: string;
  readonly bytes?: Uint8Array;
  /** The handler wrote the response itself (streams). */
  readonly isHandled?: boolean;
}

export interface Route {
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** Below `/api/v1`; `:plural` stands for every entity. */
  readonly path: string;
  readonly summary: Text;
  readonly access: Access;
  /** JSON Schema of the body; a function where it depends on the entity. Absent: no body. */
  readonly body?: JsonSchema | ((model: EntityModel, snapshot: Snapshot) => JsonSchema);
  /** The handler reads the body as it comes: it may be large. */
  readonly isStreamed?: boolean;
  /** Content types of the body beside JSON. */
  readonly accepts?: readonly string[];
  /** The parameters that there are; any other is refused. */
  readonly query?: Readonly<Record<string, JsonSchema>>;
  /** Schema of the answer's `data`, for the description. */
  readonly answer?: JsonSchema | ((model: EntityModel, snapshot: Snapshot) => JsonSchema);
  /** Restricts `:plural` routes to some entities. */
  readonly isFor?: (model: EntityModel) => boolean;
  readonly limit?: RateLimit;
  readonly handle: (call: Call) => Promise<Answer> | Answer;
}
