import { ActionIcon, Button, Checkbox, Group, Menu, Stack, Switch, Text, TextInput } from '@mantine/core';
import { IconCalendarTime, IconDots, IconX } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { toChoices } from '../api/choices.ts';
import { useConfig, useSession, useUsers } from '../api/queries.ts';
import type { RecordValue } from '../api/types.ts';
import { useActs, type RunActs } from '../app/acts.tsx';
import { currentLanguage } from '../i18n/index.ts';
import { textOf } from '../model/entities.ts';
import { formatSoon, fromLocalInput, toLocalInput } from '../model/format.ts';
import { useNow } from './use-now.ts';
import { Dialog } from './dialog.tsx';
import classes from './activity-list.module.css';

type Translate = ReturnType<typeof useTranslation>['t'];

const title = (activity: RecordValue): string => textOf(activity, 'title') ?? '';

/** Ticks an activity off or opens it again. */
export async function toggleActivity(run: RunActs, t: Translate, activity: RecordValue): Promise<void> {
  const isOpen = activity['state'] === 'open';
  const act = isOpen ? 'complete' : 'reopen';
  await run([{ path: `/activities/${activity.id}/${act}`, body: {} }], {
    done: t(isOpen ? 'activity.completed' : 'activity.reopened', { title: title(activity) }),
  });
}

interface ReplanProps {
  readonly activity: RecordValue;
  readonly onClose: () => void;
}

export function ReplanDialog({ activity, onClose }: ReplanProps) {
  const { t } = useTranslation();
  const { run } = useActs();
  const [due, setDue] = useState(toLocalInput(textOf(activity, 'dueAt')));
  const [shiftFollowers, setShift] = useState(true);
  const submit = async (): Promise<void> => {
    const dueAt = fromLocalInput(due);
    if (dueAt === null) return;
    onClose();
    await run([{ path: `/activities/${activity.id}/move`, body: { dueAt, shiftFollowers } }], {
      done: t('activity.replanned', { at: formatSoon(dueAt, currentLanguage()) }),
    });
  };
  return (
    <Dialog onClose={onClose} title={t('activity.replanTitle', { title: title(activity) })} size="sm">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <Stack gap="md">
          <TextInput
            data-autofocus
            type="datetime-local"
            required
            label={t('activity.newDue')}
            value={due}
            onChange={(event) => setDue(event.currentTarget.value)}
          />
          <Switch
            label={t('activity.shiftFollowers')}
            checked={shiftFollowers}
            onChange={(event) => setShift(event.currentTarget.checked)}
          />
          <Group justify="flex-end" gap="sm">
            <Button variant="default" onClick={onClose}>
              {t('common.cancel')}
            </Button>
            <Button type="submit">{t('activity.replan')}</Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
}

interface RowProps {
  readonly activity: RecordValue;
  readonly typeLabel: string | undefined;
  readonly ownerName: string | undefined;
  readonly now: Date;
}

function ActivityRow({ activity, typeLabel, ownerName, now }: RowProps) {
  const { t } = useTranslation();
  const { run } = useActs();
  const [isReplanning, setReplanning] = useState(false);
  const can = useSession().can['activity'] ?? {};
  const isOpen = activity['state'] === 'open';
  const due = textOf(activity, 'dueAt');
  const isOverdue = isOpen && due !== undefined && new Date(due) < now;
  const isMandatory = isOpen && (activity['isMandatory'] === true || activity['isMandatory'] === 1);
  const cancel = async (): Promise<void> => {
    await run([{ path: `/activities/${activity.id}/cancel`, body: {} }], {
      done: t('activity.cancelled', { title: title(activity) }),
    });
  };
  return (
    <li className={classes['row']} data-state={activity['state']}>
      <Checkbox
        size="xs"
        mt={2}
        checked={activity['state'] === 'done'}
        disabled={activity['state'] === 'cancelled' || can['complete'] === false}
        aria-label={`${t(isOpen ? 'activity.complete' : 'activity.reopen')}: ${title(activity)}`}
        onChange={() => void toggleActivity(run, t, activity)}
      />
      <div className={classes['text']}>
        <Text size="sm" className={classes['title']}>
          {title(activity)}
        </Text>
        <Text size="xs" c="dimmed">
          {due !== undefined && (
            <span className={classes['due']} data-overdue={isOverdue}>
              {formatSoon(due, currentLanguage())}
              {isOverdue && ` (${t('activity.overdue')})`}
            </span>
          )}
          {[typeLabel, ownerName, isMandatory ? t('activity.mandatory') : undefined]
            .filter((part) => part !== undefined)
            .map((part) => ` · ${part}`)
            .join('')}
        </Text>
      </div>
      {isOpen && can['move'] !== false && (
        <Menu>
          <Menu.Target>
            <ActionIcon size={24} aria-label={`${t('common.more')}: ${title(activity)}`}>
              <IconDots size={16} />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item leftSection={<IconCalendarTime size={16} />} onClick={() => setReplanning(true)}>
              {t('activity.replan')}
            </Menu.Item>
            <Menu.Item leftSection={<IconX size={16} />} onClick={() => void cancel()}>
              {t('activity.cancel')}
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
      )}
      {isReplanning && <ReplanDialog activity={activity} onClose={() => setReplanning(false)} />}
    </li>
  );
}

/** Activities with their tick box, due date and menu. */
export function ActivityList({ activities }: { readonly activities: readonly RecordValue[] }) {
  const users = useUsers();
  const types = toChoices(useConfig('activity-types'));
  const now = useNow();
  return (
    <ul className={classes['list']}>
      {activities.map((activity) => (
        <ActivityRow
          key={activity.id}
          activity={activity}
          now={now}
          typeLabel={types.find((type) => type.value === activity['type'])?.label}
          ownerName={users.find((user) => user.id === activity['owner'])?.name}
        />
      ))}
    </ul>
  );
}
