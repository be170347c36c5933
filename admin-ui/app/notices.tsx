import { ActionIcon, Indicator, Menu, Text } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useRouter } from '@tanstack/react-router';
import { IconBell } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { request } from '../api/client.ts';
import { noticesQuery, useEntities } from '../api/queries.ts';
import type { Notice } from '../api/types.ts';
import { currentLanguage } from '../i18n/index.ts';
import { formatInstant } from '../model/format.ts';
import { addressOf } from './address.ts';

/** What processes have told me: a bell with the number of unread notices, and the newest of them. */
export function Notices() {
  const { t } = useTranslation();
  const { data } = useQuery(noticesQuery);
  const entities = useEntities();
  const client = useQueryClient();
  const router = useRouter();
  const { notices, unread } = data ?? { notices: [], unread: 0 };
  const language = currentLanguage();

  const markRead = async (): Promise<void> => {
    const [newest] = notices;
    if (newest === undefined || unread === 0) return;
    await request('POST', '/notices/read', { body: { upTo: newest.at } }).catch(() => undefined);
    await client.invalidateQueries({ queryKey: noticesQuery.queryKey });
  };
  const goTo = (notice: Notice): void => {
    const plural = entities.byName.get(notice.entity)?.plural ?? notice.entity;
    void router.navigate({ href: addressOf(notice.entity, notice.recordId, plural) });
  };
  const label = unread === 0 ? t('notices.title') : t('notices.unread', { count: unread });
  return (
    <Menu width={340} position="bottom-end" onClose={() => void markRead()}>
      <Indicator label={unread > 99 ? '99+' : unread} size={16} disabled={unread === 0} offset={5} color="red.8">
        <Menu.Target>
          <ActionIcon size={32} aria-label={label}>
            <IconBell size={18} />
          </ActionIcon>
        </Menu.Target>
      </Indicator>
      <Menu.Dropdown mah={420} style={{ overflowY: 'auto' }}>
        <Menu.Label>{t('notices.title')}</Menu.Label>
        {notices.length === 0 && (
          <Text size="sm" c="dimmed" px="sm" py="xs">
            {t('notices.none')}
          </Text>
        )}
        {notices.map((notice) => (
          <Menu.Item key={notice.id} onClick={() => goTo(notice)}>
            <Text size="sm" fw={notice.readAt === null ? 600 : 400}>
              {notice.text[language]}
            </Text>
            <Text size="xs" c="dimmed" truncate>
              {[formatInstant(notice.at, language), notice.title].filter((part) => part !== null).join(' · ')}
            </Text>
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
