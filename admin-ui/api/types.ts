import type { EntitySchema } from '../../core/entity.ts';
import type { Text } from '../../core/errors.ts';
import type { AttachedFile } from '../model/attachments.ts';

/** A record of any entity: field values as the API sends them (references are ids, money is a number of units). */
export interface RecordValue {
  readonly id: string;
  readonly version: number;
  readonly [field: string]: unknown;
}

export interface Page {
  readonly data: readonly RecordValue[];
  readonly page: { readonly next: string | null; readonly total: number | null; readonly totalExact: boolean };
  readonly _labels?: Readonly<Record<string, string>>;
}

export interface OneRecord {
  readonly data: RecordValue;
  readonly _labels?: Readonly<Record<string, string>>;
}

export interface Written {
  readonly data: RecordValue;
  readonly event?: number;
  /** What a split left as it is. */
  readonly conflicts?: readonly unknown[];
}

type Verbs = Readonly<Record<string, boolean>>;
type Area = 'config' | 'users' | 'keys' | 'operate' | 'audit';

export interface Session {
  readonly user: {
    readonly id: string;
    readonly name: string;
    readonly email: string;
    readonly role: string;
    readonly team: string | null;
    readonly language: 'de' | 'en' | null;
  };
  readonly tenant: { readonly id: string; readonly name: string };
  readonly can: Readonly<Record<string, Verbs>>;
  readonly may: Readonly<Partial<Record<Area, boolean>>>;
  readonly links?: { readonly temporalUi: string | null };
}

export interface PublishedSchema {
  readonly entity: string;
  readonly plural: string;
  readonly revision: number;
  readonly schema: EntitySchema;
}

export interface ConfigItem {
  readonly key: string;
  readonly revision: number;
  readonly value: ConfigValue;
  readonly usage?: number;
  readonly isArchived?: boolean;
}

export interface ConfigValue {
  readonly label?: Text;
  readonly color?: string;
  readonly position?: number;
  readonly [name: string]: unknown;
}

export interface Stage {
  readonly key: string;
  readonly label: Text;
  readonly end?: boolean;
}

export interface User {
  readonly id: string;
  readonly name: string;
  readonly email?: string;
  readonly role?: string;
  readonly team?: string | null;
  readonly isDisabled?: boolean;
}

export interface Match {
  readonly id: string;
  readonly name?: string;
  readonly title?: string;
  readonly city?: string | null;
  readonly email?: string | null;
  readonly organization?: string | null;
  readonly createdAt?: string;
  readonly state?: string;
  readonly score: number;
  /** The same without anybody looking. */
  readonly certain: boolean;
  readonly reasons: readonly Reason[];
}

/** Why two records may be the same, in both languages. */
export interface Reason extends Text {
  readonly kind: string;
}

/** Two records that may be the same, the older first. */
export interface DuplicatePair {
  readonly state: 'open' | 'distinct' | 'merged';
  readonly score: number;
  readonly reasons: readonly Reason[];
  readonly decidedAt: string | null;
  readonly decidedBy: string | null;
  readonly records: readonly [RecordValue, RecordValue];
}

export interface Matches {
  readonly organizations: readonly Match[];
  readonly persons: readonly Match[];
  readonly leads: readonly Match[];
}

export interface ProcessView {
  readonly state: 'none' | 'starting' | 'running' | 'parked' | 'done';
  readonly pipeline: string | null;
  readonly revision: number | null;
  readonly latestRevision: number | null;
  readonly stage: string | null;
  readonly nextActionAt: string | null;
  readonly nextAction: Text | null;
  readonly error: null | {
    readonly code: string;
    readonly message: string;
    readonly step?: string;
    readonly at?: string;
    readonly attempts?: number;
  };
  readonly temporalUrl: string | null;
  readonly migratable: boolean;
}

export interface SourceFigures {
  readonly key: string;
  readonly label: Text;
  readonly auth: 'hmac' | 'api-key' | 'public' | 'mail';
  readonly url: string;
  readonly formUrl: string | null;
  readonly lastAt: string | null;
  readonly count24h: number;
  readonly errors24h: number;
  readonly perHour: readonly number[];
  readonly alerts: readonly { readonly kind: 'silence' | 'errorRate'; readonly since: string; readonly text: Text }[];
  readonly preset: string | null;
  /** Its outside system is asked. */
  readonly isFetched: boolean;
  /** Whether the connection that it names exists; null when it names none. */
  readonly hasConnection: boolean | null;
  readonly feed: Feed | null;
}

/** How fetching a source stands. */
interface Feed {
  readonly state: 'ok' | 'failing' | 'stopped';
  readonly lastSuccessAt: string | null;
  readonly fault: { readonly message: Text } | null;
  readonly figures: Readonly<Record<string, number>> | null;
}

