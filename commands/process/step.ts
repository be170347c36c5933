import { catalogue, type Language, type Text } from '../../core/errors.ts';
import type { PipelineDefinition } from '../../core/pipeline/definition.ts';
import type { RefusedJump } from '../../core/pipeline/state.ts';
import type { EffectRow } from '../../store/effects.ts';
import type { ProcessRow } from '../../store/processes.ts';

/** What a step of a process came to: all the workflow knows. Ids and words for operators, no contents. */
export interface ProcessStep {
  readonly state: 'running' | 'parked' | 'done';
  readonly stage: string;
  /** When to look again; null = only when something happens. */
  readonly nextAt: string | null;
  /** The record lacks something that the next stage asks for. */
  readonly isWaiting?: boolean;
  /** Mails and webhooks to be sent now. */
  readonly effects: readonly { readonly id: string; readonly summary: string }[];
  /** One line for the timer that is waited for. */
  readonly summary: string;
  /** Markdown for the page of the workflow. */
  readonly details: string;
  /** When the stage's service level is missed; null without one. For search attributes, as the next. */
  readonly dueAt: string | null;
  readonly owner: string;
  readonly revision: number;
}

const words = {
  de: {
    stage: 'Stufe',
    next: 'Als Nächstes',
    none: 'wartet auf ein Ereignis',
    done: 'beendet',
    parked: 'angehalten',
    revision: 'Fassung',
    sendMail: 'Mail',
    callWebhook: 'Webhook',
  },
  en: {
    stage: 'Stage',
    next: 'Next',
    none: 'waits for something to happen',
    done: 'ended',
    parked: 'parked',
    revision: 'revision',
    sendMail: 'Mail',
    callWebhook: 'Webhook',
  },
} as const;

/** What a mail or webhook is called where people read about it. */
export const effectSummary = (row: EffectRow, language: Language): string =>
  row.effect.kind === 'sendMail'
    ? `${words[language].sendMail}: ${row.effect.template}`
    : `${words[language].callWebhook}: ${row.effect.event}`;

interface View {
  readonly definition: PipelineDefinition | undefined;
  readonly effects: readonly EffectRow[];
  readonly owner: unknown;
  readonly language: Language;
}

/** What was wrong exactly may tell of the record; it is on the row, not in Temporal. */
const safeText = (code: string | undefined, language: Language): string =>
  Object.entries(catalogue).find(([known]) => known === code)?.[1][language] ?? '';

const stateText = (process: ProcessRow, language: Language): string => {
  const word = words[language];
  const { next, error, position } = process;
  if (process.state === 'done') return word.done;
  if (process.state === 'parked') return `${word.parked}: ${safeText(error?.code, language)} (${error?.step ?? ''})`;
  if (position.refused !== null) return waitText(position.refused)[language];
  return next === undefined ? word.none : `${next.text[language]} · ${next.at.slice(0, 16).replace('T', ' ')} UTC`;
};

/** What the record waits for where it may not go on yet. */
export const waitText = ({ text }: RefusedJump): Text => ({ de: `Wartet. ${text.de}`, en: `Waits. ${text.en}` });

/** The earliest of the stage's service levels that is still ahead. */
const dueAtOf = (process: ProcessRow, definition: PipelineDefinition | undefined): string | null => {
  const timers = definition?.stages.get(process.position.stage ?? '')?.timers ?? [];
  const ahead = timers
    .filter((timer) => timer.kind === 'sla')
    .flatMap((timer) => process.position.timers[timer.key]?.dueAt ?? []);
  return process.state === 'done' ? null : (ahead.toSorted()[0] ?? null);
};

/** Puts a process into the words an operator reads in Temporal. */
export function toStep(process: ProcessRow, view: View): ProcessStep {
  const { language, definition } = view;
  const word = words[language];
  const { state, next } = process;
  const stage = process.position.stage ?? '';
  const label = definition?.stages.get(stage)?.label[language] ?? stage;
  return {
    state: state === 'none' ? 'done' : state,
    stage,
    nextAt: state === 'running' && next !== undefined ? next.at : null,
    isWaiting: state === 'running' && process.position.refused !== null,
    effects:
      state === 'parked' ? [] : view.effects.map((row) => ({ id: row.id, summary: effectSummary(row, language) })),
    summary: next === undefined ? '' : `${label}: ${next.text[language]}`.slice(0, 200),
    details: `**${word.stage}: ${label}** (${process.pipeline}, ${word.revision} ${process.revision})\n\n${word.next}: ${stateText(process, language)}`,
    dueAt: dueAtOf(process, definition),
    owner: typeof view.owner === 'string' ? view.owner : '',
    revision: process.revision,
  };
}
