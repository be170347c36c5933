import {
  IconActivity,
  IconBriefcase,
  IconBuilding,
  IconCalendarCheck,
  IconCopy,
  IconCube,
  IconFileImport,
  IconInbox,
  IconMailbox,
  IconSettings,
  IconUsers,
  type Icon,
} from '@tabler/icons-react';
import { Link, useLocation } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useEntities, useSession } from '../api/queries.ts';
import { useViewCounts, useViews } from '../api/views.ts';
import { Logo } from '../components/logo.tsx';
import { inLanguage } from '../i18n/index.ts';
import { formatNumber } from '../model/format.ts';
import { adminDefined } from '../model/entities.ts';
import { currentLanguage } from '../i18n/index.ts';
import classes from './shell.module.css';

interface Area {
  readonly to: string;
  readonly label: string;
  readonly icon: Icon;
}

/** Main areas that this person may see. */
export function useAreas(): readonly Area[] {
  const { t } = useTranslation();
  const session = useSession();
  const mayRead = (entity: string): boolean => session.can[entity]?.['read'] !== false;
  const maySet = Object.entries(session.may).some(([area, isAllowed]) => isAllowed && area !== 'operate');
  const areas: readonly (Area & { readonly isAllowed: boolean })[] = [
    { to: '/inbox', label: t('nav.inbox'), icon: IconInbox, isAllowed: mayRead('lead') },
    { to: '/list/organizations', label: t('nav.organization'), icon: IconBuilding, isAllowed: mayRead('organization') },
    { to: '/list/persons', label: t('nav.person'), icon: IconUsers, isAllowed: mayRead('person') },
    { to: '/list/opportunities', label: t('nav.opportunity'), icon: IconBriefcase, isAllowed: mayRead('opportunity') },
    { to: '/activities', label: t('nav.activity'), icon: IconCalendarCheck, isAllowed: mayRead('activity') },
    { to: '/received', label: t('nav.intake'), icon: IconMailbox, isAllowed: mayRead('intake-message') },
    { to: '/duplicates', label: t('nav.duplicates'), icon: IconCopy, isAllowed: mayRead('lead') },
    { to: '/imports', label: t('nav.imports'), icon: IconFileImport, isAllowed: mayRead('import') },
    { to: '/operate', label: t('nav.operate'), icon: IconActivity, isAllowed: session.may.operate === true },
    {
      to: maySet ? '/settings/sources' : '/settings/profile',
      label: t('nav.settings'),
      icon: IconSettings,
      isAllowed: true,
    },
  ];
  return areas.filter((area) => area.isAllowed);
}

const isWithin = (pathname: string, to: string): boolean =>
  to.startsWith('/settings') ? pathname.startsWith('/settings') : pathname === to || pathname.startsWith(`${to}/`);

function InboxViews({ onGo }: { readonly onGo: (() => void) | undefined }) {
  const views = useViews('lead');
  const counts = useViewCounts('leads', views);
  const { pathname, search } = useLocation();
  const active = search.view ?? views[0]?.key;
  return views.map((view) => {
    const count = counts.get(view.key);
    return (
      <Link
        key={view.key}
        to="/inbox"
        search={{ view: view.key }}
        className={`${classes['link']} ${classes['sub']}`}
        data-active={pathname === '/inbox' && active === view.key}
        onClick={onGo}
      >
        <span className="lw-truncate">{view.label}</span>
        <span className={classes['count']}>{count === undefined ? '' : formatNumber(count, currentLanguage())}</span>
      </Link>
    );
  });
}

/** Areas of the app; below the inbox its views with live counts. */
export function Sidebar({ onGo }: { readonly onGo?: () => void }) {
  const { t } = useTranslation();
  const areas = useAreas();
  const entities = useEntities();
  const { pathname } = useLocation();
  const own = adminDefined(entities);
  return (
    <nav className={classes['side']} aria-label={t('nav.main')}>
      {onGo === undefined && (
        <div className={classes['brand']}>
          <Logo />
        </div>
      )}
      <div className={`${classes['links']} lw-scroll`}>
        {areas.map(({ to, label, icon: AreaIcon }) => (
          <div key={to}>
            <Link
              to={to}
              className={classes['link']}
              data-active={isWithin(pathname, to) && to !== '/inbox'}
              aria-current={isWithin(pathname, to) ? 'page' : undefined}
              onClick={onGo}
            >
              <AreaIcon size={17} stroke={1.7} aria-hidden />
              {label}
            </Link>
            {to === '/inbox' && pathname === '/inbox' && <InboxViews onGo={onGo} />}
          </div>
        ))}
        {own.length > 0 && <div className={classes['group']}>{t('nav.more')}</div>}
        {own.map((model) => (
          <Link
            key={model.name}
            to="/list/$plural"
            params={{ plural: model.plural }}
            className={classes['link']}
            data-active={isWithin(pathname, `/list/${model.plural}`)}
            onClick={onGo}
          >
            <IconCube size={17} stroke={1.7} aria-hidden />
            {inLanguage(model.pluralLabel)}
          </Link>
        ))}
      </div>
    </nav>
  );
}
