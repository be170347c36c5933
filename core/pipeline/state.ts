import type { Calendar } from '../calendar.ts';
import type { Text } from '../errors.ts';
import type { EventView, RecordValues } from './conditions.ts';
import type { AssignConfig, Recipient, TimerKind } from './config.ts';
import type { PipelineDefinition } from './definition.ts';

/** One timer of the entered stage. */
export interface TimerState {
  /** Instant it counts from; another one arms it anew. */
  readonly base: string;
  readonly fired: number;
  /** Next firing; null = has done all it will. */
  readonly dueAt: string | null;
}

/** A jump that the record may not make yet: tried again whenever something changes, while what it followed from still holds. */
export interface RefusedJump {
  readonly stage: string;
  /** Condition of the action, and what `event` is in it. */
  readonly if: string | null;
  readonly event: ProcessEvent | null;
  /** What is missing. */
  readonly text: Text;
}

/** A stage entry that was left, or ended with its record. Where an undo leads back into it, it goes on. */
export interface FormerEntry {
  readonly stage: string;
  readonly entry: number;
  readonly enteredAt: string | null;
  readonly timers: Readonly<Record<string, TimerState>>;
  readonly isPlanDone: boolean;
  readonly refused: RefusedJump | null;
  /** Steps of the plan that were cancelled with it. */
  readonly cancelled: readonly string[];
}

/** Where a record's process stands. Plain JSON. */
export interface ProcessState {
  /** Stage whose entry has been carried out; null before the first. */
  readonly stage: string | null;
  /** Number of stage entries so far. */
  readonly entry: number;
  readonly enteredAt: string | null;
  readonly timers: Readonly<Record<string, TimerState>>;
  /** `planDone` has happened in this entry. */
  readonly isPlanDone: boolean;
  readonly isDone: boolean;
  /** The last one in this entry. */
  readonly refused: RefusedJump | null;
  /** The newest that are over, oldest first. */
  readonly former: readonly FormerEntry[];
}

export const newProcess: ProcessState = {
  stage: null,
  entry: 0,
  enteredAt: null,
  timers: {},
  isPlanDone: false,
  isDone: false,
  refused: null,
  former: [],
};

/** An activity of the record that came from a plan. */
export interface PlanActivity {
  readonly stage: string;
  readonly planKey: string;
  readonly state: 'open' | 'done' | 'cancelled';
  readonly isMandatory: boolean;
  readonly createdAt: string;
}

/** Of these steps, the activities that were cancelled with an entry since `since`: the first of each, later ones belong to later entries. */
export const cancelledIn = <T extends PlanActivity>(
  activities: readonly T[],
  of: { readonly stage: string; readonly steps: readonly string[]; readonly since: string },
): T[] =>
  of.steps.flatMap((step) => {
    const [first] = activities
      .filter(({ stage, planKey }) => stage === of.stage && planKey === step)
      .filter(({ createdAt }) => Date.parse(createdAt) >= Date.parse(of.since))
      .toSorted((one, other) => Date.parse(one.createdAt) - Date.parse(other.createdAt));
    return first?.state === 'cancelled' ? [first] : [];
  });

/** Something that happened to the record or its activities, newest last. What the process did itself is left out. */
export interface ProcessEvent extends EventView {
  readonly seq: number;
  readonly at: string;
}

/**
 * What is to be done, in this order. `key` names the doing for ever: `<entity>/<id>/<stage>/<entry>/<action path>`.
 * `sendMail` and `callWebhook` leave the machine; the rest are rows of the same transaction.
 */
export type Effect = { readonly key: string } & (
  | { readonly kind: 'createActivity'; readonly activity: NewActivity }
  | { readonly kind: 'cancelActivities'; readonly stage: string; readonly steps?: readonly string[] }
  | {
      readonly kind: 'reopenActivities';
      readonly stage: string;
      readonly steps: readonly string[];
      readonly since: string;
    }
  | { readonly kind: 'notify'; readonly to: readonly Recipient[]; readonly text: Text; readonly mustReach?: boolean }
  | { readonly kind: 'assign'; readonly assign: AssignConfig }
  | { readonly kind: 'setFields'; readonly values: RecordValues }
  | { readonly kind: 'addTags'; readonly tags: readonly string[] }
  | { readonly kind: 'timeline'; readonly text: Text }
  | { readonly kind: 'moveStage'; readonly from: string; readonly to: string; readonly at: string }
  | { readonly kind: 'sendMail'; readonly template: string; readonly to: readonly Recipient[] }
  | { readonly kind: 'callWebhook'; readonly url: string; readonly event: string }
);

export type ExternalEffect = Extract<Effect, { kind: 'sendMail' | 'callWebhook' }>;

export const isExternal = (effect: Effect): effect is ExternalEffect =>
  effect.kind === 'sendMail' || effect.kind === 'callWebhook';

export interface NewActivity {
  readonly type: string;
  readonly title: Text;
  readonly note: Text | undefined;
  readonly startAt: string;
  readonly dueAt: string;
  readonly assignee: Recipient;
  readonly isMandatory: boolean;
  readonly stage: string;
  /** Absent for activities made by an action. */
  readonly planKey: string | undefined;
}

export interface DecideInput {
  readonly definition: PipelineDefinition;
  readonly process: ProcessState;
  /** Null when the record is gone. */
  readonly record: RecordValues | null;
  readonly activities: readonly PlanActivity[];
  readonly events: readonly ProcessEvent[];
  readonly now: string;
  readonly calendar: Calendar;
  /** Last act of a person on the record; for timers with `since: change`. */
  readonly touchedAt?: string | undefined;
}

/** What the process waits for. */
export interface NextAction {
  readonly at: string;
  readonly kind: TimerKind;
  readonly timer: string;
  readonly text: Text;
}

export interface Decision {
  readonly process: ProcessState;
  readonly effects: readonly Effect[];
  readonly next: NextAction | undefined;
}
