import type { Express } from 'express';
import type { Intake } from "./intake.ts";
import type { Services } from '../services.ts';

/** The hosted form of a source and the script that embeds it. */
export function formRoutes(_app: Express, _services: Services, _intake: Intake): void {
  // Written next.
}