/** An outside system that the company is connected with. */
export interface Connection {
  readonly id: string;
  readonly version: number;
  readonly kind: string;
  readonly kindLabel: Text;
  readonly name: string;
  readonly settings: Readonly<Record<string, string | number>>;
  readonly state: 'untested' | 'ok' | 'failing';
  readonly lastSuccessAt: string | null;
  readonly fault: { readonly message: Text } | null;
  /** Keys of the sources that come through it. */
  readonly sources: readonly string[];
}

export interface ConnectionField {
  readonly 'x-label': Text;
  readonly 'x-help': Text;
  readonly 'x-multiline'?: boolean;
  readonly type?: string;
  /** Used where nothing is filled in. */
  readonly default?: string;
  /** Values to choose from. */
  readonly 'x-options'?: Readonly<Record<string, Text>>;
}

interface ConnectionPart {
  readonly required?: readonly string[];
  readonly properties: Readonly<Record<string, ConnectionField>>;
}

/** A kind of outside system, and what it asks for. */
export interface ConnectionKind {
  readonly kind: string;
  readonly label: Text;
  readonly help: Text;
  readonly settings: ConnectionPart;
  readonly credentials: ConnectionPart;
}

/** What a received message says, what today's mapping makes of it, and how earlier attempts came out. */
export interface ParsedMessage {
  /** Null for mails and for what cannot be read. */
  readonly fields: Readonly<Record<string, unknown>> | null;
  readonly values: Readonly<Record<string, unknown>> | null;
  readonly additional: Readonly<Record<string, unknown>> | null;
  readonly issues: readonly { readonly path: string; readonly message: string }[];
  /** What a notice tells of; null for other messages. */
  readonly tells:
    | null
    | readonly {
        readonly id: string;
        readonly facts: Readonly<Record<string, unknown>>;
        readonly isFetched: boolean;
        readonly lead: string | null;
        readonly leadName: string | null;
      }[];
  readonly attempts: readonly {
    readonly at: string;
    readonly actorName: string;
    readonly state: string | null;
    readonly errors: unknown;
  }[];
}

export interface AuditEntry {
  readonly seq: number;
  readonly at: string;
  readonly actor: string;
  readonly actorName?: string;
  readonly act: string;
  readonly entity: string;
  readonly recordId: string;
  readonly changes?: Readonly<Record<string, readonly [unknown, unknown]>>;
}

export interface PartState {
  readonly state: string;
  readonly since?: string;
  readonly texts?: Text;
  readonly [figure: string]: unknown;
}

export interface Operations {
  readonly parts: Readonly<Record<string, PartState>>;
  readonly attention: readonly {
    readonly entity: string;
    readonly recordId: string;
    readonly title: string;
    readonly step: string | null;
    readonly error: string | null;
    readonly since: string | null;
    readonly temporalUrl: string | null;
    /** What to post to when it is to be tried again, or left out. */
    readonly retry: string | null;
    readonly skip: string | null;
  }[];
}

/** One committed change, as the event stream tells it. */
export interface ChangeEvent {
  readonly seq: number;
  readonly entity: string;
  readonly id: string;
  readonly act: string;
  readonly actor: string;
  readonly actorName?: string;
  readonly version?: number;
  readonly at: string;
}

/** What a process told this person about a record. */
export interface Notice {
  readonly id: string;
  readonly at: string;
  readonly entity: string;
  readonly recordId: string;
  /** The record's name; null when it is gone or closed to this person. */
  readonly title: string | null;
  readonly text: { readonly de: string; readonly en: string };
  readonly readAt: string | null;
}

export interface ApiKey {
  readonly id: string;
  readonly name: string;
  readonly prefix?: string;
  readonly role?: string | null;
  readonly scopes?: readonly string[] | null;
  readonly expiresAt?: string | null;
  readonly lastUsedAt?: string | null;
  readonly revokedAt?: string | null;
}

export interface SearchHit {
  readonly entity: string;
  readonly id: string;
  readonly title: string;
  readonly subtitle?: string | null;
}

export interface MailAddress {
  readonly address: string;
  readonly name: string;
}

export interface Mail {
  readonly id: string;
  readonly subject: string | null;
  readonly from?: MailAddress | null;
  readonly to?: readonly MailAddress[];
  readonly cc?: readonly MailAddress[];
  readonly date?: string | null;
  readonly trust?: {
    readonly level: string;
    readonly spf: string;
    readonly dkim: string;
    readonly dmarc: string;
    readonly reason: Text;
  } | null;
  readonly doubts?: readonly Text[];
  readonly text: string;
  /** Sanitised, the mail's own pictures in it as `data:` URLs. */
  readonly html: string | null;
  /** `isInline`: the HTML shows it. */
  readonly files: readonly (AttachedFile & { readonly isInline: boolean })[];
}

export interface MailProposals {
  readonly records: readonly {
    readonly entity: string;
    readonly id: string;
    readonly title: string;
    readonly reason: 'number' | 'thread' | 'address';
  }[];
  readonly person: Readonly<Record<string, unknown>> | null;
}
