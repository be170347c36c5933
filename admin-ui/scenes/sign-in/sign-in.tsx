import { Alert, Button, PasswordInput, Stack, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, useRouter } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { request } from '../../api/client.ts';
import { setupQuery } from '../../api/queries.ts';
import { ProblemText, toProblem } from '../../app/acts.tsx';
import { Door } from './door.tsx';

const route = getRouteApi('/sign-in');

export function SignIn() {
  const { t } = useTranslation();
  const { next } = route.useSearch();
  const router = useRouter();
  const client = useQueryClient();
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const setup = useQuery(setupQuery);
  const signIn = useMutation({
    mutationFn: async () => await request('POST', '/session', { body: { email, password } }),
    onSuccess: async () => {
      client.clear();
      await router.navigate({ href: next ?? '/inbox', replace: true });
    },
  });

  return (
    <Door title={t('signIn.title')} lead={t('signIn.lead')}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          signIn.mutate();
        }}
      >
        <Stack gap="md">
          {setup.data?.needed === true && <Alert color="petrol">{t('signIn.setupNeeded')}</Alert>}
          {signIn.isError && (
            <Alert color="red" role="alert">
              <ProblemText problem={toProblem(signIn.error)} />
            </Alert>
          )}
          <TextInput
            label={t('signIn.email')}
            type="email"
            autoComplete="username"
            required
            withAsterisk={false}
            autoFocus
            value={email}
            onChange={(event) => setEmail(event.currentTarget.value)}
          />
          <PasswordInput
            label={t('signIn.password')}
            autoComplete="current-password"
            required
            withAsterisk={false}
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
          />
          <Button type="submit" size="sm" loading={signIn.isPending}>
            {t('signIn.submit')}
          </Button>
        </Stack>
      </form>
    </Door>
  );
}
