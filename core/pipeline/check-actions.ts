import type { Field } from '../entity.ts';
import type { Text } from '../errors.ts';
import { checkExpression, checkField, checkSteps, unknown, unknownStage, type Checks } from './checks.ts';
import {
  actionKinds,
  splitRecipient,
  type ActionConfig,
  type FieldValue,
  type Recipient,
  type StageConfig,
} from './config.ts';

interface ActionChecks extends Checks {
  readonly stage: StageConfig;
  /** The action stands for a plan step: paths have no action name. */
  readonly isPlanStep?: boolean;
}

/** Checks a list of actions: one act each, nothing after a certain jump, everything they name exists. */
export function checkActions(actions: readonly ActionConfig[], path: string, checks: ActionChecks): void {
  for (const [position, action] of actions.entries()) {
    const at = checks.isPlanStep === true ? path : `${path}/${position}`;
    const kinds = actionKinds.filter((kind) => action[kind] !== undefined);
    if (kinds.length !== 1) {
      checks.report(at, 'action', {
        de: `Eine Aktion hat genau eins von ${actionKinds.join(', ')}.`,
        en: `An action has exactly one of ${actionKinds.join(', ')}.`,
      });
    }
    if (action.goTo !== undefined && action.if === undefined && position < actions.length - 1) {
      checks.report(`${path}/${position + 1}`, 'unreachable', {
        de: 'Nach dem Sprung wird nichts mehr ausgeführt.',
        en: 'Nothing after the jump is carried out.',
      });
    }
    checkExpression(action.if, `${at}/if`, checks);
    for (const kind of kinds) checkKind(kind, action, { at, checks });
  }
}

type Check<K extends keyof ActionConfig> = (
  value: NonNullable<ActionConfig[K]>,
  at: string,
  checks: ActionChecks,
) => void;

/** One check for each kind of action; `at` is the action's place. */
const checksByKind: { readonly [K in (typeof actionKinds)[number]]: Check<K> } = {
  createActivity: (activity, at, checks) =>
    checkActivity(activity, checks.isPlanStep === true ? at : `${at}/createActivity`, checks),
  cancelActivities: ({ steps }, at, checks) => checkSteps(steps ?? [], `${at}/cancelActivities/steps`, checks),
  notify: ({ to }, at, checks) => checkRecipients(to, `${at}/notify/to`, checks),
  assign: (assign, at, checks) => checkAssign(assign, `${at}/assign`, checks),
  setFields: (fields, at, checks) => {
    for (const [name, value] of Object.entries(fields))
      checkValue(name, value, { ...checks, path: `${at}/setFields/${name}` });
  },
  addTags: (tags, at, checks) => {
    const { lookup, report } = checks;
    checkField('tags', at, checks);
    for (const [index, tag] of tags.entries())
      if (!lookup.has('tags', tag)) report(`${at}/addTags/${index}`, 'unknown', unknown('Den Tag', 'tag', tag));
  },
  timeline: () => undefined,
  sendMail: ({ template, to }, at, checks) => {
    if (!checks.lookup.has('templates', template))
      checks.report(`${at}/sendMail/template`, 'unknown', unknown('Die Vorlage', 'template', template));
    checkRecipients(to, `${at}/sendMail/to`, { ...checks, isMail: true });
  },
  callWebhook: ({ url }, at, { report }) => {
    if (/^https?:\/\/[^\s]+$/.test(url)) return;
    report(`${at}/callWebhook/url`, 'url', {
      de: 'Das ist keine Adresse mit http:// oder https://.',
      en: 'This is not an address with http:// or https://.',
    });
  },
  goTo: (stage, at, checks) => {
    if (!checks.definition.stages.has(stage)) checks.report(`${at}/goTo`, 'unknown', unknownStage(stage, checks));
  },
};

const checkKind = <K extends (typeof actionKinds)[number]>(
  kind: K,
  action: ActionConfig,
  place: { readonly at: string; readonly checks: ActionChecks },
): void => {
  const value = action[kind];
  if (value !== undefined && value !== null) checksByKind[kind](value, place.at, place.checks);
};

