import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { createCalendar } from '../../core/calendar.ts';
import { toEntityModel, type EntitySchema } from '../../core/entity.ts';
import { compilePipeline, type PipelineLookup } from '../../core/pipeline/compile.ts';
import type { PipelineConfig, StageConfig } from '../../core/pipeline/config.ts';
import { decide } from '../../core/pipeline/decide.ts';
import { toDefinition } from '../../core/pipeline/definition.ts';
import { newProcess, type Decision, type DecideInput, type Effect } from '../../core/pipeline/state.ts';

export const root = new URL('../../', import.meta.url);
export const read = (path: string): string => readFileSync(new URL(path, root), 'utf8');
export const leadModel = toEntityModel(JSON.parse(read('schemas/entities/lead.json')) as EntitySchema, 1);
export const inbox = parse(read('config/pipelines/inbox.yaml')) as PipelineConfig;

export const known: Readonly<Record<string, readonly string[]>> = {
  roles: ['sales', 'sales-manager'],
  'activity-types': ['anruf', 'aufgabe', 'besprechung', 'wiedervorlage', 'e-mail'],
  templates: ['erstkontakt'],
  calendars: ['standard'],
  tags: ['messe'],
  priorities: ['normal', 'hoch', 'dringend'],
};
export const lookup: PipelineLookup = {
  model: (entity) => (entity === 'lead' ? leadModel : undefined),
  has: (kind, key) => known[kind]?.includes(key) ?? false,
  hasUser: (email) => email === 'anna@example.org',
};
export const text = (word: string): { de: string; en: string } => ({ de: word, en: word });
export const stage = (key: string, more: Partial<StageConfig> = {}): StageConfig => ({
  key,
  label: text(key),
  ...more,
});
export const pipeline = (...stages: StageConfig[]): PipelineConfig => ({
  key: 'p',
  entity: 'lead',
  label: text('p'),
  stages,
});
export const note = (word: string): { timeline: { de: string; en: string } } => ({ timeline: text(word) });

export const week = ['09:00-17:00'];
export const calendar = createCalendar({
  key: 'c',
  label: text('c'),
  timeZone: 'UTC',
  week: { mo: week, tu: week, we: week, th: week, fr: week },
});
export const monday = '2026-11-23T09:00:00.000Z';
export const at = (time: string): string => `2026-11-${time}:00.000Z`;
export const lead = (more: Record<string, unknown> = {}): Record<string, unknown> => ({
  id: 'l1',
  state: 'open',
  stage: 'a',
  stageSince: monday,
  createdAt: monday,
  email: 'a@b.de',
  tags: [],
  ...more,
});
export const step = (value: PipelineConfig, more: Partial<DecideInput> = {}): Decision =>
  decide({
    definition: toDefinition(value, leadModel),
    process: newProcess,
    record: lead(),
    activities: [],
    events: [],
    now: monday,
    calendar,
    ...more,
  });
export const words = (effects: readonly Effect[]): string[] =>
  effects.map((effect) => (effect.kind === 'timeline' ? effect.text.en : effect.kind));
export const issuesOf = (value: PipelineConfig): string[] =>
  compilePipeline(value, lookup).issues.map((issue) => `${issue.path} ${issue.code}`);
