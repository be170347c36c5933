import { ActionIcon, Anchor, Button, Group, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { IconArrowLeft, IconDownload, IconRefresh } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { request } from '../../api/client.ts';
import { toChoices } from '../../api/choices.ts';
import { recordQuery, useConfig, useSession } from '../../api/queries.ts';
import type { RecordValue } from '../../api/types.ts';
import { useActs } from '../../app/acts.tsx';
import { addressOf } from '../../app/address.ts';
import { Card } from '../../components/card.tsx';
import { ErrorFace, LoadingFace } from '../../components/faces.tsx';
import { FileList } from '../../components/file-list.tsx';
import { MailView } from '../../components/mail-view.tsx';
import { currentLanguage } from '../../i18n/index.ts';
import { toFiles } from '../../model/attachments.ts';
import { textOf } from '../../model/entities.ts';
import { faultsOf } from '../../model/faults.ts';
import { formatInstant, formatNumber } from '../../model/format.ts';
import detail from '../inbox/lead-detail.module.css';
import classes from './message-detail.module.css';
import { ParsedCards } from './parsed-cards.tsx';
import { reasonOf, SortCard, StrangerCard } from './sort-card.tsx';
import { StateBadge } from './state-badge.tsx';

/** Indented where it is JSON, untouched where it is not. */
const readable = (body: string): string => {
  try {
    return JSON.stringify(JSON.parse(body), undefined, 2);
  } catch {
    return body;
  }
};

function Facts({ message }: { readonly message: RecordValue }) {
  const { t } = useTranslation();
  const language = currentLanguage();
  const number = (name: string): string | undefined =>
    typeof message[name] === 'number' ? formatNumber(message[name], language) : undefined;
  const facts = [
    [t('intake.received'), formatInstant(textOf(message, 'receivedAt') ?? '', language)],
    [t('intake.format'), textOf(message, 'contentType')],
    [t('intake.sizeColumn'), number('size')],
    [t('intake.remote'), textOf(message, 'remoteAddress')],
    [t('intake.dedupeKey'), textOf(message, 'dedupeKey')],
    [t('intake.attempts'), number('attempts')],
    [t('intake.repeats'), number('duplicates')],
  ] as const;
  return (
    <dl className={classes['facts']}>
      {facts.map(([name, value]) =>
        value === undefined ? undefined : (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ),
      )}
    </dl>
  );
}

function RawBody({ message }: { readonly message: RecordValue }) {
  const { t } = useTranslation();
  const inRow = textOf(message, 'body');
  const raw = useQuery({
    queryKey: ['raw', message.id],
    enabled: inRow === undefined,
    queryFn: async () => (await request<unknown>('GET', `/intake-messages/${message.id}/raw`, { accept: '*/*' })).body,
  });
  const body =
    inRow ?? (typeof raw.data === 'string' ? raw.data : raw.data === undefined ? '' : JSON.stringify(raw.data));
  return (
    <Card
      title={t('intake.raw')}
      actions={
        <Anchor href={`/api/v1/intake-messages/${message.id}/raw`} download size="xs">
          {t('common.download')} <IconDownload size={12} aria-hidden />
        </Anchor>
      }
    >
      <pre className={classes['raw']} tabIndex={0}>
        {readable(body)}
      </pre>
    </Card>
  );
}

/** Whether the role shows what messages say: a field that it hides is in no answer. */
const isOpen = (message: RecordValue): boolean => 'body' in message;

function Result({ message }: { readonly message: RecordValue }) {
  const { t } = useTranslation();
  const faults = faultsOf(message['errors']);
  const files = toFiles(message['attachments']);
  return (
    <>
      <Card title={t('intake.errors')} tone={faults.length === 0 ? 'plain' : 'bad'}>
        {faults.length === 0 && (
          <Text size="sm" c="dimmed">
            {t('intake.noErrors')}
          </Text>
        )}
        {faults.map((fault) => (
          <Text key={`${fault.path}${fault.message}`} size="sm">
            {fault.path !== '' && <code>{fault.path}</code>} {fault.message}
          </Text>
        ))}
      </Card>
      {files.length > 0 && isOpen(message) && (
        <Card title={t('intake.attachments')}>
          <FileList path={`/intake-messages/${message.id}`} files={files} label={t('intake.attachments')} />
        </Card>
      )}
    </>
  );
}

function MailCard({ message }: { readonly message: RecordValue }) {
  const { t } = useTranslation();
  return (
    <Card
      title={t('inbox.original')}
      actions={
        reasonOf(message) !== 'tooLarge' && (
          <Anchor href={`/api/v1/intake-messages/${message.id}/raw`} download size="xs">
            {t('common.download')} <IconDownload size={12} aria-hidden />
          </Anchor>
        )
      }
    >
      <MailView path={`/intake-messages/${message.id}`} />
    </Card>
  );
}

const sortable: ReadonlySet<unknown> = new Set(['triage', 'dismissed']);

function Content({ message, onSorted }: { readonly message: RecordValue; readonly onSorted: () => void }) {
  const { t } = useTranslation();
  const isMail = message['channel'] === 'mail';
  const maySort = useSession().can['intake-message']?.['file'] === true;
  return (
    <div className={`${detail['scroll']} lw-scroll`} tabIndex={-1}>
      <div className={detail['columns']}>
        <div className={detail['column']}>
          {maySort && sortable.has(message['state']) && <SortCard message={message} onSorted={onSorted} />}
          {maySort && message['state'] === 'filed' && <StrangerCard message={message} />}
          <Result message={message} />
          {isOpen(message) && <ParsedCards id={message.id} version={message.version} />}
          <Card title={t('intake.result')}>
            <Facts message={message} />
          </Card>
        </div>
        <div className={detail['column']}>
          {isMail && isOpen(message) && <MailCard message={message} />}
          {!isMail && isOpen(message) && <RawBody message={message} />}
          {!isMail && (
            <Card title={t('intake.headers')}>
              <pre className={classes['raw']} tabIndex={0}>
                {JSON.stringify(message['headers'] ?? {}, undefined, 2)}
              </pre>
            </Card>
          )}
        </div>
      </div>
    </div>
  );
}

const workableMails: ReadonlySet<unknown> = new Set(['quarantined', 'triage', 'dismissed']);
const workableNotices: ReadonlySet<unknown> = new Set(['parked', 'unreadable']);

/** Whether a message can be worked again: what has become a lead cannot, nor what comes by itself. */
const isWorkable = ({ channel, state, lead }: RecordValue): boolean => {
  if (channel === 'mail') return workableMails.has(state);
  return channel === 'notice' ? workableNotices.has(state) : (lead ?? null) === null;
};

interface MessageDetailProps {
  readonly id: string;
  readonly onClose: () => void;
  /** A mail has found its place. */
  readonly onSorted: () => void;
}

export function MessageDetail({ id, onClose, onSorted }: MessageDetailProps) {
  const { t } = useTranslation();
  const { run } = useActs();
  const session = useSession();
  const sources = toChoices(useConfig('sources'));
  const answer = useQuery(recordQuery('intake-messages', id, 'lead'));
  if (answer.isError) return <ErrorFace error={answer.error} onRetry={() => void answer.refetch()} />;
  if (answer.data === undefined) return <LoadingFace />;
  const message = answer.data.data;
  const key = textOf(message, 'source');
  const source = sources.find((one) => one.value === key)?.label ?? key;
  const lead = textOf(message, 'lead');
  const state = textOf(message, 'state') ?? '';
  const replay = async (): Promise<void> => {
    await run([{ path: `/intake-messages/${id}/replay`, body: {} }], {
      canUndo: false,
      done: ([written]) => {
        const next = written === undefined ? state : (textOf(written.data, 'state') ?? state);
        return t('intake.replayed', { state: t(`choice.intake-message.state.${next}`, { defaultValue: next }) });
      },
    });
  };
  return (
    <div className={detail['detail']}>
      <div className={detail['head']}>
        <Group gap="sm" wrap="nowrap">
          <ActionIcon size={30} aria-label={t('common.back')} onClick={onClose}>
            <IconArrowLeft size={18} />
          </ActionIcon>
          <h2 className={detail['title']}>{textOf(message, 'subject') ?? source}</h2>
          <StateBadge state={state} />
        </Group>
        <Group gap="sm">
          {session.can['intake-message']?.['replay'] !== false && isWorkable(message) && (
            <Button leftSection={<IconRefresh size={15} />} onClick={() => void replay()}>
              {t('intake.replay')}
            </Button>
          )}
          {lead !== undefined && (
            <Button component={Link} to={addressOf('lead', lead, 'leads')} variant="default">
              {t('intake.openLead')}
            </Button>
          )}
        </Group>
      </div>
      <Content message={message} onSorted={onSorted} />
    </div>
  );
}