const checkActivity = (
  activity: NonNullable<ActionConfig['createActivity']>,
  at: string,
  checks: ActionChecks,
): void => {
  if (!checks.lookup.has('activity-types', activity.type))
    checks.report(`${at}/type`, 'unknown', unknown('Den Aktivitätstyp', 'activity type', activity.type));
  if (activity.assignee !== undefined) checkRecipient(activity.assignee, `${at}/assignee`, checks);
};

const checkAssign = (assign: NonNullable<ActionConfig['assign']>, at: string, checks: ActionChecks): void => {
  const { lookup, report } = checks;
  checkField('owner', at, checks);
  if ((assign.user === undefined) === (assign.role === undefined)) {
    report(at, 'assign', {
      de: 'Zuweisen braucht entweder „user“ oder „role“.',
      en: 'Assigning needs either "user" or "role".',
    });
  }
  if (assign.role !== undefined && !lookup.has('roles', assign.role))
    report(`${at}/role`, 'unknown', unknown('Die Rolle', 'role', assign.role));
  if (assign.user !== undefined && !lookup.hasUser(assign.user))
    report(`${at}/user`, 'unknown', unknown('Den Benutzer', 'user', assign.user));
};

type RecipientChecks = ActionChecks & { readonly isMail?: boolean };

const checkRecipients = (recipients: readonly Recipient[], path: string, checks: RecipientChecks): void => {
  for (const [position, recipient] of recipients.entries()) checkRecipient(recipient, `${path}/${position}`, checks);
};

const checkRecipient = (recipient: Recipient, path: string, checks: RecipientChecks): void => {
  const [kind, name] = splitRecipient(recipient);
  const { lookup, report } = checks;
  if (kind === 'owner' || kind === 'team') return;
  if (kind === 'role') {
    if (!lookup.has('roles', name)) report(path, 'unknown', unknown('Die Rolle', 'role', name));
  } else if (kind === 'user') {
    if (!lookup.hasUser(name)) report(path, 'unknown', unknown('Den Benutzer', 'user', name));
  } else if (checks.isMail === true && kind === 'field') checkField(name, path, checks);
  else if (checks.isMail !== true || kind !== 'mail') {
    report(path, 'recipient', {
      de: `„${recipient}“ kann das nicht bekommen.`,
      en: `"${recipient}" cannot receive this.`,
    });
  }
};

const jsTypes: Readonly<Record<Field['kind'], readonly string[]>> = {
  text: ['string'],
  longText: ['string'],
  choice: ['string'],
  reference: ['string'],
  date: ['string'],
  instant: ['string'],
  integer: ['number'],
  decimal: ['number'],
  money: ['number'],
  boolean: ['boolean'],
  list: ['object'],
  json: ['object'],
};

const wrongValue = (field: Field, value: FieldValue, checks: ActionChecks): Text | undefined => {
  if (value === null) {
    return field.isRequired
      ? { de: `„${field.name}“ darf nicht leer sein.`, en: `"${field.name}" cannot be empty.` }
      : undefined;
  }
  if (!jsTypes[field.kind].includes(typeof value))
    return { de: `Dieser Wert passt nicht zu „${field.name}“.`, en: `This value does not fit "${field.name}".` };
  const isUnknown =
    field.kind === 'choice' &&
    ((field.values !== undefined && !field.values.includes(String(value))) ||
      (field.configKind !== undefined && !checks.lookup.has(field.configKind, String(value))));
  return isUnknown ? unknown('Den Wert', 'value', String(value)) : undefined;
};

const checkValue = (name: string, value: FieldValue, checks: ActionChecks & { readonly path: string }): void => {
  const field = checks.definition.model.fields.get(name);
  if (field === undefined || field.isHidden) return checkField(name, checks.path, checks);
  if (field.isSystem) {
    return checks.report(checks.path, 'system', {
      de: `„${name}“ setzt nur das System.`,
      en: `Only the system sets "${name}".`,
    });
  }
  if (typeof value === 'object' && value !== null && 'cel' in value)
    return checkExpression(value.cel, `${checks.path}/cel`, { ...checks, wanted: 'value' });
  const wrong = wrongValue(field, value, checks);
  if (wrong !== undefined) checks.report(checks.path, 'value', wrong);
};
