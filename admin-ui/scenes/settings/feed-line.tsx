import { Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { SourceFigures } from '../../api/types.ts';
import { currentLanguage, inLanguage } from '../../i18n/index.ts';
import { formatInstant } from '../../model/format.ts';

const tones = { ok: 'var(--lw-warn)', failing: 'var(--lw-warn)', stopped: 'var(--lw-bad)' } as const;

/** How fetching a source stands: when it last went well, and what is to be done where it does not. */
export function FeedLine({ source }: { readonly source: SourceFigures }) {
  const { t } = useTranslation();
  const { feed } = source;
  if (!source.isFetched) return undefined;
  if (feed === null)
    return (
      <Text size="xs" c="dimmed">
        {t(source.hasConnection === false ? 'sources.feed.unconnected' : 'sources.feed.never')}
      </Text>
    );
  const at = feed.lastSuccessAt === null ? t('sources.never') : formatInstant(feed.lastSuccessAt, currentLanguage());
  const figures = Object.entries(feed.figures ?? {})
    .filter(([name, value]) => value > 0 && ['read', 'taken', 'rejected', 'double', 'gone'].includes(name))
    .map(([name, value]) => t(`sources.feed.${name}`, { count: value }));
  return (
    <div style={{ whiteSpace: 'normal', maxWidth: 520 }}>
      <Text size="xs" c="dimmed">
        {[t('sources.feed.last', { at }), ...figures].join(' · ')}
      </Text>
      {feed.fault !== null && (
        <Text size="xs" role="status" style={{ color: tones[feed.state] }}>
          {inLanguage(feed.fault.message)}
        </Text>
      )}
    </div>
  );
}
