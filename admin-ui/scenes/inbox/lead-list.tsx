import { Avatar, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { IconLink } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { toChoices, usePipelineOf, useStageName, type Choice } from '../../api/choices.ts';
import { useConfig, useUsers } from '../../api/queries.ts';
import type { RecordValue } from '../../api/types.ts';
import { ChoiceDot } from '../../components/choice-dot.tsx';
import type { Column } from '../../components/record-table.tsx';
import { useNow } from '../../components/use-now.ts';
import { currentLanguage } from '../../i18n/index.ts';
import { textOf } from '../../model/entities.ts';
import type { DeadlineOf } from '../../model/sla.ts';
import { ageOf, formatInstant, formatMoney } from '../../model/format.ts';
import classes from './inbox.module.css';

const initials = (name: string): string =>
  name
    .split(/\s+/)
    .map((part) => part.charAt(0))
    .join('')
    .slice(0, 2);

const noDeadline: DeadlineOf = () => undefined;

/** Deadlines of the rows; the calendar arithmetic is loaded after the list is there. */
function useDeadlines(): DeadlineOf {
  const calendars = useConfig('calendars');
  const { data } = useQuery({
    queryKey: ['deadlines', calendars.map((item) => `${item.key}${item.revision}`)],
    enabled: calendars.length > 0,
    staleTime: Number.POSITIVE_INFINITY,
    structuralSharing: false,
    queryFn: async () => ({ of: (await import('../../model/sla.ts')).createDeadlines(calendars) }),
  });
  return data?.of ?? noDeadline;
}

interface AgeProps {
  readonly lead: RecordValue;
  readonly deadlineOf: DeadlineOf;
}

function Age({ lead, deadlineOf }: AgeProps) {
  const { t } = useTranslation();
  const at = textOf(lead, 'createdAt') ?? '';
  const deadline = deadlineOf(lead, usePipelineOf('lead', lead));
  const now = useNow();
  const { unit, count } = ageOf(at, now);
  const isLate = deadline !== undefined && new Date(deadline) < now;
  const label = formatInstant(at, currentLanguage());
  return (
    <span className={classes['age']} data-late={isLate} title={isLate ? `${label} · ${t('inbox.pastSla')}` : label}>
      {t(`time.${unit}`, { count })}
      {isLate && <span className="lw-visually-hidden"> ({t('inbox.pastSla')})</span>}
    </span>
  );
}

interface SubjectProps {
  readonly lead: RecordValue;
  readonly priority: Choice | undefined;
  /** The company has no column of its own here. */
  readonly hasCompany: boolean;
}

function Subject({ lead, priority, hasCompany }: SubjectProps) {
  const { t } = useTranslation();
  const { color, label } = priority ?? {};
  const name = [textOf(lead, 'firstName'), textOf(lead, 'lastName')].filter((part) => part !== undefined).join(' ');
  const second = hasCompany ? textOf(lead, 'company') : textOf(lead, 'email');
  const title = textOf(lead, 'title');
  const sender = [name, second].filter((part) => part !== undefined && part !== '' && part !== title).join(' · ');
  return (
    <div className={classes['subject']}>
      <span
        className={classes['priority']}
        style={color === undefined ? undefined : { background: color }}
        title={label}
        role={label === undefined ? undefined : 'img'}
        aria-label={label}
      />
      <div style={{ minWidth: 0 }}>
        <div className={classes['line']}>
          <span className="lw-truncate">{title ?? '–'}</span>
          {textOf(lead, 'opportunity') !== undefined && (
            <IconLink size={14} style={{ flex: 'none' }} role="img" aria-label={t('inbox.openOpportunity')} />
          )}
        </div>
        <Text size="xs" c="dimmed" truncate>
          {sender || textOf(lead, 'email') || textOf(lead, 'company') || t('inbox.withoutCompany')}
        </Text>
      </div>
    </div>
  );
}

function StageName({ lead }: { readonly lead: RecordValue }) {
  return useStageName('lead', lead);
}

function AgeAndStage({ age, stage }: { readonly age: ReactNode; readonly stage: ReactNode }) {
  return (
    <div>
      {age}
      <Text size="xs" c="dimmed">
        {stage}
      </Text>
    </div>
  );
}

/** Columns of the inbox; beside an open lead only the ones that matter for choosing the next. */
export function useLeadColumns(layout: 'full' | 'condensed' | 'phone'): readonly Column[] {
  const { t } = useTranslation();
  const priorities = toChoices(useConfig('priorities'));
  const sources = toChoices(useConfig('sources'));
  const users = useUsers();
  const language = currentLanguage();
  const deadlineOf = useDeadlines();
  const subject: Column = {
    name: 'title',
    label: t('inbox.column.title'),
    width: 'minmax(180px, 3fr)',
    isSortable: true,
    isFilterable: true,
    example: '*Angebot*',
    render: (lead) => {
      const priority = priorities.find((one) => one.value === lead['priority']);
      return <Subject lead={lead} priority={priority} hasCompany={layout !== 'full'} />;
    },
  };
  const stage: Column = {
    name: 'stage',
    label: t('inbox.column.stage'),
    width: 'minmax(84px, 1fr)',
    isFilterable: true,
    example: 'neu|kontaktversuch',
    render: (lead) => <StageName lead={lead} />,
  };
  const age: Column = {
    name: 'createdAt',
    label: t('inbox.column.age'),
    width: '64px',
    isSortable: true,
    isFilterable: true,
    isEnd: true,
    example: 'heute-7..heute',
    render: (lead) => <Age lead={lead} deadlineOf={deadlineOf} />,
  };
  const source: Column = {
    name: 'source',
    label: t('inbox.column.source'),
    width: 'minmax(96px, 1fr)',
    isFilterable: true,
    example: 'facebook|webformular',
    render: (lead) => {
      const found = sources.find((one) => one.value === lead['source']);
      return (
        <ChoiceDot
          label={found?.label ?? textOf(lead, 'source') ?? ''}
          {...(found?.color === undefined ? {} : { color: found.color })}
        />
      );
    },
  };
  if (layout === 'phone')
    return [
      subject,
      { ...age, width: 'auto', render: (lead) => <AgeAndStage age={age.render(lead)} stage={stage.render(lead)} /> },
    ];
  if (layout === 'condensed') return [subject, stage, age];
  return [
    subject,
    {
      name: 'company',
      label: t('inbox.column.company'),
      width: 'minmax(110px, 1.6fr)',
      isSortable: true,
      isFilterable: true,
      example: '!Muster*',
      render: (lead) => textOf(lead, 'company') ?? '',
    },
    source,
    stage,
    {
      name: 'budget',
      label: t('inbox.column.budget'),
      width: '92px',
      isSortable: true,
      isFilterable: true,
      isEnd: true,
      example: '1000..5000',
      render: (lead) => (typeof lead['budget'] === 'number' ? formatMoney(lead['budget'], language) : ''),
    },
    {
      name: 'owner',
      label: t('inbox.owner'),
      width: '96px',
      isFilterable: true,
      example: 'me',
      suggestions: ['me', ...users.map((user) => user.name)],
      render: (lead) => {
        const name = users.find((user) => user.id === lead['owner'])?.name;
        if (name === undefined) return <span style={{ color: 'var(--mantine-color-dimmed)' }}>–</span>;
        return (
          <Avatar size={24} radius="xl" color="petrol" aria-label={name} title={name}>
            {initials(name)}
          </Avatar>
        );
      },
    },
    age,
  ];
}
