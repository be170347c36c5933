import type { ConfigIssue } from '../core/config/faults.ts';
import type { Actor } from '../core/actor.ts';
import type { Ability } from '../core/permissions.ts';
import type { Logger } from 'pino';
import type { Egress } from '../connectors/egress.ts';
import type { BlobStore } from '../store/blobs.ts';
import type { Database } from '../store/database.ts';
import type { Registry, Snapshot } from '../store/registry.ts';
import type { SecretBox } from '../store/secrets.ts';
import type { Authenticator } from './auth/authenticate.ts';
import type { Client, Peer } from './auth/client.ts';
import type { RateLimiter } from './rate-limits.ts';

/** A part of the running system as the health page shows it. */
export interface PartHealth {
  readonly state: 'ready' | 'starting' | 'building' | 'degraded' | 'down' | 'off';
  readonly since: string;
  /** The figure that tells most about the part: milliseconds, messages, free bytes … */
  readonly number: number;
  readonly unit: string;
  readonly text?: string;
  readonly [fact: string]: unknown;
}

/** Everything that the HTTP server works with; made in `bin/`, handed down, never reached for. */
export interface Services {
  readonly db: Database;
  readonly registry: Registry;
  readonly blobs: BlobStore;
  readonly secrets: SecretBox;
  /** For trying out connections while a person waits; everything else goes out from the worker. */
  readonly egress: Egress;
  readonly connectorUrls: ReadonlyMap<string, string>;
  readonly authenticator: Authenticator;
  readonly limiter: RateLimiter;
  readonly log: Logger;
  readonly readClient: (peer: Peer) => Client;
  readonly abilityOf: (snapshot: Snapshot, actor: Actor) => Ability;
  readonly now: () => Date;
  readonly newId: () => string;
  /** Tells the relay, wherever it runs, that there is work. */
  readonly wakeRelay: () => void;
  /** Parts that other processes report: Temporal, worker, relay. */
  readonly remoteParts: () => Readonly<Record<string, PartHealth>>;
  /** Address that people use, without a trailing slash. */
  readonly publicUrl: string;
  /** Address of Temporal's UI, null when unknown. */
  readonly temporalUi: () => { readonly url: string; readonly namespace: string } | null;
  readonly isHttps: boolean;
  /** Whether an outgoing mail server is set. */
  readonly hasMail: boolean;
  /** Settings that could not be brought in; what they had last stays in force. */
  readonly configIssues: readonly ConfigIssue[];
  readonly dataFolder: string;
  /** Folder of the built UI. */
  readonly uiFolder: string;
}
