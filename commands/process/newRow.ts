import { newProcess } from '../../core/pipeline/state.ts';
import type { ProcessKey, ProcessRow } from '../../store/processes.ts';
import type { RecordData } from '../../store/record-table.ts';

/** The row of a process that has taken no step yet. */
export const newRow = (key: ProcessKey, record: RecordData | undefined, at: string): ProcessRow => ({
  ...key,
  pipeline: String(record?.['pipeline'] ?? ''),
  revision: Number(record?.['pipelineRevision'] ?? 0),
  state: 'running',
  position: newProcess,
  seenSeq: 0,
  seenVersions: {},
  touchedAt: undefined,
  next: undefined,
  error: undefined,
  startedAt: at,
  updatedAt: at,
});
