import type { ProcessRequest } from '../commands/process/release.ts';
import type { ProcessStep } from '../commands/process/step.ts';
import type { ProcessKey } from '../store/processes.ts';

/** Input of the workflow `runPipeline`: whose process it is, no contents. */
export interface ProcessInput extends ProcessKey {
  readonly pipeline: string;
  readonly revision: number;
  /** Stage that the search attributes were started with. */
  readonly stage: string;
  /** False where the namespace does not know our search attributes. */
  readonly hasAttributes: boolean;
}

export interface AdvanceInput extends ProcessKey {
  readonly request?: ProcessRequest;
}

export interface ParkInput extends ProcessKey {
  readonly code: string;
  readonly message: { readonly de: string; readonly en: string };
  readonly effect?: string;
  readonly attempts: number;
}

export interface EffectInput {
  readonly tenantId: string;
  readonly id: string;
}

/** How often and how fast a mail or webhook is tried again before the process is parked. */
export interface EffectRetry {
  readonly maximumAttempts: number;
  readonly initialIntervalMs: number;
}

export interface AdvanceResult extends ProcessStep {
  readonly retry: EffectRetry;
}

/** Input of the workflow `runImport`: whose import it is, no contents. */
export interface ImportInput {
  readonly tenantId: string;
  readonly id: string;
}

export interface FailedImport extends ImportInput {
  readonly code: string;
  readonly message: { readonly de: string; readonly en: string };
}

/** Ordinary activities: a file may take hours, and beats meanwhile. */
export interface ImportActivities {
  /** Does what the import's row says there is to do, from where it stands. */
  carryImport(input: ImportInput): Promise<void>;
  failImport(input: FailedImport): Promise<void>;
}

/** Ordinary activities: what a delivery tells of is fetched from outside. */
export interface CollectActivities {
  collectMessage(input: ImportInput): Promise<void>;
  /** Trying has come to an end: a person has to look. */
  parkMessage(input: ImportInput): Promise<void>;
}

/** Input of the workflow `pollSource`: which source, no contents. */
export interface SourceInput {
  readonly tenantId: string;
  readonly source: string;
}

/** Ordinary activities: an outside system is asked what is new. */
export interface PollActivities {
  pollSource(input: SourceInput): Promise<void>;
}

/** Local activities: our own commands, one short transaction each. */
export interface ProcessActivities {
  advance(input: AdvanceInput): Promise<AdvanceResult>;
  park(input: ParkInput): Promise<AdvanceResult>;
}

/** Ordinary activities: what leaves the machine. */
export interface EffectActivities {
  performEffect(input: EffectInput): Promise<void>;
}
