import { Badge, Button, Group, Select, Stack, Text, TextInput } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { read, request } from '../../api/client.ts';
import { sessionQuery, useSession } from '../../api/queries.ts';
import { showProblem, toProblem } from '../../app/acts.tsx';
import { useToggleLanguage } from '../../app/top-bar.tsx';
import { Card } from '../../components/card.tsx';
import { currentLanguage } from '../../i18n/index.ts';
import { formatInstant } from '../../model/format.ts';
import { MailAddressCard } from './mail-address.tsx';
import { PageHead } from './page-head.tsx';

interface SignedIn {
  readonly id: string;
  readonly userAgent?: string | null;
  readonly address?: string | null;
  readonly seenAt?: string;
  readonly isCurrent?: boolean;
}

function Sessions() {
  const { t } = useTranslation();
  const client = useQueryClient();
  const answer = useQuery({ queryKey: ['sessions'], queryFn: async () => await read<SignedIn[]>('/sessions') });
  const end = async (id: string): Promise<void> => {
    try {
      await request('DELETE', `/sessions/${id}`);
      notifications.show({ message: t('profile.ended') });
    } catch (error) {
      showProblem(toProblem(error), t('error.title'));
    }
    await client.invalidateQueries({ queryKey: ['sessions'] });
  };
  return (
    <Card title={t('profile.sessions')}>
      {(answer.data ?? []).map((session) => (
        <Group key={session.id} justify="space-between" py={4} wrap="nowrap">
          <div style={{ minWidth: 0 }}>
            <Text size="sm" truncate>
              {session.userAgent ?? '–'}
            </Text>
            <Text size="xs" c="dimmed">
              {[
                session.address,
                session.seenAt === undefined
                  ? undefined
                  : t('profile.lastSeen', { at: formatInstant(session.seenAt, currentLanguage()) }),
              ]
                .filter(Boolean)
                .join(' · ')}
            </Text>
          </div>
          {session.isCurrent === true ? (
            <Badge color="gray" flex="none" c="var(--mantine-color-text)">
              {t('profile.current')}
            </Badge>
          ) : (
            <Button variant="subtle" size="compact-xs" onClick={() => void end(session.id)}>
              {t('profile.end')}
            </Button>
          )}
        </Group>
      ))}
    </Card>
  );
}

/** The signed-in person's own name, language and sessions. */
export function Profile() {
  const { t } = useTranslation();
  const { user, tenant } = useSession();
  const client = useQueryClient();
  const toggleLanguage = useToggleLanguage();
  const [name, setName] = useState(user.name);
  const save = async (): Promise<void> => {
    try {
      await request('PATCH', '/me', { body: { name } });
      notifications.show({ message: t('common.saved') });
      await client.invalidateQueries({ queryKey: sessionQuery.queryKey });
    } catch (error) {
      showProblem(toProblem(error), t('error.title'));
    }
  };
  return (
    <>
      <PageHead title={t('settings.profile')} lead={t('profile.lead')} />
      <Stack gap="md" maw={560}>
        <Card title={user.email}>
          <form
            onSubmit={(event) => {
              event.preventDefault();
              void save();
            }}
          >
            <Stack gap="sm">
              <Text size="sm" c="dimmed">
                {t('profile.company')}: {tenant.name} · {t('profile.role')}: {user.role}
              </Text>
              <TextInput
                label={t('profile.name')}
                required
                value={name}
                onChange={(event) => setName(event.currentTarget.value)}
              />
              <Select
                label={t('profile.language')}
                allowDeselect={false}
                data={[
                  { value: 'de', label: 'Deutsch' },
                  { value: 'en', label: 'English' },
                ]}
                value={currentLanguage()}
                onChange={(next) => {
                  if (next !== currentLanguage()) void toggleLanguage();
                }}
              />
              <Group>
                <Button type="submit" disabled={name === user.name}>
                  {t('common.save')}
                </Button>
              </Group>
            </Stack>
          </form>
        </Card>
        <MailAddressCard />
        <Sessions />
      </Stack>
    </>
  );
}
