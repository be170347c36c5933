import { Badge, Button, Group, PasswordInput, Select, Text, TextInput } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { IconPlus } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { toChoices } from '../../api/choices.ts';
import { request } from '../../api/client.ts';
import { useConfig, useSession, usersQuery } from '../../api/queries.ts';
import type { User } from '../../api/types.ts';
import { showProblem, toProblem } from '../../app/acts.tsx';
import { ErrorFace, LoadingFace } from '../../components/faces.tsx';
import { FormDialog, useForm } from '../../components/form-dialog.tsx';
import { OnceDialog } from './once-dialog.tsx';
import { PageHead } from './page-head.tsx';
import classes from './settings.module.css';
import { TableFrame } from './table-frame.tsx';

interface Made {
  readonly name: string;
  readonly email: string;
  readonly initialPassword?: string;
}

interface UserDialogProps {
  readonly onClose: () => void;
  readonly onMade: (made: Made) => void;
}

function UserDialog({ onClose, onMade }: UserDialogProps) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const roles = toChoices(useConfig('roles'));
  const [values, setValues] = useState({ name: '', email: '', role: 'sales', team: '', password: '' });
  const set = (name: keyof typeof values, value: string): void => setValues((known) => ({ ...known, [name]: value }));
  const form = useForm(async () => {
    const body = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== ''));
    const { body: answer } = await request<{ data: Made }>('POST', '/users', { body });
    await client.invalidateQueries({ queryKey: ['users'] });
    onClose();
    onMade(answer.data);
  });
  return (
    <FormDialog title={t('users.add')} form={form} submitLabel={t('common.add')} onClose={onClose}>
      <TextInput
        data-autofocus
        required
        label={t('users.name')}
        value={values.name}
        error={form.errorOf('name')}
        onChange={(event) => set('name', event.currentTarget.value)}
      />
      <TextInput
        required
        type="email"
        label={t('users.email')}
        value={values.email}
        error={form.errorOf('email')}
        onChange={(event) => set('email', event.currentTarget.value)}
      />
      <Select
        label={t('users.role')}
        allowDeselect={false}
        data={roles.map(({ value, label }) => ({ value, label }))}
        value={values.role}
        error={form.errorOf('role')}
        onChange={(role) => set('role', role ?? 'sales')}
      />
      <TextInput
        label={t('users.team')}
        value={values.team}
        error={form.errorOf('team')}
        onChange={(event) => set('team', event.currentTarget.value)}
      />
      <PasswordInput
        label={t('users.password')}
        description={t('users.passwordHint')}
        autoComplete="new-password"
        value={values.password}
        error={form.errorOf('password')}
        onChange={(event) => set('password', event.currentTarget.value)}
      />
    </FormDialog>
  );
}

function PasswordDialog({ user, onClose }: { readonly user: User; readonly onClose: () => void }) {
  const { t } = useTranslation();
  const [password, setPassword] = useState('');
  const form = useForm(async () => {
    await request('PATCH', `/users/${user.id}`, { body: { password } });
    onClose();
    notifications.show({ message: t('users.passwordSet', { name: user.name }) });
  });
  const title = t('users.passwordTitle', { name: user.name });
  return (
    <FormDialog title={title} form={form} submitLabel={t('common.save')} onClose={onClose}>
      <Text size="sm">{t('users.passwordLead')}</Text>
      <PasswordInput
        data-autofocus
        required
        label={t('users.newPassword')}
        description={t('setup.passwordHint')}
        autoComplete="new-password"
        value={password}
        error={form.errorOf('password')}
        onChange={(event) => setPassword(event.currentTarget.value)}
      />
    </FormDialog>
  );
}

function DisableDialog({ user, onClose }: { readonly user: User; readonly onClose: () => void }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const form = useForm(async () => {
    await request('PATCH', `/users/${user.id}`, { body: { isDisabled: true } });
    onClose();
    notifications.show({ message: t('users.disabledNow', { name: user.name }) });
    await client.invalidateQueries({ queryKey: ['users'] });
  });
  const title = t('users.disableTitle', { name: user.name });
  return (
    <FormDialog title={title} form={form} submitLabel={t('users.disable')} isDangerous onClose={onClose}>
      <Text size="sm">{t('users.disableLead')}</Text>
    </FormDialog>
  );
}

