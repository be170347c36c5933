import type { Health } from '../health.ts';
import type { LiveEvents } from '../live-events.ts';
import type { Route } from '../route.ts';
import { accountRoutes } from './accounts.ts';
import { actRoutes } from './acts.ts';
import { bulkRoute } from './bulk.ts';
import { configRoutes } from './config.ts';
import { duplicateRoutes } from './duplicates.ts';
import { importRoutes } from './imports.ts';
import { connectionRoutes } from './connections.ts';
import { intakeRoutes } from './intake.ts';
import { leadRoutes } from './leads.ts';
import { mailRoutes } from './mail.ts';
import { operationsRoutes } from './operations.ts';
import { overviewRoutes } from './overview.ts';
import { outdatedRoute, processRoute } from './processes.ts';
import { recordRoutes, undoRoute } from './records.ts';
import { webhookRoutes } from './webhooks.ts';

/** What routes need beside the services of every call. */
export interface ApiParts {
  readonly live: LiveEvents;
  readonly health: Health;
  /** Forgets secrets of sources after one was changed. */
  readonly guard: { forget(): void };
}

/**
 * Every route below `/api/v1`, the fixed ones before those of every entity.
 * Description, rights sweeps and Express are made from this list.
 */
export const apiRoutes = ({ live, health, guard }: ApiParts): readonly Route[] => [
  ...accountRoutes,
  ...overviewRoutes,
  ...configRoutes,
  ...operationsRoutes(live, health),
  ...intakeRoutes(guard),
  ...connectionRoutes(guard),
  ...importRoutes,
  ...mailRoutes,
  ...webhookRoutes,
  ...leadRoutes,
  ...duplicateRoutes,
  processRoute,
  outdatedRoute,
  undoRoute,
  bulkRoute,
  ...actRoutes,
  ...recordRoutes,
];
