import { Button, Group } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { RecordValue } from '../../api/types.ts';
import { textOf } from '../../model/entities.ts';
import type { Draft } from './use-draft.ts';

const actsOf: Readonly<Record<string, readonly string[]>> = {
  queued: ['pause', 'cancel'],
  running: ['pause', 'cancel'],
  paused: ['resume', 'cancel'],
  failed: ['resume', 'cancel'],
};

/** Pauses, resumes and cancels, as far as the state has it. */
export function Steering({ record, draft }: { readonly record: RecordValue; readonly draft: Draft }) {
  const { t } = useTranslation();
  const acts = actsOf[textOf(record, 'state') ?? ''] ?? [];
  if (acts.length === 0) return null;
  return (
    <Group gap="sm">
      {acts.map((act) => (
        <Button key={act} variant="default" loading={draft.isBusy} onClick={() => void draft.act(act)}>
          {t(`imports.act.${act}`)}
        </Button>
      ))}
    </Group>
  );
}
