import { Button, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { IconPlus } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { relatedQuery, useSession } from '../api/queries.ts';
import { ActivityList } from './activity-list.tsx';
import { Card } from './card.tsx';
import { CreateDialog } from './create-dialog.tsx';

interface ActivitiesCardProps {
  /** Field of the activity that points to the record shown. */
  readonly link: string;
  readonly id: string;
}

const closed = 4;

/** Plan and activities of one record: the open ones by due date, then what was done last. */
export function ActivitiesCard({ link, id }: ActivitiesCardProps) {
  const { t } = useTranslation();
  const session = useSession();
  const [isAdding, setAdding] = useState(false);
  const answer = useQuery(
    relatedQuery({ plural: 'activities', filter: `${link} = "${id}"`, sort: 'dueAt', limit: 100 }),
  );
  const all = answer.data?.data ?? [];
  const open = all.filter((activity) => activity['state'] === 'open');
  const rest = all.filter((activity) => activity['state'] !== 'open').slice(-closed);
  const mayCreate = session.can['activity']?.['create'] === true;
  return (
    <Card
      title={t('activity.title')}
      actions={
        mayCreate && (
          <Button
            variant="subtle"
            size="compact-xs"
            leftSection={<IconPlus size={14} />}
            onClick={() => setAdding(true)}
          >
            {t('common.new')}
          </Button>
        )
      }
    >
      {answer.isSuccess && all.length === 0 && (
        <Text size="sm" c="dimmed">
          {t('activity.empty')}
        </Text>
      )}
      <ActivityList activities={[...open, ...rest]} />
      {isAdding && (
        <CreateDialog
          entity="activity"
          initial={{ [link]: id, owner: session.user.id }}
          only={['title', 'type', 'dueAt', 'owner', 'note']}
          onClose={() => setAdding(false)}
        />
      )}
    </Card>
  );
}
