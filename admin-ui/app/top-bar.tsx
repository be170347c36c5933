import {
  ActionIcon,
  Avatar,
  Kbd,
  Menu,
  Tooltip,
  UnstyledButton,
  useComputedColorScheme,
  useMantineColorScheme,
} from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useRouter } from '@tanstack/react-router';
import {
  IconKeyboard,
  IconLogout,
  IconMenu2,
  IconMoon,
  IconPlugConnectedX,
  IconSearch,
  IconSun,
  IconUser,
} from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { request } from '../api/client.ts';
import { useIsLive } from '../api/live.ts';
import { sessionQuery, useSession } from '../api/queries.ts';
import { currentLanguage, setLanguage } from '../i18n/index.ts';
import { Notices } from './notices.tsx';
import classes from './shell.module.css';

interface TopBarProps {
  readonly onMenu: (() => void) | undefined;
  readonly onPalette: () => void;
  readonly onKeys: () => void;
}

/** Changes the scheme from what is seen now, whatever the setting says. */
export function useToggleTheme(): () => void {
  const { setColorScheme } = useMantineColorScheme();
  const shown = useComputedColorScheme('light');
  return () => setColorScheme(shown === 'dark' ? 'light' : 'dark');
}

export function useToggleLanguage(): () => Promise<void> {
  const client = useQueryClient();
  return async () => {
    const language = currentLanguage() === 'de' ? 'en' : 'de';
    await setLanguage(language);
    // The next sign-in on another device starts in the same language; failing to keep it is no reason to stop.
    await request('PATCH', '/me', { body: { language } }).catch(() => undefined);
    await client.invalidateQueries();
  };
}

const initials = (name: string): string =>
  name
    .split(/\s+/)
    .map((part) => part.charAt(0))
    .join('')
    .slice(0, 2)
    .toUpperCase();

function UserMenu({ onKeys }: { readonly onKeys: () => void }) {
  const { t } = useTranslation();
  const { user, tenant } = useSession();
  const client = useQueryClient();
  const router = useRouter();
  const signOut = async (): Promise<void> => {
    await request('DELETE', '/session').catch(() => undefined);
    client.setQueryData(sessionQuery.queryKey, null);
    await router.navigate({ to: '/sign-in' });
    client.clear();
  };
  return (
    <Menu width={240}>
      <Menu.Target>
        <UnstyledButton aria-label={`${initials(user.name)} – ${t('top.user')}`}>
          <Avatar size={30} radius="xl" color="petrol" variant="filled">
            {initials(user.name)}
          </Avatar>
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          {user.name} · {tenant.name}
        </Menu.Label>
        <Menu.Item
          leftSection={<IconUser size={16} />}
          onClick={() => void router.navigate({ to: '/settings/$section', params: { section: 'profile' } })}
        >
          {t('top.profile')}
        </Menu.Item>
        <Menu.Item leftSection={<IconKeyboard size={16} />} rightSection={<Kbd size="xs">?</Kbd>} onClick={onKeys}>
          {t('top.keys')}
        </Menu.Item>
        <Menu.Divider />
        <Menu.Item leftSection={<IconLogout size={16} />} onClick={() => void signOut()}>
          {t('signIn.signOut')}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

export function TopBar({ onMenu, onPalette, onKeys }: TopBarProps) {
  const { t } = useTranslation();
  const isLive = useIsLive();
  const toggleTheme = useToggleTheme();
  const toggleLanguage = useToggleLanguage();
  const scheme = useComputedColorScheme('light');
  const shortName = currentLanguage() === 'de' ? 'EN' : 'DE';
  return (
    <header className={classes['top']}>
      {onMenu !== undefined && (
        <ActionIcon size={36} aria-label={t('nav.open')} onClick={onMenu}>
          <IconMenu2 size={20} />
        </ActionIcon>
      )}
      <button type="button" className={classes['searchButton']} onClick={onPalette}>
        <IconSearch size={15} aria-hidden />
        <span className="lw-truncate" style={{ flex: 1 }}>
          {t('top.search')}
        </span>
        <Kbd size="xs" visibleFrom="sm">
          {navigator.platform.startsWith('Mac') ? '⌘K' : currentLanguage() === 'de' ? 'Strg K' : 'Ctrl K'}
        </Kbd>
      </button>
      <span style={{ flex: 1 }} />
      {!isLive && (
        <Tooltip label={t('error.connectionLost')}>
          <IconPlugConnectedX size={18} color="var(--lw-warn)" role="img" aria-label={t('top.disconnected')} />
        </Tooltip>
      )}
      <Notices />
      <Tooltip label={t('top.switchLanguage')}>
        <ActionIcon
          size={32}
          aria-label={`${shortName} – ${t('top.switchLanguage')}`}
          onClick={() => void toggleLanguage()}
          visibleFrom="xs"
          fz={12}
          fw={600}
        >
          {shortName}
        </ActionIcon>
      </Tooltip>
      <Tooltip label={t('top.theme')}>
        <ActionIcon size={32} aria-label={t('top.theme')} onClick={toggleTheme}>
          {scheme === 'dark' ? <IconSun size={18} /> : <IconMoon size={18} />}
        </ActionIcon>
      </Tooltip>
      <UserMenu onKeys={onKeys} />
    </header>
  );
}
