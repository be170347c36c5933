import { getRouteApi, Link } from '@tanstack/react-router';
import { lazy, Suspense, type ComponentType, type LazyExoticComponent } from 'react';
import { useTranslation } from 'react-i18next';
import { useSession } from '../../api/queries.ts';
import { ForbiddenFace, LoadingFace, UnknownPageFace } from '../../components/faces.tsx';
import classes from './settings.module.css';

const route = getRouteApi('/app/settings/$section');

interface Section {
  readonly key: string;
  readonly area: 'config' | 'users' | 'keys' | 'audit' | undefined;
  readonly page: LazyExoticComponent<ComponentType>;
}

const sections: readonly Section[] = [
  { key: 'sources', area: 'config', page: lazy(async () => ({ default: (await import('./sources.tsx')).Sources })) },
  {
    key: 'connections',
    area: 'config',
    page: lazy(async () => ({ default: (await import('./connections.tsx')).Connections })),
  },
  { key: 'lists', area: 'config', page: lazy(async () => ({ default: (await import('./lists.tsx')).Lists })) },
  {
    key: 'pipelines',
    area: 'config',
    page: lazy(async () => ({ default: (await import('./config-editor.tsx')).ConfigEditor })),
  },
  { key: 'fields', area: 'config', page: lazy(async () => ({ default: (await import('./fields.tsx')).Fields })) },
  { key: 'users', area: 'users', page: lazy(async () => ({ default: (await import('./users.tsx')).Users })) },
  { key: 'keys', area: 'keys', page: lazy(async () => ({ default: (await import('./keys.tsx')).Keys })) },
  { key: 'audit', area: 'audit', page: lazy(async () => ({ default: (await import('./audit.tsx')).Audit })) },
  { key: 'profile', area: undefined, page: lazy(async () => ({ default: (await import('./profile.tsx')).Profile })) },
];

/** Everything that can be set, each part for those who may. */
export function Settings() {
  const { t } = useTranslation();
  const { section: key } = route.useParams();
  const session = useSession();
  const isAllowed = (section: Section): boolean => section.area === undefined || session.may[section.area] === true;
  const current = sections.find((section) => section.key === key);
  const Page = current?.page;
  return (
    <div className={classes['frame']}>
      <nav className={`${classes['nav']} lw-scroll`} aria-label={t('settings.sections')}>
        {sections.filter(isAllowed).map((section) => (
          <Link
            key={section.key}
            to="/settings/$section"
            params={{ section: section.key }}
            className={classes['link']}
            data-active={section.key === key}
            aria-current={section.key === key ? 'page' : undefined}
          >
            {t(`settings.${section.key}`)}
          </Link>
        ))}
      </nav>
      <div className={`${classes['page']} lw-scroll`} key={key}>
        {current === undefined && <UnknownPageFace />}
        {current !== undefined && !isAllowed(current) && <ForbiddenFace />}
        {current !== undefined && isAllowed(current) && Page !== undefined && (
          <Suspense fallback={<LoadingFace />}>
            <Page />
          </Suspense>
        )}
      </div>
    </div>
  );
}
