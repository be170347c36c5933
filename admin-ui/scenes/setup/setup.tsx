import { Alert, Anchor, Button, PasswordInput, Stack, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link, useRouter } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { request } from '../../api/client.ts';
import { setupQuery } from '../../api/queries.ts';
import { ProblemText, toProblem } from '../../app/acts.tsx';
import { Door } from '../sign-in/door.tsx';

const route = getRouteApi('/setup');
const empty = { company: '', name: '', email: '', password: '' };
const inputs = [
  { name: 'company', type: 'text', autoComplete: 'organization' },
  { name: 'name', type: 'text', autoComplete: 'name' },
  { name: 'email', type: 'email', autoComplete: 'username' },
] as const;

/** First run: names the company and makes the first administrator, with the one-time token of the console. */
export function Setup() {
  const { t } = useTranslation();
  const { token } = route.useSearch();
  const router = useRouter();
  const client = useQueryClient();
  const [values, setValues] = useState(empty);
  const state = useQuery(setupQuery);
  const setup = useMutation({
    mutationFn: async () => await request('POST', '/setup', { body: { token, ...values } }),
    onSuccess: async () => {
      client.clear();
      await router.navigate({ href: '/inbox', replace: true });
    },
  });
  const problem = setup.isError ? toProblem(setup.error) : undefined;
  const errorOf = (name: string) => problem?.errors?.find((issue) => issue.path === `/${name}`)?.message;
  const set = (name: keyof typeof empty) => (event: { currentTarget: { value: string } }) => {
    const { value } = event.currentTarget;
    setValues((known) => ({ ...known, [name]: value }));
  };

  if (state.data?.needed === false) {
    return (
      <Door title={t('setup.title')} lead={t('setup.done')}>
        <Anchor component={Link} to="/sign-in">
          {t('setup.toSignIn')}
        </Anchor>
      </Door>
    );
  }
  return (
    <Door title={t('setup.title')} lead={t('setup.lead')}>
      {token === undefined && <Alert color="yellow">{t('setup.noToken')}</Alert>}
      <form
        onSubmit={(event) => {
          event.preventDefault();
          setup.mutate();
        }}
      >
        <Stack gap="md">
          {problem !== undefined && (
            <Alert color="red" role="alert">
              <ProblemText problem={problem} />
            </Alert>
          )}
          {inputs.map(({ name, type, autoComplete }) => (
            <TextInput
              key={name}
              label={t(`setup.${name}`)}
              type={type}
              autoComplete={autoComplete}
              required
              withAsterisk={false}
              value={values[name]}
              error={errorOf(name)}
              onChange={set(name)}
            />
          ))}
          <PasswordInput
            label={t('setup.password')}
            description={t('setup.passwordHint')}
            autoComplete="new-password"
            required
            withAsterisk={false}
            value={values.password}
            error={errorOf('password')}
            onChange={set('password')}
          />
          <Button type="submit" size="sm" loading={setup.isPending} disabled={token === undefined}>
            {t('setup.submit')}
          </Button>
        </Stack>
      </form>
    </Door>
  );
}
