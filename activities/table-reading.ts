import type { Context } from '../commands/context.ts';
import type { Source } from '../commands/source.ts';
import type { Access, PresetTable, SheetSettings } from '../connectors/port.ts';
import type { PlannedRow } from '../core/sheet-plan.ts';
import type { FeedItem, FeedKey } from '../store/feeds.ts';
import type { Outgoing } from './outgoing.ts';

/** Where the next run goes on. */
export interface Cursor {
  readonly tabId: number;
  readonly columns: readonly string[];
  /** Revisions of source, mapping and fields that the rows were last read under. */
  readonly revisions: string;
}

/** One run over a table. */
export interface Reading {
  readonly outgoing: Outgoing;
  readonly ctx: Context;
  readonly source: Source;
  readonly settings: SheetSettings;
  readonly access: Access;
  readonly port: PresetTable;
  readonly key: FeedKey;
  readonly before: Cursor | null;
  readonly revisions: string;
}

export type Planned = PlannedRow<FeedItem>;

/** Headings of the columns that we fill in ourselves. */
export const ownColumns = ({ settings }: Reading): string[] =>
  [settings.writeBack?.status, settings.writeBack?.link].filter((name) => name !== undefined);
