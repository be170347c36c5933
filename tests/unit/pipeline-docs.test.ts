import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { checkConfig } from '../../core/config/check.ts';
import { actionKinds, type ActionConfig, type PipelineConfig } from '../../core/pipeline/config.ts';
import { leadModel, read, root } from './pipeline-fixtures.ts';

const page = read('docs/admin.md');
const yaml = /^### Pipelines[\s\S]*?^```yaml\n([\s\S]*?)^```$/m.exec(page)?.[1] ?? '';
const { stages } = parse(yaml) as PipelineConfig;
const keysOf = (kind: string): string[] =>
  readdirSync(new URL(`config/${kind}/`, root)).map((name) => name.replace('.yaml', ''));

const timers = stages.flatMap((stage) => stage.timers ?? []);
const rules = stages.flatMap((stage) => stage.on ?? []);
const actions: ActionConfig[] = [
  ...stages.flatMap((stage) => stage.enter ?? []),
  ...timers.flatMap((timer) => timer.do),
  ...rules.flatMap((rule) => rule.do),
];

describe('the example of a pipeline in docs/admin.md', () => {
  it('can be published beside the shipped settings', () => {
    const lookup = {
      model: (entity: string) => (entity === 'lead' ? leadModel : undefined),
      entities: ['lead'],
      keys: keysOf,
      has: (kind: string, key: string) => keysOf(kind).includes(key),
      configOf: () => undefined,
      connectionKind: () => undefined,
      hasUser: () => false,
    };
    expect(checkConfig('pipelines', yaml, { key: 'beispiel', language: 'en', lookup }).issues).toEqual([]);
  });

  it('shows every action, every kind of timer and every event', () => {
    expect(actionKinds.filter((kind) => !actions.some((action) => action[kind] !== undefined))).toEqual([]);
    expect(new Set(timers.map((timer) => timer.kind ?? 'reminder'))).toEqual(
      new Set(['sla', 'reminder', 'rot', 'escalation', 'advance']),
    );
    expect(rules.map((rule) => rule.event)).toEqual(
      expect.arrayContaining(['recordChanged', 'activityDone', 'activityCancelled', 'planDone', 'lead.assign']),
    );
  });
});
