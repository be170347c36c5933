import { Drawer } from '@mantine/core';
import { useDisclosure, useHotkeys, useMediaQuery } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { Navigate, Outlet } from '@tanstack/react-router';
import { lazy, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useLiveUpdates } from '../api/live.ts';
import { sessionQuery } from '../api/queries.ts';
import { ActsProvider } from './acts.tsx';
import { Sidebar } from './sidebar.tsx';
import { TopBar } from './top-bar.tsx';
import classes from './shell.module.css';

const Palette = lazy(async () => ({ default: (await import('./palette.tsx')).Palette }));
const KeyHelp = lazy(async () => ({ default: (await import('./key-help.tsx')).KeyHelp }));

function SignedIn({ myId }: { readonly myId: string }) {
  const { t } = useTranslation();
  const [isNavOpen, nav] = useDisclosure();
  const [overlay, setOverlay] = useState<'palette' | 'keys'>();
  const isNarrow = useMediaQuery('(max-width: 900px)', false, { getInitialValueInEffect: false });
  useLiveUpdates(myId);
  useHotkeys([
    ['mod+K', () => setOverlay('palette')],
    ['/', () => document.querySelector<HTMLElement>('[data-list-search]')?.focus()],
    ['?', () => setOverlay('keys')],
    ['shift+?', () => setOverlay('keys')],
  ]);
  const close = (): void => setOverlay(undefined);

  return (
    <div className={classes['frame']}>
      <a href="#main" className={classes['skip']}>
        {t('nav.skip')}
      </a>
      <TopBar
        onMenu={isNarrow ? nav.open : undefined}
        onPalette={() => setOverlay('palette')}
        onKeys={() => setOverlay('keys')}
      />
      {isNarrow ? (
        <Drawer
          opened={isNavOpen}
          onClose={nav.close}
          size={280}
          title="Leitwerk"
          closeButtonProps={{ 'aria-label': t('common.close') }}
        >
          <Sidebar onGo={nav.close} />
        </Drawer>
      ) : (
        <Sidebar />
      )}
      <main id="main" className={classes['main']} tabIndex={-1}>
        <Outlet />
      </main>
      <Suspense>
        {overlay === 'palette' && <Palette onClose={close} onKeys={() => setOverlay('keys')} />}
        {overlay === 'keys' && <KeyHelp onClose={close} />}
      </Suspense>
    </div>
  );
}

/** Frame of every page for people who are signed in; leads to the sign-in page as soon as they are not. */
export function Shell() {
  const session = useQuery(sessionQuery);
  if (session.data === null)
    return <Navigate to="/sign-in" search={{ next: window.location.pathname + window.location.search }} />;
  if (session.data === undefined) return undefined;
  return (
    <ActsProvider>
      <SignedIn myId={session.data.user.id} />
    </ActsProvider>
  );
}
