import type { Duration } from '../calendar.ts';
import type { Text } from '../errors.ts';

/**
 * Who gets something: `owner` of the record, its `team`, `role:<key>`, `user:<mail>`,
 * and for mail also `field:<name of a mail field>` and `mail:<address>`.
 */
export type Recipient = string;

/** Value of config kind `pipelines`, as `schemas/config/pipelines.json` lets it through. */
export interface PipelineConfig {
  readonly key: string;
  readonly entity: string;
  readonly label: Text;
  readonly description?: Text;
  readonly calendar?: string;
  readonly position?: number;
  readonly stages: readonly StageConfig[];
}

export interface StageConfig {
  readonly key: string;
  readonly label: Text;
  readonly color?: string;
  readonly probability?: number;
  /** Entering it ends the process. */
  readonly end?: boolean;
  /** Stages that may follow; absent = any. */
  readonly next?: readonly string[];
  readonly requires?: RequiresConfig;
  readonly enter?: readonly ActionConfig[];
  readonly plan?: readonly PlanStepConfig[];
  readonly timers?: readonly TimerConfig[];
  readonly on?: readonly EventConfig[];
}

export interface RequiresConfig {
  readonly fields?: readonly string[];
  /** Of each group at least one field is filled. */
  readonly anyOf?: readonly (readonly string[])[];
  readonly conditions?: readonly { readonly if: string; readonly text: Text }[];
}

interface ActivityConfig {
  readonly type: string;
  readonly title: Text;
  readonly note?: Text;
  readonly offset?: Duration;
  readonly duration?: Duration;
  readonly anyTime?: boolean;
  readonly assignee?: Recipient;
  readonly mandatory?: boolean;
}

export interface PlanStepConfig extends ActivityConfig {
  readonly key: string;
  readonly after?: readonly string[];
  readonly if?: string;
}

/** `if` and exactly one of the others. */
export interface ActionConfig {
  readonly if?: string;
  readonly createActivity?: ActivityConfig;
  readonly cancelActivities?: { readonly steps?: readonly string[] };
  readonly notify?: { readonly to: readonly Recipient[]; readonly text: Text };
  readonly assign?: AssignConfig;
  readonly setFields?: Readonly<Record<string, FieldValue>>;
  readonly addTags?: readonly string[];
  readonly timeline?: Text;
  readonly sendMail?: { readonly template: string; readonly to: readonly Recipient[] };
  readonly callWebhook?: { readonly url: string; readonly event: string };
  readonly goTo?: string;
}

export const actionKinds = [
  'createActivity',
  'cancelActivities',
  'notify',
  'assign',
  'setFields',
  'addTags',
  'timeline',
  'sendMail',
  'callWebhook',
  'goTo',
] as const satisfies readonly (keyof ActionConfig)[];

/** `user` or `role`; an owner that is there stays unless `replace`. */
export interface AssignConfig {
  readonly user?: string;
  readonly role?: string;
  readonly pick?: 'round-robin' | 'least-loaded';
  readonly replace?: boolean;
}

/** A constant, or a CEL expression. */
export type FieldValue = string | number | boolean | null | readonly string[] | { readonly cel: string };

export type TimerKind = 'sla' | 'reminder' | 'rot' | 'escalation' | 'advance';

/** Exactly one of `after`, `at`, `before`. */
export interface TimerConfig {
  readonly key: string;
  readonly kind?: TimerKind;
  readonly label: Text;
  readonly after?: Duration;
  /** What `after` counts from: `stage` (default), `change` (last act of a person), `creation`, `field:<name>`. */
  readonly since?: string;
  readonly at?: { readonly field: string };
  readonly before?: { readonly field: string; readonly by: Duration };
  readonly if?: string;
  readonly repeat?: { readonly every: Duration; readonly max: number };
  readonly do: readonly ActionConfig[];
}

/** `recordChanged`, `activityDone`, `activityCancelled`, `planDone`, or an act such as `lead.assign`. */
export interface EventConfig {
  readonly event: string;
  readonly fields?: readonly string[];
  readonly steps?: readonly string[];
  readonly if?: string;
  readonly do: readonly ActionConfig[];
}

/** `role:sales` → `['role', 'sales']`; `owner` → `['owner', '']`. */
export const splitRecipient = (recipient: Recipient): [kind: string, name: string] => {
  const colon = recipient.indexOf(':');
  return colon < 0 ? [recipient, ''] : [recipient.slice(0, colon), recipient.slice(colon + 1)];
};
