import { Button, Select, Text, TextInput } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { IconPlus } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { toChoices } from '../../api/choices.ts';
import { read, request } from '../../api/client.ts';
import { useConfig } from '../../api/queries.ts';
import type { ApiKey } from '../../api/types.ts';
import { EmptyFace, ErrorFace, LoadingFace } from '../../components/faces.tsx';
import { FormDialog, useForm } from '../../components/form-dialog.tsx';
import { currentLanguage } from '../../i18n/index.ts';
import { formatInstant, fromLocalInput } from '../../model/format.ts';
import { OnceDialog } from './once-dialog.tsx';
import { PageHead } from './page-head.tsx';
import classes from './settings.module.css';
import { TableFrame } from './table-frame.tsx';

interface Made {
  readonly name: string;
  readonly key: string;
}

function KeyDialog({ onClose, onMade }: { readonly onClose: () => void; readonly onMade: (made: Made) => void }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const roles = toChoices(useConfig('roles'));
  const [name, setName] = useState('');
  const [role, setRole] = useState<string | null>(null);
  const [scopes, setScopes] = useState('leads:read, leads:write');
  const [expires, setExpires] = useState('');
  const form = useForm(async () => {
    const rights =
      role === null
        ? {
            scopes: scopes
              .split(',')
              .map((scope) => scope.trim())
              .filter((scope) => scope !== ''),
          }
        : { role };
    const expiresAt = fromLocalInput(expires);
    const body = { name, ...rights, ...(expiresAt === null ? {} : { expiresAt }) };
    const { body: answer } = await request<{ data: Made }>('POST', '/keys', { body });
    await client.invalidateQueries({ queryKey: ['keys'] });
    onClose();
    onMade({ name, key: answer.data.key });
  });
  return (
    <FormDialog title={t('keys.add')} form={form} submitLabel={t('common.add')} onClose={onClose}>
      <TextInput
        data-autofocus
        required
        label={t('keys.name')}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <TextInput
        label={t('keys.scopes')}
        disabled={role !== null}
        value={scopes}
        onChange={(event) => setScopes(event.currentTarget.value)}
      />
      <Select
        label={t('keys.role')}
        clearable
        placeholder={t('keys.orRole')}
        data={roles.map(({ value, label }) => ({ value, label }))}
        value={role}
        onChange={setRole}
      />
      <TextInput
        type="datetime-local"
        label={t('keys.expires')}
        value={expires}
        onChange={(event) => setExpires(event.currentTarget.value)}
      />
    </FormDialog>
  );
}

function RevokeDialog({ apiKey, onClose }: { readonly apiKey: ApiKey; readonly onClose: () => void }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const form = useForm(async () => {
    await request('DELETE', `/keys/${apiKey.id}`);
    onClose();
    notifications.show({ message: t('keys.revoked') });
    await client.invalidateQueries({ queryKey: ['keys'] });
  });
  const title = t('keys.revokeTitle', { name: apiKey.name });
  return (
    <FormDialog title={title} form={form} submitLabel={t('keys.revoke')} isDangerous onClose={onClose}>
      <Text size="sm">{t('keys.revokeLead')}</Text>
    </FormDialog>
  );
}

/** Keys of other systems. */
export function Keys() {
  const { t } = useTranslation();
  const language = currentLanguage();
  const answer = useQuery({ queryKey: ['keys'], queryFn: async () => await read<ApiKey[]>('/keys') });
  const [isAdding, setAdding] = useState(false);
  const [made, setMade] = useState<Made>();
  const [revoking, setRevoking] = useState<ApiKey>();
  if (answer.isError) return <ErrorFace error={answer.error} onRetry={() => void answer.refetch()} />;
  if (answer.data === undefined) return <LoadingFace />;
  const keys = answer.data.filter((key) => key.revokedAt === null || key.revokedAt === undefined);
  const at = (value: string | null | undefined, otherwise: string): string =>
    value === null || value === undefined ? otherwise : formatInstant(value, language);
  return (
    <>
      <PageHead title={t('settings.keys')} lead={t('keys.lead')}>
        <Button leftSection={<IconPlus size={15} />} onClick={() => setAdding(true)}>
          {t('keys.add')}
        </Button>
      </PageHead>
      {keys.length === 0 && (
        <EmptyFace text={t('keys.empty')} action={{ label: t('keys.add'), onClick: () => setAdding(true) }} />
      )}
      {keys.length > 0 && (
        <TableFrame label={t('settings.keys')}>
          <table className={classes['table']}>
            <thead>
              <tr>
                {(['name', 'prefix', 'rights', 'lastUsed', 'expires'] as const).map((head) => (
                  <th key={head} scope="col">
                    {t(`keys.${head}`)}
                  </th>
                ))}
                <th scope="col">
                  <span className="lw-visually-hidden">{t('common.actions')}</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {keys.map((key) => (
                <tr key={key.id}>
                  <td>{key.name}</td>
                  <td>
                    <code>{key.prefix}…</code>
                  </td>
                  <td>{key.role ?? (key.scopes ?? []).join(', ')}</td>
                  <td>{at(key.lastUsedAt, t('keys.never'))}</td>
                  <td>{at(key.expiresAt, t('common.none'))}</td>
                  <td>
                    <Button
                      variant="subtle"
                      size="compact-xs"
                      aria-label={`${t('keys.revoke')}: ${key.name}`}
                      onClick={() => setRevoking(key)}
                    >
                      {t('keys.revoke')}
                    </Button>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </TableFrame>
      )}
      {isAdding && <KeyDialog onClose={() => setAdding(false)} onMade={setMade} />}
      {revoking !== undefined && <RevokeDialog apiKey={revoking} onClose={() => setRevoking(undefined)} />}
      {made !== undefined && (
        <OnceDialog
          title={t('keys.onceTitle', { name: made.name })}
          hint={t('keys.once')}
          values={[[t('keys.name'), made.key]]}
          onClose={() => setMade(undefined)}
        />
      )}
    </>
  );
}
