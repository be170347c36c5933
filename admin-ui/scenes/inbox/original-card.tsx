import { Anchor, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { toChoices } from '../../api/choices.ts';
import { parsedQuery, recordQuery, useConfig, useSession } from '../../api/queries.ts';
import type { RecordValue } from '../../api/types.ts';
import { Card } from '../../components/card.tsx';
import { FileList } from '../../components/file-list.tsx';
import { MailView } from '../../components/mail-view.tsx';
import { currentLanguage } from '../../i18n/index.ts';
import { toFiles } from '../../model/attachments.ts';
import { textOf } from '../../model/entities.ts';
import { formatInstant } from '../../model/format.ts';
import { fromFields, isMultipart, toOriginal, toRows, type Original } from '../../model/original.ts';
import classes from './lead-detail.module.css';

/** What the lead has taken over: for those who may not read what came in. */
const takenOver = (lead: RecordValue): Original => ({
  text: textOf(lead, 'message'),
  rows: toRows(lead['additional']),
});

/** What came in; undefined until it is there, and where the role hides what messages say: then it is in no answer. */
function useMessage(envelope: string | undefined): RecordValue | undefined {
  const answer = useQuery({ ...recordQuery('intake-messages', envelope ?? ''), enabled: envelope !== undefined });
  const message = answer.data?.data;
  return message !== undefined && 'body' in message ? message : undefined;
}

function useOriginal(lead: RecordValue, message: RecordValue | undefined): Original {
  const contentType = (message && textOf(message, 'contentType')) ?? '';
  const isForm = message !== undefined && isMultipart(contentType);
  const parsed = useQuery({ ...parsedQuery(message?.id ?? '', message?.version ?? 0), enabled: isForm });
  if (isForm) return parsed.data?.fields == null ? takenOver(lead) : fromFields(parsed.data.fields);
  const body = message && textOf(message, 'body');
  return body === undefined ? takenOver(lead) : toOriginal(body, contentType);
}

function Rows({ rows }: Pick<Original, 'rows'>) {
  const { t } = useTranslation();
  return (
    <dl className={classes['additional']} aria-label={t('inbox.additional')}>
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

interface ContentProps {
  readonly lead: RecordValue;
  readonly message: RecordValue | undefined;
}

function Content({ lead, message }: ContentProps) {
  const { t } = useTranslation();
  const { text, rows } = useOriginal(lead, message);
  const isMail = message?.['channel'] === 'mail';
  const path = `/intake-messages/${message?.id}`;
  const files = isMail ? [] : toFiles(message?.['attachments']);
  return (
    <>
      {isMail && <MailView path={path} />}
      {text === undefined && rows.length === 0 && files.length === 0 && (
        <Text size="sm" c="dimmed">
          {t('inbox.noOriginal')}
        </Text>
      )}
      {text !== undefined && !isMail && <p className={classes['message']}>{text}</p>}
      {rows.length > 0 && <Rows rows={rows} />}
      {files.length > 0 && (
        <div className={classes['files']}>
          <FileList path={path} files={files} label={t('intake.attachments')} />
        </div>
      )}
    </>
  );
}

/** What the sender wrote, as it came in; text only, nothing of it is ever run or loaded. */
export function OriginalCard({ lead }: { readonly lead: RecordValue }) {
  const { t } = useTranslation();
  const sources = toChoices(useConfig('sources'));
  const mayReadEnvelope = useSession().can['intake-message']?.['read'] === true;
  const envelope = mayReadEnvelope ? textOf(lead, 'intakeMessage') : undefined;
  const message = useMessage(envelope);
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
      <Content lead={lead} message={message} />
    </Card>
  );
}
