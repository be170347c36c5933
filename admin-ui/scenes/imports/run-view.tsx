import { Alert, Anchor, Button, Group, Stack, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { IconDownload } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useEntities, useSession } from '../../api/queries.ts';
import type { RecordValue } from '../../api/types.ts';
import { addressOf } from '../../app/address.ts';
import { Card } from '../../components/card.tsx';
import { FormDialog, useForm } from '../../components/form-dialog.tsx';
import { currentLanguage } from '../../i18n/index.ts';
import { textOf } from '../../model/entities.ts';
import { formatNumber } from '../../model/format.ts';
import { Counts } from './counts.tsx';
import { ImportProgress, WaitingProcesses } from './progress.tsx';
import { RowTable } from './row-table.tsx';
import { SavePreset } from './save-preset.tsx';
import { Steering } from './steering.tsx';
import { useDraft, type Draft } from './use-draft.ts';

interface Kept {
  readonly id: string;
  readonly title: string;
  readonly line: number;
  readonly reason: string;
}

function Undo({ record, draft }: { readonly record: RecordValue; readonly draft: Draft }) {
  const { t } = useTranslation();
  const [isAsking, setAsking] = useState(false);
  const form = useForm(async () => {
    setAsking(false);
    await draft.act('undo');
  });
  return (
    <>
      <Button variant="default" onClick={() => setAsking(true)}>
        {t('imports.undo')}
      </Button>
      {isAsking && (
        <FormDialog
          title={t('imports.undoTitle')}
          form={form}
          submitLabel={t('imports.undo')}
          isDangerous
          onClose={() => setAsking(false)}
        >
          <Text size="sm">
            {t('imports.undoLead', {
              created: formatNumber(Number(record['created'] ?? 0), currentLanguage()),
              updated: formatNumber(Number(record['updated'] ?? 0), currentLanguage()),
            })}
          </Text>
        </FormDialog>
      )}
    </>
  );
}

function Undone({ record }: { readonly record: RecordValue }) {
  const { t } = useTranslation();
  const model = useEntities().byName.get(textOf(record, 'entity') ?? '');
  const kept = (record['kept'] ?? []) as readonly Kept[];
  const undone = formatNumber(Number(record['undone'] ?? 0), currentLanguage());
  return (
    <Card title={t('imports.undoneTitle')}>
      <Text size="sm">{t('imports.undoneCount', { undone, kept: kept.length })}</Text>
      <ul>
        {kept.map(({ id, title, line, reason }) => (
          <li key={id}>
            <Text size="sm">
              <Anchor component={Link} to={addressOf(model?.name ?? '', id, model?.plural ?? '')} size="sm">
                {title}
              </Anchor>{' '}
              ({t('imports.line')} {line}): {reason}
            </Text>
          </li>
        ))}
      </ul>
    </Card>
  );
}

function Finished({ record, draft }: { readonly record: RecordValue; readonly draft: Draft }) {
  const { t } = useTranslation();
  const session = useSession();
  const model = useEntities().byName.get(textOf(record, 'entity') ?? '');
  const isUndoable = record['undoState'] === null && ['done', 'cancelled'].includes(textOf(record, 'state') ?? '');
  const filter = encodeURIComponent(`createdBy = "process/import/${record.id}"`);
  return (
    <Group gap="sm">
      {model !== undefined && Number(record['created'] ?? 0) > 0 && (
        <Button
          component={Link}
          to={model.name === 'lead' ? `/inbox?view=all&filter=${filter}` : `/list/${model.plural}?filter=${filter}`}
        >
          {t('imports.showRecords')}
        </Button>
      )}
      {Number(record['rejected'] ?? 0) > 0 && (
        <Button
          component="a"
          href={`/api/v1/imports/${record.id}/errors.csv`}
          download
          variant="default"
          leftSection={<IconDownload size={14} aria-hidden />}
        >
          {t('imports.errorFile')}
        </Button>
      )}
      {isUndoable && session.can['import']?.['undo'] !== false && <Undo record={record} draft={draft} />}
      {session.may.config === true && <SavePreset record={record} />}
      <Button component={Link} to="/imports/new" variant="subtle">
        {t('imports.another')}
      </Button>
    </Group>
  );
}

/** An import that was started: its progress, then what came of it. */
export function RunView({ record }: { readonly record: RecordValue }) {
  const { t, i18n } = useTranslation();
  const draft = useDraft(record.id);
  const [outcome, setOutcome] = useState('rejected');
  const state = textOf(record, 'state') ?? '';
  const error = record['error'] as { readonly message?: Readonly<Record<string, string>> } | null;
  const message = error?.message?.[i18n.language];
  const isOpen = ['queued', 'running', 'paused'].includes(state);
  return (
    <Stack gap="md">
      {message !== undefined && (
        <Alert color="red" variant="light" p="sm" role="alert">
          {message}
        </Alert>
      )}
      {isOpen && <ImportProgress record={record} />}
      {Number(record['created'] ?? 0) > 0 && <WaitingProcesses record={record} isOpen={isOpen} />}
      <Counts record={record} outcome={outcome} onChoose={setOutcome} />
      <Steering record={record} draft={draft} />
      {!isOpen && <Finished record={record} draft={draft} />}
      {record['undoState'] !== null && <Undone record={record} />}
      {!isOpen && (
        <Card title={t(outcome === 'rejected' ? 'imports.rejectedRows' : 'imports.rows')}>
          <RowTable key={outcome} record={record} outcome={outcome} isEditable={false} />
        </Card>
      )}
    </Stack>
  );
}
