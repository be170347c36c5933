import { noticeTable } from './notices.ts';
import { effectTable } from './effects.ts';
import { leaseTable } from './outbox.ts';
import { partReportTable } from './part-reports.ts';
import { processTable, turnTable } from './processes.ts';
import { sourceAlertTable } from './source-alerts.ts';
import type { TableDefinition } from './tables.ts';

/** Everything that processes, their effects and the relay need beside the records. */
export const processTables: readonly TableDefinition[] = [
  processTable,
  turnTable,
  effectTable,
  leaseTable,
  noticeTable,
  sourceAlertTable,
  partReportTable,
];
