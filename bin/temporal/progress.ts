import type { Text } from '../../core/errors.ts';

export type TemporalState = 'finding' | 'downloading' | 'building' | 'starting' | 'ready' | 'failed';

/** What the console and the health page say about the Temporal server. `since` is when this state began. */
export interface TemporalProgress {
  readonly state: TemporalState;
  readonly since: string;
  readonly text: Text;
}

export type ReportProgress = (state: TemporalState, text: Text) => void;