function UserRow({
  user,
  roles,
}: {
  readonly user: User;
  readonly roles: readonly { value: string; label: string }[];
}) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const isOwn = useSession().user.id === user.id;
  const [asking, setAsking] = useState<'password' | 'disable'>();
  const close = (): void => setAsking(undefined);
  const patch = async (body: Partial<User>): Promise<void> => {
    try {
      await request('PATCH', `/users/${user.id}`, { body });
      notifications.show({ message: t('users.saved', { name: user.name }) });
    } catch (error) {
      showProblem(toProblem(error), t('error.title'));
    }
    await client.invalidateQueries({ queryKey: ['users'] });
  };
  const isDisabled = user.isDisabled === true;
  return (
    <tr>
      <td>
        <strong style={{ fontWeight: 560 }}>{user.name}</strong>
      </td>
      <td>{user.email}</td>
      <td>
        <Select
          size="xs"
          w={190}
          allowDeselect={false}
          aria-label={`${t('users.role')}: ${user.name}`}
          data={roles.map(({ value, label }) => ({ value, label }))}
          value={user.role ?? null}
          onChange={(role) => {
            if (role !== null) void patch({ role });
          }}
        />
      </td>
      <td>{user.team}</td>
      <td>
        <Badge color="gray" c={isDisabled ? 'var(--lw-bad)' : 'var(--lw-good)'}>
          {t(isDisabled ? 'users.disabled' : 'users.active')}
        </Badge>
      </td>
      <td>
        <Group gap={4} wrap="nowrap">
          <Button
            variant="subtle"
            size="compact-xs"
            onClick={() => setAsking('password')}
            aria-label={`${t('users.newPassword')}: ${user.name}`}
          >
            {t('users.newPassword')}
          </Button>
          {!isOwn && (
            <Button
              variant="subtle"
              size="compact-xs"
              onClick={() => (isDisabled ? void patch({ isDisabled: false }) : setAsking('disable'))}
              aria-label={`${t(isDisabled ? 'users.enable' : 'users.disable')}: ${user.name}`}
            >
              {t(isDisabled ? 'users.enable' : 'users.disable')}
            </Button>
          )}
        </Group>
        {asking === 'password' && <PasswordDialog user={user} onClose={close} />}
        {asking === 'disable' && <DisableDialog user={user} onClose={close} />}
      </td>
    </tr>
  );
}

export function Users() {
  const { t } = useTranslation();
  const answer = useQuery(usersQuery);
  const roles = toChoices(useConfig('roles'));
  const [isAdding, setAdding] = useState(false);
  const [made, setMade] = useState<Made>();
  if (answer.isError) return <ErrorFace error={answer.error} onRetry={() => void answer.refetch()} />;
  if (answer.data === undefined) return <LoadingFace />;
  const heads = ['name', 'email', 'role', 'team', 'state'] as const;
  const finish = (user: Made): void => {
    if (user.initialPassword === undefined) notifications.show({ message: t('users.added', { name: user.name }) });
    else setMade(user);
  };
  return (
    <>
      <PageHead title={t('settings.users')} lead={t('users.lead')}>
        <Button leftSection={<IconPlus size={15} />} onClick={() => setAdding(true)}>
          {t('users.add')}
        </Button>
      </PageHead>
      <TableFrame label={t('settings.users')}>
        <table className={classes['table']}>
          <thead>
            <tr>
              {heads.map((head) => (
                <th key={head} scope="col">
                  {t(`users.${head}`)}
                </th>
              ))}
              <th scope="col">
                <span className="lw-visually-hidden">{t('common.actions')}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {answer.data.map((user) => (
              <UserRow key={user.id} user={user} roles={roles} />
            ))}
          </tbody>
        </table>
      </TableFrame>
      {isAdding && <UserDialog onClose={() => setAdding(false)} onMade={finish} />}
      {made?.initialPassword !== undefined && (
        <OnceDialog
          title={t('users.added', { name: made.name })}
          hint={t('users.passwordOnce')}
          values={[
            [t('users.email'), made.email],
            [t('users.password'), made.initialPassword],
          ]}
          onClose={() => setMade(undefined)}
        />
      )}
    </>
  );
}
