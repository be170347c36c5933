import { Button, Group, Progress, Select, Stack, Text, TextInput } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { IconRefresh } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { request } from '../../api/client.ts';
import { toChoices } from '../../api/choices.ts';
import { relatedQuery, useConfig, useEntities } from '../../api/queries.ts';
import type { RecordValue } from '../../api/types.ts';
import { showProblem, toProblem, useActs } from '../../app/acts.tsx';
import { inLanguage } from '../../i18n/index.ts';
import { Dialog } from '../../components/dialog.tsx';

const beats = { running: 1_500, idle: 30_000 };
const openStates = new Set(['queued', 'running', 'paused']);
/** So long a replay that has ended is still shown. */
const shownMs = 300_000;

const isShown = (job: RecordValue): boolean =>
  openStates.has(String(job['state'])) || Date.now() - Date.parse(String(job['finishedAt'])) < shownMs;

const number = (job: RecordValue, name: string): number => Number(job[name] ?? 0);

/** How far the newest replay is, for everybody who looks, and its brakes. */
export function ReplayProgress() {
  const { t } = useTranslation();
  const { run } = useActs();
  const states = useEntities().byName.get('import')?.fields.get('state')?.valueLabels;
  const list = { plural: 'imports', filter: 'entity = "intake-message"', sort: '-createdAt', limit: 1 };
  const { data } = useQuery({
    ...relatedQuery(list),
    refetchInterval: (query) =>
      openStates.has(String(query.state.data?.data[0]?.['state'])) ? beats.running : beats.idle,
  });
  const job = data?.data[0];
  if (job === undefined || !isShown(job)) return undefined;
  const state = String(job['state']);
  const label = states?.[state];
  const size = Math.max(number(job, 'size'), number(job, 'read'));
  const steer = (name: string) => () =>
    void run([{ path: `/imports/${job.id}/${name}`, body: {} }], { canUndo: false });
  return (
    <Stack gap={4} px="md" py={6} style={{ flex: 'none' }}>
      <Group gap="sm" justify="space-between">
        <Text size="sm" role="status">
          {label === undefined ? state : inLanguage(label)}
          {': '}
          {t('intake.replayProgress', {
            read: number(job, 'read'),
            size,
            created: number(job, 'created'),
            duplicates: number(job, 'duplicates'),
            rejected: number(job, 'rejected'),
          })}
        </Text>
        {openStates.has(state) && (
          <Group gap="xs">
            <Button size="compact-xs" variant="default" onClick={steer(state === 'paused' ? 'resume' : 'pause')}>
              {t(state === 'paused' ? 'intake.replayResume' : 'intake.replayPause')}
            </Button>
            <Button size="compact-xs" variant="default" onClick={steer('cancel')}>
              {t('intake.replayCancel')}
            </Button>
          </Group>
        )}
      </Group>
      {openStates.has(state) && (
        <Progress
          value={size === 0 ? 0 : (number(job, 'read') / size) * 100}
          aria-label={t('intake.replayStarted')}
          size="sm"
        />
      )}
    </Stack>
  );
}

const filterOf = (source: string | null, since: string): string =>
  [
    'state in (rejected, unreadable, quarantined, triage, parked)',
    ...(source === null ? [] : [`source = "${source}"`]),
    ...(since === '' ? [] : [`receivedAt >= "${new Date(since).toISOString()}"`]),
  ].join(' and ');

function ReplayDialog({
  source: first,
  onClose,
}: {
  readonly source: string | undefined;
  readonly onClose: () => void;
}) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const sources = toChoices(useConfig('sources'));
  const [source, setSource] = useState<string | null>(first ?? null);
  const [since, setSince] = useState('');
  const filter = filterOf(source, since);
  const preview = useQuery({
    queryKey: ['replay-preview', filter],
    queryFn: async () =>
      (await request<{ data: { count: number } }>('POST', '/intake-messages/replay?dryRun=1', { body: { filter } }))
        .body.data.count,
  });
  const start = async (): Promise<void> => {
    try {
      await request('POST', '/intake-messages/replay', { body: { filter, source } });
      notifications.show({ message: t('intake.replayStarted') });
      await client.invalidateQueries({ queryKey: ['list', 'imports'] });
      onClose();
    } catch (error) {
      showProblem(toProblem(error), t('error.title'));
    }
  };
  return (
    <Dialog onClose={onClose} title={t('intake.replayManyTitle')}>
      <Stack gap="md">
        <Text size="sm" c="dimmed">
          {t('intake.replayManyLead')}
        </Text>
        <Select
          label={t('intake.replaySource')}
          placeholder={t('intake.replayAllSources')}
          data={sources.map(({ value, label }) => ({ value, label }))}
          value={source}
          clearable
          onChange={setSource}
        />
        <TextInput
          type="datetime-local"
          label={t('intake.replaySince')}
          value={since}
          onChange={(event) => setSince(event.currentTarget.value)}
        />
        <Text size="sm" fw={560} role="status">
          {preview.data === undefined ? ' ' : t('intake.replayCount', { count: preview.data })}
        </Text>
        <Group justify="flex-end" gap="sm">
          <Button variant="default" onClick={onClose}>
            {t('common.cancel')}
          </Button>
          <Button disabled={(preview.data ?? 0) === 0} onClick={() => void start()}>
            {t('intake.replayStart')}
          </Button>
        </Group>
      </Stack>
    </Dialog>
  );
}

/** Works everything that was rejected again, after a look at how many that is. */
export function ReplayMany({ source }: { readonly source: string | undefined }) {
  const { t } = useTranslation();
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <Button size="xs" variant="default" leftSection={<IconRefresh size={14} />} onClick={() => setOpen(true)}>
        {t('intake.replayMany')}
      </Button>
      {isOpen && <ReplayDialog source={source} onClose={() => setOpen(false)} />}
    </>
  );
}
