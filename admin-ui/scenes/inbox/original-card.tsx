import { Anchor, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { toChoices } from '../../api/choices.ts';
import { useConfig } from '../../api/queries.ts';
import type { RecordValue } from '../../api/types.ts';
import { Card } from '../../components/card.tsx';
import { currentLanguage } from '../../i18n/index.ts';
import { textOf } from '../../model/entities.ts';
import { formatInstant } from '../../model/format.ts';
import classes from './lead-detail.module.css';

const rowsOf = (additional: unknown): readonly (readonly [string, string])[] =>
  typeof additional === 'object' && additional !== null
    ? Object.entries(additional).map(
        ([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)] as const,
      )
    : [];

/** What the sender wrote, as it came in; text only, nothing of it is ever run or loaded. */
export function OriginalCard({ lead }: { readonly lead: RecordValue }) {
  const { t } = useTranslation();
  const sources = toChoices(useConfig('sources'));
  const message = textOf(lead, 'message');
  const envelope = textOf(lead, 'intakeMessage');
  const source = sources.find((one) => one.value === lead['source'])?.label ?? textOf(lead, 'source');
  const additional = rowsOf(lead['additional']);
  return (
    <Card
      title={t('inbox.original')}
      actions={
        envelope !== undefined && (
          <Anchor component={Link} to={`/received?id=${envelope}`} size="xs">
            {t('inbox.rawMessage')}
          </Anchor>
        )
      }
    >
      <Text size="xs" c="dimmed" mb={8}>
        {[formatInstant(textOf(lead, 'createdAt') ?? '', currentLanguage()), source && t('inbox.viaSource', { source })]
          .filter(Boolean)
          .join(' · ')}
      </Text>
      {message === undefined && additional.length === 0 && (
        <Text size="sm" c="dimmed">
          {t('inbox.noOriginal')}
        </Text>
      )}
      {message !== undefined && <p className={classes['message']}>{message}</p>}
      {additional.length > 0 && (
        <dl className={classes['additional']} aria-label={t('inbox.additional')}>
          {additional.map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      )}
    </Card>
  );
}
