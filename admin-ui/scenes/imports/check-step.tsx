import { Alert, Button, Group, Select, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { processStarts } from '../../../core/import-options.ts';
import { useEntities } from '../../api/queries.ts';
import type { RecordValue } from '../../api/types.ts';
import { Card } from '../../components/card.tsx';
import { textOf } from '../../model/entities.ts';
import { Counts } from './counts.tsx';
import { ImportProgress } from './progress.tsx';
import { RowTable } from './row-table.tsx';
import { Steering } from './steering.tsx';
import type { Draft } from './use-draft.ts';
import type { StepProps } from './wizard.tsx';

const faultOf = (record: RecordValue, language: string): string | undefined => {
  const error = record['error'] as { readonly message?: Readonly<Record<string, string>> } | null;
  return error?.message?.[language];
};

function Checked({ record }: { readonly record: RecordValue }) {
  const { t } = useTranslation();
  const [outcome, setOutcome] = useState('rejected');
  return (
    <>
      <Counts record={record} outcome={outcome} onChoose={setOutcome} />
      <Card title={t(outcome === 'rejected' ? 'imports.fixTitle' : 'imports.rows')}>
        <RowTable key={outcome} record={record} outcome={outcome} isEditable />
      </Card>
    </>
  );
}

function Starting({ record, preview, draft }: StepProps) {
  const { t } = useTranslation();
  const { processes } = (record['options'] ?? {}) as { readonly processes?: string };
  const model = useEntities().byName.get(textOf(record, 'entity') ?? '');
  const usual = t('imports.usual', { value: t(`imports.processes.${preview.processes ?? 'background'}`) });
  return (
    <Group gap="md" align="flex-end">
      {model?.hasPipeline === true && (
        <Select
          label={t('imports.processesLabel')}
          data={[
            { value: 'auto', label: usual },
            ...processStarts.map((value) => ({ value, label: t(`imports.processes.${value}`) })),
          ]}
          value={processes ?? 'auto'}
          allowDeselect={false}
          w={300}
          onChange={(value) => void draft.change({ processes: value ?? 'auto' })}
        />
      )}
      <Button loading={draft.isBusy} onClick={() => void draft.act('start')}>
        {t('imports.start')}
      </Button>
      <CheckAgain record={record} draft={draft} />
    </Group>
  );
}

function CheckAgain({ record, draft }: { readonly record: RecordValue; readonly draft: Draft }) {
  const { t } = useTranslation();
  return (
    <Button variant="default" loading={draft.isBusy} onClick={() => void draft.act('check')}>
      {t(record['checkedAt'] === null ? 'imports.check' : 'imports.checkAgain')}
    </Button>
  );
}

/** What would become of every row, without anything being written; rows can be corrected, then the import is started. */
export function CheckStep(props: StepProps) {
  const { t, i18n } = useTranslation();
  const { record, draft } = props;
  const state = textOf(record, 'state') ?? '';
  const fault = faultOf(record, i18n.language);
  const isUnderWay = ['queued', 'running', 'paused'].includes(state);
  if (isUnderWay)
    return (
      <Card title={t('imports.checking')}>
        <Stack gap="sm">
          <ImportProgress record={record} />
          <Steering record={record} draft={draft} />
        </Stack>
      </Card>
    );
  return (
    <Stack gap="md">
      {fault !== undefined && (
        <Alert color="red" variant="light" p="sm" role="alert">
          {fault}
        </Alert>
      )}
      {record['checkedAt'] === null && <Text c="dimmed">{t('imports.notChecked')}</Text>}
      {record['checkedAt'] !== null && <Checked record={record} />}
      <Starting {...props} />
    </Stack>
  );
}
