import type { IncomingHttpHeaders } from 'node:http';
import type { ConnectionKind } from '../core/connections.ts';
import type { Text } from '../core/errors.ts';
import type { SheetRow } from '../core/sheet-plan.ts';
import type { SourcesConfig } from '../schemas/generated/config.ts';
import type { Egress } from './egress.ts';

type Values = Readonly<Record<string, unknown>>;

/** What a connector calls its outside system with: a connection that has been opened, and the one way out. */
export interface Access {
  readonly egress: Egress;
  readonly settings: Values;
  readonly credentials: Values;
  readonly now: Date;
  /** Address of the system's API where it is not the usual one (`CONNECTOR_URLS`). */
  readonly apiUrl: string | undefined;
}

/** A kind of connection with the call that shows whether it works. */
export interface ConnectorKind extends ConnectionKind {
  /**
   * Answers in one sentence what was reached.
   * @throws LeitwerkError `RemoteRejected` or `RemoteUnavailable` saying what to do.
   */
  test(access: Access): Promise<Text>;
}

/** One thing that a delivery tells of. */
export interface Notice {
  /** What the outside system knows it under. */
  readonly id: string;
  /** Where in the delivery it stands, as a JSON pointer. */
  readonly path: string;
  readonly facts: Values;
}

/** A request to a source, on the bytes as they came. */
export interface SignedRequest {
  readonly headers: IncomingHttpHeaders;
  readonly raw: Uint8Array;
}

/** A thing that was fetched, as mapping rows see it. */
export interface FetchedItem {
  readonly id: string;
  readonly body: Values;
}

/**
 * How one well-known sender speaks to a source of the kind `hmac`. A source names it (`preset: …`); deliveries in the source's own way
 * (Standard Webhooks) stay possible beside it.
 */
export interface Preset {
  readonly key: string;
  readonly label: Text;
  readonly connection: ConnectorKind;
  /** Absent: the system calls nobody. */
  readonly webhook?: PresetWebhook;
  /** A table whose rows are read again and again. */
  readonly table?: PresetTable;
  /**
   * Asks for what deliveries may have missed. Yields things as they are found; the cursor behind the last one is kept when all is done.
   * @throws LeitwerkError as `fetch` does.
   */
  readonly catchUp?: (access: Access, cursor: unknown) => AsyncGenerator<readonly FetchedItem[], unknown>;
}

/** Where the rows of a table are, as a source says (`sheet`). */
export type SheetSettings = NonNullable<SourcesConfig['sheet']>;

/** A table as it was read. */
export interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly SheetRow[];
  /** `de_DE`: how numbers are written in it. */
  readonly locale: string;
  /** What the tab is known by when it is renamed. */
  readonly tabId: number;
  readonly tabTitle: string;
}

/** A cell to write: a column of the table and a row's number. */
export interface TableCell {
  readonly column: string;
  readonly row: number;
  readonly value: string;
}

export interface PresetTable {
  /** @throws LeitwerkError as `fetch` does. */
  read(access: Access, settings: SheetSettings, known: { readonly tabId?: number }): Promise<Table>;
  write(
    access: Access,
    settings: SheetSettings,
    change: { readonly table: Table; readonly cells: readonly TableCell[] },
  ): Promise<void>;
}

export interface PresetWebhook {
  /** Whether a request carries this sender's own signature. */
  isSigned(headers: IncomingHttpHeaders): boolean;
  /** @throws LeitwerkError `Unauthenticated`. */
  assertSigned(credentials: Values, request: SignedRequest): void;
  /**
   * The answer to the sender's question whether the address is ours.
   * @throws LeitwerkError `Unauthenticated`.
   */
  readonly answerChallenge?: (credentials: Values, query: URLSearchParams) => string;
  /** What a delivery tells of; what is none of our business is left out. */
  readNotices(body: Values): readonly Notice[];
  /**
   * Gets the thing itself where the delivery only names it; absent: the notice's facts are all.
   * @throws LeitwerkError `RemoteUnavailable` where trying again may help, `RemoteRejected` where a person has to do something first.
   */
  readonly fetch?: (access: Access, notice: Notice) => Promise<Values>;
}
