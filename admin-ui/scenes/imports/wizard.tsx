import { Alert, Button, Group, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { previewQuery, type ImportPreview } from '../../api/imports.ts';
import type { RecordValue } from '../../api/types.ts';
import { ErrorFace, LoadingFace } from '../../components/faces.tsx';
import { textOf } from '../../model/entities.ts';
import { CheckStep } from './check-step.tsx';
import { FormatStep } from './format-step.tsx';
import classes from './imports.module.css';
import { MappingStep } from './mapping-step.tsx';
import { useDraft, type Draft } from './use-draft.ts';

const steps = ['format', 'mapping', 'check'] as const;
type Step = (typeof steps)[number];

/** What every step of the wizard works on. */
export interface StepProps {
  readonly record: RecordValue;
  readonly preview: ImportPreview;
  readonly draft: Draft;
}

function Steps({ id, active }: { readonly id: string; readonly active: Step }) {
  const { t } = useTranslation();
  return (
    <ol className={classes['steps']} aria-label={t('imports.steps')}>
      {steps.map((step, index) => (
        <li key={step}>
          <Link
            to="/imports/$id"
            params={{ id }}
            search={{ step }}
            className={classes['step']}
            data-active={step === active}
            aria-current={step === active ? 'step' : undefined}
          >
            {index + 1}. {t(`imports.step.${step}`)}
          </Link>
        </li>
      ))}
    </ol>
  );
}

const isUnderWay = (record: RecordValue): boolean =>
  ['queued', 'running', 'paused'].includes(textOf(record, 'state') ?? '');

function StepButtons({ record, step, draft }: Omit<StepProps, 'preview'> & { readonly step: Step }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const go = (to: Step): void => void navigate({ to: '/imports/$id', params: { id: record.id }, search: { step: to } });
  const check = async (): Promise<void> => {
    if (record['checkedAt'] !== null || (await draft.act('check'))) go('check');
  };
  return (
    <Group gap="sm">
      {step === 'mapping' && (
        <Button variant="default" onClick={() => go('format')}>
          {t('common.back')}
        </Button>
      )}
      {step === 'format' && <Button onClick={() => go('mapping')}>{t('imports.toMapping')}</Button>}
      {step === 'mapping' && (
        <Button loading={draft.isBusy} onClick={() => void check()}>
          {t('imports.toCheck')}
        </Button>
      )}
    </Group>
  );
}

/** Prepares an import step by step; the address says which. The file was uploaded once and stays where it is. */
export function Wizard({ record, step: wanted }: { readonly record: RecordValue; readonly step: string | undefined }) {
  const { t } = useTranslation();
  const draft = useDraft(record.id);
  const answer = useQuery(previewQuery(record.id, record.version));
  // While a check is under way there is nothing to change.
  const step = isUnderWay(record) ? 'check' : (steps.find((one) => one === wanted) ?? 'format');
  const preview = answer.data;
  return (
    <>
      <Steps id={record.id} active={step} />
      {answer.isError && <ErrorFace error={answer.error} onRetry={() => void answer.refetch()} />}
      {preview === undefined && !answer.isError && <LoadingFace />}
      {preview !== undefined && !answer.isError && (
        <Stack gap="md">
          {preview.notes.map((note) => (
            <Alert key={note} color="gray" variant="light" p="sm">
              {note}
            </Alert>
          ))}
          {step === 'format' && <FormatStep record={record} preview={preview} draft={draft} />}
          {step === 'mapping' && <MappingStep record={record} preview={preview} draft={draft} />}
          {step === 'check' && <CheckStep record={record} preview={preview} draft={draft} />}
          {step !== 'check' && <StepButtons record={record} step={step} draft={draft} />}
        </Stack>
      )}
      {answer.isError && step === 'format' && (
        <Group justify="center">
          <Button component={Link} to="/imports/new" variant="default">
            {t('imports.otherFile')}
          </Button>
        </Group>
      )}
    </>
  );
}
