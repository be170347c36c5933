import { Text, UnstyledButton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { sourcesQuery } from '../../api/queries.ts';
import type { SourceFigures } from '../../api/types.ts';
import { currentLanguage, inLanguage } from '../../i18n/index.ts';
import { formatInstant } from '../../model/format.ts';
import { Sparkline } from '../settings/sparkline.tsx';
import classes from './source-strip.module.css';

const filterOf = (key: string): string => `source = "${key}"`;

/** The source that a filter is about, when it is about one. */
export const sourceOf = (filter: string | undefined): string | undefined =>
  /^source = "([a-z0-9-]+)"$/.exec(filter ?? '')?.[1];

function SourceTile({
  source,
  isChosen,
  onChoose,
}: {
  readonly source: SourceFigures;
  readonly isChosen: boolean;
  readonly onChoose: () => void;
}) {
  const { t } = useTranslation();
  const name = inLanguage(source.label);
  const percent = source.count24h === 0 ? 0 : Math.round((source.errors24h / source.count24h) * 100);
  const [alert] = source.alerts;
  const last = source.lastAt === null ? t('sources.never') : formatInstant(source.lastAt, currentLanguage());
  return (
    <UnstyledButton
      className={classes['tile']}
      data-chosen={isChosen}
      data-alert={alert !== undefined}
      aria-pressed={isChosen}
      onClick={onChoose}
    >
      <div className={classes['words']}>
        <Text size="sm" fw={560} truncate>
          {name}
        </Text>
        <Text size="xs" c={alert === undefined ? 'dimmed' : 'var(--lw-bad)'} className={classes['line']}>
          {alert === undefined ? last : inLanguage(alert.text)}
        </Text>
        {percent > 0 && (
          <Text size="xs" c="var(--lw-bad)">
            {t('intake.errorRate', { percent })}
          </Text>
        )}
      </div>
      <Sparkline values={source.perHour} label={t('sources.chart', { source: name, count: source.count24h })} />
    </UnstyledButton>
  );
}

interface SourceStripProps {
  readonly filter: string | undefined;
  readonly onFilter: (filter: string | undefined) => void;
}

/** How each source does: the last 24 hours, the last message, and what is wrong with it. A click shows its messages only. */
export function SourceStrip({ filter, onFilter }: SourceStripProps) {
  const { t } = useTranslation();
  const { data = [] } = useQuery({ ...sourcesQuery, refetchInterval: 60_000 });
  const shown = data
    .filter(({ lastAt, alerts }) => lastAt !== null || alerts.length > 0)
    .toSorted((one, other) => other.alerts.length - one.alerts.length);
  if (shown.length === 0) return undefined;
  return (
    <div className={`${classes['strip']} lw-scroll`} role="group" aria-label={t('intake.sources')}>
      {shown.map((source) => {
        const own = filterOf(source.key);
        return (
          <SourceTile
            key={source.key}
            source={source}
            isChosen={filter === own}
            onChoose={() => onFilter(filter === own ? undefined : own)}
          />
        );
      })}
    </div>
  );
}
