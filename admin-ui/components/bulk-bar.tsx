import { Button, Group, Select, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { request } from '../api/client.ts';
import { toChoices } from '../api/choices.ts';
import { useConfig, useUsers } from '../api/queries.ts';
import { showProblem, toProblem } from '../app/acts.tsx';
import classes from './list-pane.module.css';
import type { ListPage } from './use-list-page.ts';

export type BulkAct = 'accept' | 'assign' | 'archive' | 'replay';

interface BulkBarProps {
  readonly page: ListPage;
  readonly ids: ReadonlySet<string>;
  readonly acts: readonly BulkAct[];
  readonly onDone: () => void;
}

interface BulkAnswer {
  readonly data: { readonly changed: number; readonly failed: readonly unknown[] };
}

/** What can be done with all selected rows; says how many were changed and how many were not. */
export function BulkBar({ page, ids, acts, onDone }: BulkBarProps) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const users = useUsers();
  const reasons = toChoices(useConfig('loss-reasons'));
  const apply = async (act: BulkAct, input: unknown): Promise<void> => {
    try {
      const { body } = await request<BulkAnswer>('POST', `/${page.model.plural}/bulk`, {
        body: { ids: [...ids], act, input },
      });
      const failed = body.data.failed.length;
      const sentence = t('inbox.bulkDone', { count: body.data.changed });
      notifications.show({
        message: failed === 0 ? sentence : `${sentence}, ${t('inbox.bulkFailed', { count: failed })}`,
      });
      onDone();
      page.reload();
    } catch (error) {
      showProblem(toProblem(error), t('error.title'));
    }
  };
  const replay = async (): Promise<void> => {
    try {
      await request('POST', `/${page.model.plural}/replay`, { body: { ids: [...ids] } });
      notifications.show({ message: t('intake.replayStarted') });
      await client.invalidateQueries({ queryKey: ['list', 'imports'] });
      onDone();
    } catch (error) {
      showProblem(toProblem(error), t('error.title'));
    }
  };
  return (
    <Group className={classes['bulk']} gap="sm" wrap="nowrap">
      <Text size="sm" fw={560}>
        {t('list.selected', { count: ids.size })}
      </Text>
      {acts.includes('accept') && (
        <Button size="xs" variant="default" onClick={() => void apply('accept', {})}>
          {t('inbox.accept')}
        </Button>
      )}
      {acts.includes('replay') && (
        <Button size="xs" variant="default" onClick={() => void replay()}>
          {t('intake.replay')}
        </Button>
      )}
      {acts.includes('assign') && (
        <Select
          size="xs"
          w={150}
          aria-label={t('inbox.assign')}
          placeholder={t('inbox.assign')}
          data={users.map((user) => ({ value: user.id, label: user.name }))}
          value={null}
          onChange={(owner) => void apply('assign', { owner })}
        />
      )}
      {acts.includes('archive') && (
        <Select
          size="xs"
          w={180}
          aria-label={t('inbox.archive')}
          placeholder={t('inbox.archive')}
          data={reasons.map(({ value, label }) => ({ value, label }))}
          value={null}
          onChange={(reason) => void apply('archive', { reason })}
        />
      )}
      <Button variant="subtle" color="gray" onClick={onDone}>
        {t('list.clearSelection')}
      </Button>
    </Group>
  );
}
