import { Button, CopyButton, Group, Text, TextInput } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { request } from '../../api/client.ts';
import { mailAddressQuery } from '../../api/mail.ts';
import { showProblem, toProblem } from '../../app/acts.tsx';
import { Card } from '../../components/card.tsx';

/** The person's own address for filing mail: to copy, to renew, to take back. */
export function MailAddressCard() {
  const { t } = useTranslation();
  const client = useQueryClient();
  const answer = useQuery(mailAddressQuery);
  const address = answer.data?.address ?? undefined;
  const change = async (method: 'PUT' | 'DELETE', done: string): Promise<void> => {
    try {
      await request(method, '/me/mail-address');
      notifications.show({ message: done });
    } catch (error) {
      showProblem(toProblem(error), t('error.title'));
    }
    await client.invalidateQueries({ queryKey: mailAddressQuery.queryKey });
  };
  return (
    <Card title={t('mailAddress.title')}>
      <Text size="sm" c="dimmed" mb="sm">
        {t('mailAddress.lead')}
      </Text>
      <TextInput
        readOnly
        label={t('mailAddress.label')}
        value={address ?? ''}
        placeholder={answer.isSuccess ? t('mailAddress.none') : ''}
        onFocus={(event) => event.currentTarget.select()}
      />
      <Group gap="sm" mt="sm">
        {address !== undefined && (
          <CopyButton value={address}>
            {({ copied, copy }) => <Button onClick={copy}>{t(copied ? 'common.copied' : 'common.copy')}</Button>}
          </CopyButton>
        )}
        <Button variant="default" onClick={() => void change('PUT', t('mailAddress.renewed'))}>
          {t('mailAddress.renew')}
        </Button>
        {address !== undefined && (
          <Button variant="subtle" onClick={() => void change('DELETE', t('mailAddress.revoked'))}>
            {t('mailAddress.revoke')}
          </Button>
        )}
      </Group>
    </Card>
  );
}
