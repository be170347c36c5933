import { Anchor, Badge, Button, Group, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { IconExternalLink } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { operationsQuery, useEntities, useSession } from '../../api/queries.ts';
import type { Operations, PartState } from '../../api/types.ts';
import { useActs } from '../../app/acts.tsx';
import { addressOf } from '../../app/address.ts';
import { Card } from '../../components/card.tsx';
import { EmptyFace, ErrorFace, ForbiddenFace, LoadingFace } from '../../components/faces.tsx';
import { currentLanguage, inLanguage } from '../../i18n/index.ts';
import { formatNumber, formatSoon } from '../../model/format.ts';
import classes from './operate.module.css';

const good = new Set(['ready', 'up', 'ok']);
const bad = new Set(['down', 'failed']);

const textOfPart = ({ texts }: PartState): string => (texts === undefined ? '' : inLanguage(texts));

const bytes = (value: number, language: 'de' | 'en'): string =>
  `${formatNumber(Math.round(value / 1e8) / 10, language)} GB`;

const figureOf = (part: PartState, unitLabel: (unit: string) => string): string | undefined => {
  const language = currentLanguage();
  const { number, unit, freeBytes, backlog } = part;
  if (typeof freeBytes === 'number') return bytes(freeBytes, language);
  if (typeof number === 'number') {
    if (unit === 'bytes free') return bytes(number, language);
    return [formatNumber(number, language), typeof unit === 'string' ? unitLabel(unit) : ''].join(' ').trim();
  }
  return typeof backlog === 'number' ? formatNumber(backlog, language) : undefined;
};

function Part({ name, part }: { readonly name: string; readonly part: PartState }) {
  const { t } = useTranslation();
  const tone = good.has(part.state) ? 'good' : bad.has(part.state) ? 'bad' : 'warn';
  const figure = figureOf(part, (unit) => t(`operate.unit.${unit}`, { defaultValue: unit }));
  const text = textOfPart(part);
  return (
    <li className={classes['part']} data-tone={tone}>
      <Group justify="space-between" wrap="nowrap" gap="sm">
        <Text size="sm" fw={600}>
          {t(`operate.part.${name}`, { defaultValue: name })}
        </Text>
        <span className={classes['state']}>
          <span className={classes['dot']} aria-hidden />
          {t(`operate.state.${part.state}`, { defaultValue: part.state })}
        </span>
      </Group>
      <Text fz={20} lh="28px" fw={600} className="lw-figures">
        {figure ?? '–'}
      </Text>
      <Text size="xs" c="dimmed">
        {[text, part.since === undefined ? '' : t('operate.since', { at: formatSoon(part.since, currentLanguage()) })]
          .filter(Boolean)
          .join(' · ')}
      </Text>
    </li>
  );
}

/** Of the queue, which is counted also while nobody relays it. */
function Backlog({ queue }: { readonly queue: PartState | undefined }) {
  const { t } = useTranslation();
  const count = Number(queue?.['backlog'] ?? queue?.['number'] ?? 0);
  const rate = Number(queue?.['ratePerSecond'] ?? 0);
  const end = queue?.['expectedEndAt'];
  return (
    <Card title={t('operate.backlog')}>
      <Text size="sm">
        {count === 0
          ? t('operate.backlogNone')
          : t('operate.backlogText', { count: Number(count), rate: formatNumber(rate, currentLanguage()) })}
        {typeof end === 'string' &&
          count > 0 &&
          ` – ${t('operate.backlogEnd', { at: formatSoon(end, currentLanguage()) })}`}
      </Text>
    </Card>
  );
}

type Attention = Operations['attention'][number];

function AttentionRow({ item }: { readonly item: Attention }) {
  const { t } = useTranslation();
  const { run } = useActs();
  const plural = useEntities().byName.get(item.entity)?.plural ?? `${item.entity}s`;
  const post = (path: string, done: string): void => void run([{ path, body: {} }], { done, canUndo: false });
  const { retry, skip } = item;
  return (
    <li className={classes['attention']}>
      <div style={{ flex: 1, minWidth: 0 }}>
        {item.entity === 'config' ? (
          <Text size="sm" fw={560}>
            {item.title}
          </Text>
        ) : (
          <Anchor component={Link} to={addressOf(item.entity, item.recordId, plural)} size="sm" fw={560}>
            {item.title}
          </Anchor>
        )}
        <Text size="sm">{[item.step, item.error].filter(Boolean).join(': ')}</Text>
        {item.since !== null && (
          <Text size="xs" c="dimmed">
            {t('operate.since', { at: formatSoon(item.since, currentLanguage()) })}
          </Text>
        )}
      </div>
      <Group gap="sm">
        {retry !== null && (
          <Button onClick={() => post(retry, t('inbox.process.retried'))}>{t('inbox.process.retry')}</Button>
        )}
        {skip !== null && (
          <Button variant="default" onClick={() => post(skip, t('inbox.process.skipped'))}>
            {t('inbox.process.skip')}
          </Button>
        )}
        {item.temporalUrl !== null && (
          <Anchor href={item.temporalUrl} target="_blank" rel="noreferrer" size="xs">
            {t('inbox.process.temporal')}
          </Anchor>
        )}
      </Group>
    </li>
  );
}

/** Health of every part, the backlog with its expected end, and what waits for a person. */
export function Operate() {
  const { t } = useTranslation();
  const session = useSession();
  const isAllowed = session.may.operate === true;
  const answer = useQuery({ ...operationsQuery, enabled: isAllowed });
  if (!isAllowed) return <ForbiddenFace />;
  if (answer.isError) return <ErrorFace error={answer.error} onRetry={() => void answer.refetch()} />;
  if (answer.data === undefined) return <LoadingFace />;
  const { parts, attention } = answer.data;
  const temporalUi = session.links?.temporalUi ?? undefined;
  return (
    <div className={`${classes['page']} lw-scroll`}>
      <Group justify="space-between" align="flex-start">
        <div>
          <Title order={1}>{t('operate.title')}</Title>
          <Text c="dimmed" size="sm">
            {t('operate.lead')}
          </Text>
        </div>
        {temporalUi !== undefined && (
          <Button
            component="a"
            href={temporalUi}
            target="_blank"
            rel="noreferrer"
            variant="default"
            rightSection={<IconExternalLink size={14} />}
          >
            {t('operate.temporalUi')}
          </Button>
        )}
      </Group>
      <ul className={classes['parts']} aria-label={t('operate.parts')}>
        {Object.entries(parts).map(([name, part]) => (
          <Part key={name} name={name} part={part} />
        ))}
      </ul>
      <Backlog queue={parts['queue'] ?? parts['relay']} />
      <Card
        title={t('operate.attention')}
        tone={attention.length === 0 ? 'plain' : 'bad'}
        actions={attention.length > 0 && <Badge c="var(--lw-bad)">{attention.length}</Badge>}
      >
        {attention.length === 0 && <EmptyFace text={t('operate.attentionNone')} />}
        <ul className={classes['list']}>
          {attention.map((item) => (
            <AttentionRow key={item.recordId} item={item} />
          ))}
        </ul>
      </Card>
    </div>
  );
}
