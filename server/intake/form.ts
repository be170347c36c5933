import type { Express } from 'express';
import type { Services } from '../services.ts';

/** The hosted form of a source and the script that embeds it. */
export function formRoutes(_app: Express, _services: Services): void {
  // Written next.
}
