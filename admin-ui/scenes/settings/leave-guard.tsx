import { Text } from '@mantine/core';
import { getRouteApi, useBlocker } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { FormDialog, useForm } from '../../components/form-dialog.tsx';

const route = getRouteApi('/app/settings/$section');

function LeaveDialog({ onLeave, onClose }: { readonly onLeave: () => void; readonly onClose: () => void }) {
  const { t } = useTranslation();
  const form = useForm(async () => onLeave());
  return (
    <FormDialog
      title={t('config.leaveTitle')}
      form={form}
      submitLabel={t('config.reset')}
      isDangerous
      onClose={onClose}
    >
      <Text size="sm">{t('config.leaveLead')}</Text>
    </FormDialog>
  );
}

/** Asks before a text that is not published is lost to another entry, another page or a closed window. */
export function LeaveGuard({ kind, entry }: { readonly kind: string; readonly entry: string }) {
  const blocker = useBlocker({
    shouldBlockFn: ({ current, next }) =>
      next.routeId !== route.id ||
      next.pathname !== current.pathname ||
      next.search.kind !== kind ||
      next.search.key !== entry,
    withResolver: true,
  });
  if (blocker.status === 'idle') return undefined;
  return <LeaveDialog onLeave={blocker.proceed} onClose={blocker.reset} />;
}
