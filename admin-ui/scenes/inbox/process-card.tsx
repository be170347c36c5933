import { Anchor, Badge, Button, Group, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { IconExternalLink } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { processQuery } from '../../api/queries.ts';
import type { ProcessView } from '../../api/types.ts';
import { useActs } from '../../app/acts.tsx';
import { Card } from '../../components/card.tsx';
import { FormDialog, useForm } from '../../components/form-dialog.tsx';
import { MigrationWords } from '../../components/migration-words.tsx';
import { currentLanguage, inLanguage } from '../../i18n/index.ts';
import { formatSoon } from '../../model/format.ts';

const colors: Readonly<Record<ProcessView['state'], string>> = {
  none: 'gray',
  starting: 'gray',
  running: 'petrol',
  parked: 'red',
  done: 'gray',
};

interface PartProps {
  readonly id: string;
  readonly process: ProcessView;
}

function Parked({ id, process }: PartProps) {
  const { t } = useTranslation();
  const { run } = useActs();
  const { error } = process;
  const act = (name: string, done: string) => () =>
    void run([{ path: `/leads/${id}/process/${name}`, body: {} }], { done, canUndo: false });
  return (
    <Stack gap={4} mt="sm">
      {error?.step !== undefined && (
        <Text size="sm" fw={540}>
          {error.step}
        </Text>
      )}
      <Text size="sm">{error?.message}</Text>
      {error?.attempts !== undefined && (
        <Text size="xs" c="dimmed">
          {t('inbox.process.attempts', { count: error.attempts })}
        </Text>
      )}
      <Group gap="sm" mt={4}>
        <Button onClick={act('retry', t('inbox.process.retried'))}>{t('inbox.process.retry')}</Button>
        <Button variant="default" onClick={act('skip', t('inbox.process.skipped'))}>
          {t('inbox.process.skip')}
        </Button>
      </Group>
    </Stack>
  );
}

function Migration({ id, process }: PartProps) {
  const { t } = useTranslation();
  const { run } = useActs();
  const [isOpen, setOpen] = useState(false);
  const { revision, latestRevision: latest } = process;
  const form = useForm(async () => {
    setOpen(false);
    await run([{ path: `/leads/${id}/process/migrate`, body: { revision: latest } }], {
      done: t('inbox.process.migrated', { latest }),
      canUndo: false,
    });
  });
  if (!process.migratable || latest === null || revision === null || latest === revision) return undefined;
  return (
    <>
      <Text size="xs" c="dimmed" mt="sm">
        {t('inbox.process.newer', { revision, latest })}{' '}
        <Anchor component="button" type="button" size="xs" onClick={() => setOpen(true)}>
          {t('inbox.process.migrate')}
        </Anchor>
      </Text>
      {isOpen && (
        <FormDialog
          title={t('inbox.process.migrateTitle', { latest })}
          form={form}
          submitLabel={t('inbox.process.migrate')}
          onClose={() => setOpen(false)}
        >
          <Text size="sm">{t('inbox.process.migrateLead')}</Text>
          <MigrationWords id={id} migration={{ plural: 'leads', revision: latest }} />
        </FormDialog>
      )}
    </>
  );
}

/** What the automation of this lead does next, and what it needs when it cannot go on. */
export function ProcessCard({ id, isOpen }: { readonly id: string; readonly isOpen: boolean }) {
  const { t } = useTranslation();
  const { data: process } = useQuery(processQuery(id));
  // A lead that is dealt with needs no process any more; "starting" would promise one.
  if (process === undefined || (!isOpen && process.state !== 'done' && process.state !== 'parked')) return undefined;
  const isParked = process.state === 'parked';
  return (
    <Card
      title={t('inbox.process.title')}
      tone={isParked ? 'bad' : 'plain'}
      actions={
        process.temporalUrl !== null && (
          <Anchor href={process.temporalUrl} target="_blank" rel="noreferrer" size="xs">
            {t('inbox.process.temporal')} <IconExternalLink size={12} aria-hidden />
          </Anchor>
        )
      }
    >
      <Group gap="sm" wrap="nowrap" align="flex-start">
        <Badge color={colors[process.state]} c={isParked ? 'var(--lw-bad)' : 'var(--mantine-color-text)'}>
          {t(`inbox.process.${process.state}`)}
        </Badge>
        {process.revision !== null && (
          <Text size="xs" c="dimmed" lh="18px">
            {t('inbox.process.revision', { revision: process.revision })}
          </Text>
        )}
      </Group>
      {process.nextAction !== null && process.state === 'running' && (
        <Text size="sm" mt="sm">
          {t('inbox.process.next')}: {inLanguage(process.nextAction)}
          {process.nextActionAt !== null && (
            <Text component="span" size="sm" c="dimmed">
              {' '}
              · {formatSoon(process.nextActionAt, currentLanguage())}
            </Text>
          )}
        </Text>
      )}
      {isParked && <Parked id={id} process={process} />}
      <Migration id={id} process={process} />
    </Card>
  );
}
