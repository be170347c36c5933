import type { QueryClient } from '@tanstack/react-query';
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Navigate,
  Outlet,
  redirect,
  type ErrorComponentProps,
} from '@tanstack/react-router';
import { ApiError } from '../api/client.ts';
import { entitiesQuery, sessionQuery } from '../api/queries.ts';
import { ErrorFace, LoadingFace, UnknownPageFace } from '../components/faces.tsx';
import { prefetchInbox } from './prefetch.ts';
import { toInternalPath, toListSearch, toText } from './search.ts';
import { Shell } from './shell.tsx';

interface RouterContext {
  readonly client: QueryClient;
}

/** A session that ended while a page was being loaded leads to the sign-in page like any other. */
function RouteError({ error, reset }: ErrorComponentProps) {
  if (error instanceof ApiError && error.status === 401) {
    return <Navigate to="/sign-in" search={{ next: window.location.pathname + window.location.search }} />;
  }
  return <ErrorFace error={error} onRetry={reset} />;
}

const rootRoute = createRootRouteWithContext<RouterContext>()({
  component: Outlet,
  errorComponent: RouteError,
});

const signInRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/sign-in',
  validateSearch: (search): { next?: string | undefined } => ({ next: toInternalPath(search['next']) }),
  beforeLoad: async ({ context, search }) => {
    const session = await context.client.query({ ...sessionQuery, staleTime: 'static' }).catch(() => null);
    if (session !== null) throw redirect({ href: search.next ?? '/inbox', replace: true });
  },
  component: lazyRouteComponent(() => import('../scenes/sign-in/sign-in.tsx'), 'SignIn'),
});

const setupRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/setup',
  validateSearch: (search): { token?: string | undefined } => ({ token: toText(search['token']) }),
  component: lazyRouteComponent(() => import('../scenes/setup/setup.tsx'), 'Setup'),
});

const appRoute = createRoute({
  getParentRoute: () => rootRoute,
  id: 'app',
  beforeLoad: async ({ context, location }) => {
    const session = await context.client.query({ ...sessionQuery, staleTime: 'static' });
    if (session !== null) return;
    const next = location.href === '/' ? {} : { next: location.href };
    throw redirect({ to: '/sign-in', search: next });
  },
  loader: async ({ context }) => await context.client.query({ ...entitiesQuery, staleTime: 'static' }),
  component: Shell,
  pendingComponent: LoadingFace,
  errorComponent: RouteError,
});

const indexRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/',
  beforeLoad: () => {
    throw redirect({ to: '/inbox' });
  },
});

const inboxRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/inbox',
  validateSearch: toListSearch,
  beforeLoad: ({ context, search }) => prefetchInbox(context.client, search),
  component: lazyRouteComponent(() => import('../scenes/inbox/inbox.tsx'), 'Inbox'),
});

const listRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/list/$plural',
  validateSearch: toListSearch,
  component: lazyRouteComponent(() => import('../scenes/records/record-list.tsx'), 'RecordList'),
});

const recordRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/list/$plural/$id',
  component: lazyRouteComponent(() => import('../scenes/records/record-detail.tsx'), 'RecordDetail'),
});

const activitiesRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/activities',
  validateSearch: toListSearch,
  component: lazyRouteComponent(() => import('../scenes/activities/activities.tsx'), 'Activities'),
});

const intakeRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/received',
  validateSearch: toListSearch,
  component: lazyRouteComponent(() => import('../scenes/intake-messages/intake-messages.tsx'), 'IntakeMessages'),
});

const duplicatesRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/duplicates',
  validateSearch: (search): { kind?: string | undefined; state?: string | undefined; pair?: string | undefined } => ({
    kind: toText(search['kind']),
    state: toText(search['state']),
    pair: toText(search['pair']),
  }),
  component: lazyRouteComponent(() => import('../scenes/duplicates/duplicates.tsx'), 'Duplicates'),
});

const importsRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/imports',
  validateSearch: (search): { source?: string | undefined } => ({ source: toText(search['source']) }),
  component: lazyRouteComponent(() => import('../scenes/imports/imports.tsx'), 'Imports'),
});

const newImportRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/imports/new',
  validateSearch: (search): { preset?: string | undefined } => ({ preset: toText(search['preset']) }),
  component: lazyRouteComponent(() => import('../scenes/imports/new-import.tsx'), 'NewImport'),
});

const importRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/imports/$id',
  validateSearch: (search): { step?: string | undefined } => ({ step: toText(search['step']) }),
  component: lazyRouteComponent(() => import('../scenes/imports/import-page.tsx'), 'ImportPage'),
});

const operateRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/operate',
  component: lazyRouteComponent(() => import('../scenes/operate/operate.tsx'), 'Operate'),
});

const settingsRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/settings/$section',
  validateSearch: (search): { kind?: string | undefined; key?: string | undefined } => ({
    kind: toText(search['kind']),
    key: toText(search['key']),
  }),
  component: lazyRouteComponent(() => import('../scenes/settings/settings.tsx'), 'Settings'),
});

const settingsIndexRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/settings',
  beforeLoad: () => {
    throw redirect({ to: '/settings/$section', params: { section: 'sources' } });
  },
});

/** Every other address: inside the frame, so that there is a way on. */
const unknownRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '$',
  component: UnknownPageFace,
});

const routeTree = rootRoute.addChildren([
  signInRoute,
  setupRoute,
  appRoute.addChildren([
    indexRoute,
    inboxRoute,
    listRoute,
    recordRoute,
    activitiesRoute,
    intakeRoute,
    duplicatesRoute,
    importsRoute,
    newImportRoute,
    importRoute,
    operateRoute,
    settingsRoute,
    settingsIndexRoute,
    unknownRoute,
  ]),
]);

/** All addresses of the app. Everything a person could want to share or come back to is in them. */
export function createAppRouter(client: QueryClient) {
  return createRouter({
    routeTree,
    context: { client },
    defaultPreload: 'intent',
    defaultPendingComponent: LoadingFace,
    defaultErrorComponent: RouteError,
    defaultNotFoundComponent: UnknownPageFace,
  });
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createAppRouter>;
  }
}
