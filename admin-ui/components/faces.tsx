import { Button, Center, Skeleton, Stack, Text, Title } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { IconAlertTriangle, IconInbox, IconLock, IconMapOff } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { messageOf } from '../../core/errors.ts';
import { ApiError } from '../api/client.ts';

interface FaceProps {
  readonly icon: ReactNode;
  readonly title: string;
  readonly children?: ReactNode;
}

function Face({ icon, title, children }: FaceProps) {
  return (
    <Center mih={240} h="100%" p="lg">
      <Stack align="center" gap="sm" maw={440} ta="center">
        <Text c="dimmed" component="span" aria-hidden lh={0}>
          {icon}
        </Text>
        <Title order={2}>{title}</Title>
        {children}
      </Stack>
    </Center>
  );
}

export function LoadingFace({ rows = 8 }: { readonly rows?: number }) {
  const { t } = useTranslation();
  return (
    <Stack gap="sm" p="md" role="status" aria-label={t('common.loading')}>
      {Array.from({ length: rows }, (_, index) => (
        <Skeleton key={index} height={28} radius="sm" style={{ opacity: 1 - index / (rows + 2) }} />
      ))}
    </Stack>
  );
}

interface EmptyFaceProps {
  readonly text: string;
  readonly action?: { readonly label: string; readonly onClick: () => void } | undefined;
}

/** One sentence and at most one button. */
export function EmptyFace({ text, action }: EmptyFaceProps) {
  return (
    <Center mih={160} h="100%" p="lg">
      <Stack align="center" gap="sm" maw={360} ta="center">
        <Text c="dimmed" component="span" aria-hidden lh={0}>
          <IconInbox size={28} stroke={1.4} />
        </Text>
        <Text c="dimmed" size="sm">
          {text}
        </Text>
        {action !== undefined && (
          <Button variant="light" onClick={action.onClick}>
            {action.label}
          </Button>
        )}
      </Stack>
    </Center>
  );
}

export function NotFoundFace() {
  const { t } = useTranslation();
  return (
    <Face icon={<IconMapOff size={32} stroke={1.4} />} title={t('error.notFoundTitle')}>
      <Text c="dimmed">{t('error.notFound')}</Text>
    </Face>
  );
}

/** An address that leads nowhere. */
export function UnknownPageFace() {
  const { t } = useTranslation();
  return (
    <Face icon={<IconMapOff size={32} stroke={1.4} />} title={t('error.notFoundTitle')}>
      <Text c="dimmed">{t('error.unknownPage')}</Text>
      <Button component={Link} to="/inbox" variant="light">
        {t('error.toInbox')}
      </Button>
    </Face>
  );
}

export function ForbiddenFace() {
  const { t } = useTranslation();
  return (
    <Face icon={<IconLock size={32} stroke={1.4} />} title={t('error.forbiddenTitle')}>
      <Text c="dimmed">{t('error.forbidden')}</Text>
    </Face>
  );
}

interface ErrorFaceProps {
  readonly error: unknown;
  readonly onRetry?: () => void;
}

/** Says what happened and what next; a missing right or record has its own face. */
export function ErrorFace({ error, onRetry }: ErrorFaceProps) {
  const { t } = useTranslation();
  const problem = error instanceof ApiError ? error.problem : undefined;
  if (problem?.status === 403) return <ForbiddenFace />;
  if (problem?.status === 404) return <NotFoundFace />;
  const message = messageOf(error);
  return (
    <div role="alert" style={{ height: '100%' }}>
      <Face icon={<IconAlertTriangle size={32} stroke={1.4} />} title={t('error.title')}>
        <Text c="dimmed">{problem?.status === 0 ? t('error.offline') : message}</Text>
        {onRetry !== undefined && <Button onClick={onRetry}>{t('common.retry')}</Button>}
        {problem?.requestId !== undefined && (
          <Text size="xs" c="dimmed">
            {t('error.requestId', { id: problem.requestId })}
          </Text>
        )}
      </Face>
    </div>
  );
}
