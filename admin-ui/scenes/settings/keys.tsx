import { Button, MultiSelect, Select, Text, TextInput } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { notifications } from '@mantine/notifications';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { IconPlus } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { toChoices } from '../../api/choices.ts';
import { read, request } from '../../api/client.ts';
import { useConfig, useEntities } from '../../api/queries.ts';
import type { ApiKey } from '../../api/types.ts';
import { EmptyFace, ErrorFace, LoadingFace } from '../../components/faces.tsx';
import { FormDialog, useForm } from '../../components/form-dialog.tsx';
import { currentLanguage } from '../../i18n/index.ts';
import { formatInstant, fromLocalInput } from '../../model/format.ts';
import { OnceDialog } from './once-dialog.tsx';
import { PageHead } from './page-head.tsx';
import { scopeChoices } from './scope-choices.ts';
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
  const entities = useEntities();
  const [name, setName] = useState('');
  const [role, setRole] = useState<string | null>(null);
  const [scopes, setScopes] = useState(['leads:read', 'leads:write']);
  const [expires, setExpires] = useState('');
  const form = useForm(async () => {
    const rights = role === null ? { scopes } : { role };
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
      <MultiSelect
        label={t('keys.scopes')}
        description={t('keys.scopesHelp')}
        disabled={role !== null}
        data={scopeChoices(entities, t)}
        searchable
        nothingFoundMessage={t('common.noMatches')}
        value={scopes}
        onChange={setScopes}
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
        label={t('keys.expiresInput')}
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

interface KeyRowProps {
  readonly apiKey: ApiKey;
  readonly isNarrow: boolean;
  readonly onRevoke: () => void;
}

function KeyRow({ apiKey, isNarrow, onRevoke }: KeyRowProps) {
  const { t } = useTranslation();
  const roles = toChoices(useConfig('roles'));
  const { name, prefix, role, scopes, lastUsedAt, expiresAt } = apiKey;
  const at = (value: string | null | undefined, otherwise: string): string =>
    value === null || value === undefined ? otherwise : formatInstant(value, currentLanguage());
  const rights = roles.find((one) => one.value === role)?.label ?? role ?? (scopes ?? []).join(', ');
  const lastUsed = at(lastUsedAt, t('keys.never'));
  return (
    <tr>
      {isNarrow ? (
        <td>
          <Text size="sm" fw={560} className={classes['wrapped']}>
            {name}
          </Text>
          <Text size="xs" className={classes['wrapped']}>
            {rights}
          </Text>
          <Text size="xs" c="dimmed">
            <code>{prefix}…</code> · {t('keys.lastUsed')}: {lastUsed}
            {expiresAt != null && ` · ${t('keys.expires')}: ${at(expiresAt, '')}`}
          </Text>
        </td>
      ) : (
        <>
          <td>{name}</td>
          <td>
            <code>{prefix}…</code>
          </td>
          <td>{rights}</td>
          <td>{lastUsed}</td>
          <td>{at(expiresAt, t('common.none'))}</td>
        </>
      )}
      <td>
        <Button variant="subtle" size="compact-xs" aria-label={`${t('keys.revoke')}: ${name}`} onClick={onRevoke}>
          {t('keys.revoke')}
        </Button>
      </td>
    </tr>
  );
}

const columns = ['name', 'prefix', 'rights', 'lastUsed', 'expires'] as const;

/** Keys of other systems. */
export function Keys() {
  const { t } = useTranslation();
  const answer = useQuery({ queryKey: ['keys'], queryFn: async () => await read<ApiKey[]>('/keys') });
  const [isAdding, setAdding] = useState(false);
  const [made, setMade] = useState<Made>();
  const [revoking, setRevoking] = useState<ApiKey>();
  const isNarrow = useMediaQuery('(max-width: 900px)', false, { getInitialValueInEffect: false });
  if (answer.isError) return <ErrorFace error={answer.error} onRetry={() => void answer.refetch()} />;
  if (answer.data === undefined) return <LoadingFace />;
  const keys = answer.data.filter((key) => key.revokedAt === null || key.revokedAt === undefined);
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
            <thead className={isNarrow ? 'lw-visually-hidden' : undefined}>
              <tr>
                {(isNarrow ? columns.slice(0, 1) : columns).map((head) => (
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
                <KeyRow key={key.id} apiKey={key} isNarrow={isNarrow} onRevoke={() => setRevoking(key)} />
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
