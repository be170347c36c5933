import { Stack, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Logo } from '../../components/logo.tsx';
import classes from './door.module.css';

interface DoorProps {
  readonly title: string;
  readonly lead: string;
  readonly children: ReactNode;
}

/** Frame of the pages in front of the app: what it is on the left, one form on the right. */
export function Door({ title, lead, children }: DoorProps) {
  const { t } = useTranslation();
  return (
    <div className={classes['frame']}>
      <aside className={classes['claim']} aria-hidden>
        <Logo size={32} isInverse />
        <div>
          <Text fz={32} lh="40px" fw={600} maw={420}>
            {t('signIn.claimTitle')}
          </Text>
          <Text mt="md" maw={380} className={classes['soft']}>
            {t('signIn.claim')}
          </Text>
        </div>
        <span />
      </aside>
      <main className={classes['form']}>
        <Stack w="100%" maw={360} gap="lg">
          <div className={classes['small']}>
            <Logo size={28} />
          </div>
          <div>
            <Title order={1} fz={24} lh="32px">
              {title}
            </Title>
            <Text c="dimmed" mt={4}>
              {lead}
            </Text>
          </div>
          {children}
        </Stack>
      </main>
    </div>
  );
}
