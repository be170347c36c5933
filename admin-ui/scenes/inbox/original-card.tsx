import { Anchor, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { toChoices } from '../../api/choices.ts';
import { recordQuery, useConfig, useSession } from '../../api/queries.ts';
import type { RecordValue } from '../../api/types.ts';
import { Card } from '../../components/card.tsx';
import { MailView } from '../../components/mail-view.tsx';
import { currentLanguage } from '../../i18n/index.ts';
import { textOf } from '../../model/entities.ts';
import { formatInstant } from '../../model/format.ts';
import { toOriginal, toRows, type Original } from '../../model/original.ts';
import classes from './lead-detail.module.css';

/** The envelope's content for those who may read it; for others what the lead has taken over from it. */
function useOriginal(lead: RecordValue, envelope: string | undefined): Original & { readonly isMail: boolean } {
  const answer = useQuery({ ...recordQuery('intake-messages', envelope ?? ''), enabled: envelope !== undefined });
  const message = answer.data?.data;
  const body = message === undefined ? undefined : textOf(message, 'body');
  if (message === undefined || body === undefined)
    return {
      text: textOf(lead, 'message'),
      rows: toRows(lead['additional']),
      // Where the role hides what messages say, its body is in no answer.
      isMail: message?.['channel'] === 'mail' && 'body' in message,
    };
  return { ...toOriginal(body, textOf(message, 'contentType') ?? ''), isMail: false };
}

/** What the sender wrote, as it came in; text only, nothing of it is ever run or loaded. */
export function OriginalCard({ lead }: { readonly lead: RecordValue }) {
  const { t } = useTranslation();
  const sources = toChoices(useConfig('sources'));
  const mayReadEnvelope = useSession().can['intake-message']?.['read'] === true;
  const envelope = mayReadEnvelope ? textOf(lead, 'intakeMessage') : undefined;
  const { text, rows, isMail } = useOriginal(lead, envelope);
  const source = sources.find((one) => one.value === lead['source'])?.label ?? textOf(lead, 'source');
  const facts = [
    formatInstant(textOf(lead, 'createdAt') ?? '', currentLanguage()),
    source === undefined ? undefined : t('inbox.viaSource', { source }),
  ];
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
        {facts.filter((fact) => fact !== undefined).join(' · ')}
      </Text>
      {isMail && envelope !== undefined && <MailView path={`/intake-messages/${envelope}`} />}
      {text === undefined && rows.length === 0 && (
        <Text size="sm" c="dimmed">
          {t('inbox.noOriginal')}
        </Text>
      )}
      {text !== undefined && !isMail && <p className={classes['message']}>{text}</p>}
      {rows.length > 0 && (
        <dl className={classes['additional']} aria-label={t('inbox.additional')}>
          {rows.map(([name, value]) => (
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
