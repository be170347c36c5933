import { ActionIcon, Anchor, Badge, Button, Group, Kbd, Menu, Select, Text, Tooltip } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import {
  IconArchive,
  IconArchiveOff,
  IconArrowLeft,
  IconClockPause,
  IconDots,
  IconLink,
  IconLinkOff,
  IconTransform,
  IconUserCheck,
} from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { stagesIn, toChoices, usePipelineOf } from '../../api/choices.ts';
import { useRemoteChange } from '../../api/live.ts';
import { useConfig, useSession, useUsers } from '../../api/queries.ts';
import type { RecordValue } from '../../api/types.ts';
import { StageStepper } from '../../components/stage-stepper.tsx';
import { useNow } from '../../components/use-now.ts';
import { currentLanguage } from '../../i18n/index.ts';
import { textOf } from '../../model/entities.ts';
import { formatSoon, formatTime } from '../../model/format.ts';
import type { LeadCommands } from './inbox.tsx';
import { MissingDialog, type Missing } from './missing-dialog.tsx';
import { useLeadActs } from './lead-acts.ts';
import classes from './lead-detail.module.css';

interface LeadHeadProps {
  readonly lead: RecordValue;
  readonly commands: LeadCommands;
  readonly onClose: () => void;
}

function OpportunityLink({ lead }: { readonly lead: RecordValue }) {
  const { t } = useTranslation();
  const id = textOf(lead, 'opportunity');
  if (id === undefined) {
    return (
      <Tooltip label={t('inbox.notQualified')} events={{ hover: true, focus: true, touch: true }}>
        <ActionIcon size={30} aria-label={t('inbox.notQualified')}>
          <IconLinkOff size={17} />
        </ActionIcon>
      </Tooltip>
    );
  }
  return (
    <Anchor component={Link} to={`/list/opportunities/${id}`} size="sm" className={classes['opportunity']}>
      <IconLink size={15} aria-hidden /> {t('inbox.openOpportunity')}
    </Anchor>
  );
}

function StateLine({ lead }: { readonly lead: RecordValue }) {
  const { t } = useTranslation();
  const remote = useRemoteChange(lead.id);
  const until = textOf(lead, 'snoozedUntil');
  const state = textOf(lead, 'state') ?? 'open';
  const reasons = toChoices(useConfig('loss-reasons'));
  const archiveReason = textOf(lead, 'archiveReason');
  const reason = reasons.find((one) => one.value === archiveReason)?.label ?? archiveReason;
  const now = useNow();
  const isSnoozed = until !== undefined && new Date(until) > now;
  return (
    <>
      {state !== 'open' && (
        <Badge color={state === 'converted' ? 'petrol' : 'gray'} c="var(--mantine-color-text)">
          {[t(`choice.lead.state.${state}`), reason].filter(Boolean).join(' · ')}
        </Badge>
      )}
      {isSnoozed && (
        <Badge color="gray" c="var(--mantine-color-text)">
          {t('inbox.snoozedUntil', { until: formatSoon(until, currentLanguage()) })}
        </Badge>
      )}
      {remote !== undefined && (
        <Text component="output" size="xs" c="dimmed">
          {t('record.changedLive', { name: remote.name })}, {formatTime(remote.at, currentLanguage())}
        </Text>
      )}
    </>
  );
}

function Actions({ lead, commands }: Omit<LeadHeadProps, 'onClose'>) {
  const { t } = useTranslation();
  const acts = useLeadActs();
  const can = useSession().can['lead'] ?? {};
  const isOpen = lead['state'] === 'open';
  if (!isOpen) {
    return (
      <>
        <OpportunityLink lead={lead} />
        {lead['state'] === 'archived' && can['archive'] !== false && (
          <Button
            variant="default"
            leftSection={<IconArchiveOff size={15} />}
            onClick={() => void acts.unarchive(lead)}
          >
            {t('inbox.unarchive')}
          </Button>
        )}
      </>
    );
  }
  return (
    <>
      <Button leftSection={<IconUserCheck size={15} />} disabled={can['accept'] === false} onClick={commands.accept}>
        {t('inbox.accept')}
      </Button>
      <Button
        variant="default"
        leftSection={<IconTransform size={15} />}
        disabled={can['convert'] === false}
        onClick={commands.convert}
      >
        {t('inbox.convert')}
      </Button>
      <Menu width={220}>
        <Menu.Target>
          <ActionIcon size={30} aria-label={t('common.more')}>
            <IconDots size={17} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item
            leftSection={<IconClockPause size={16} />}
            rightSection={<Kbd size="xs">S</Kbd>}
            disabled={can['snooze'] === false}
            onClick={commands.snooze}
          >
            {t('inbox.snooze')}
          </Menu.Item>
          <Menu.Item
            leftSection={<IconLink size={16} />}
            rightSection={<Kbd size="xs">L</Kbd>}
            disabled={can['link'] === false}
            onClick={commands.link}
          >
            {t('inbox.link')}
          </Menu.Item>
          <Menu.Item
            leftSection={<IconArchive size={16} />}
            rightSection={<Kbd size="xs">X</Kbd>}
            disabled={can['archive'] === false}
            onClick={commands.archive}
          >
            {t('inbox.archive')}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <OpportunityLink lead={lead} />
    </>
  );
}

/** At the last stage both ways out are offered (B22). */
function LastStage({ commands }: { readonly commands: LeadCommands }) {
  const { t } = useTranslation();
  return (
    <Group className={classes['lastStage']} gap="sm">
      <Text size="sm" flex={1} miw={200}>
        <strong>{t('inbox.lastStageTitle')}.</strong> {t('inbox.lastStageLead')}
      </Text>
      <Group gap="sm" wrap="nowrap">
        <Button variant="light" onClick={commands.convert}>
          {t('inbox.convert')}
        </Button>
        <Button variant="default" onClick={commands.archive}>
          {t('inbox.archive')}
        </Button>
      </Group>
    </Group>
  );
}

/** Top of the detail: who and what, where it stands, and what can be done with it. */
export function LeadHead({ lead, commands, onClose }: LeadHeadProps) {
  const { t } = useTranslation();
  const acts = useLeadActs();
  const users = useUsers().filter((user) => user.isDisabled !== true);
  const priorities = toChoices(useConfig('priorities'));
  const stages = stagesIn(usePipelineOf('lead', lead));
  const last = stages.at(-1)?.key;
  const can = useSession().can['lead'] ?? {};
  const [missing, setMissing] = useState<Missing>();
  const isOpen = lead['state'] === 'open';
  const name = [textOf(lead, 'firstName'), textOf(lead, 'lastName')].filter((part) => part !== undefined).join(' ');
  const subtitle = [name, textOf(lead, 'company')].filter((part) => part !== undefined && part !== '').join(' · ');
  return (
    <div className={classes['head']}>
      <Group gap="sm" wrap="nowrap" align="flex-start">
        <ActionIcon size={30} aria-label={t('common.back')} onClick={onClose}>
          <IconArrowLeft size={18} />
        </ActionIcon>
        <div style={{ flex: 1, minWidth: 0 }}>
          <h2 className={classes['title']}>{textOf(lead, 'title') ?? '–'}</h2>
          <Group gap="sm">
            <Text size="sm" c="dimmed">
              {subtitle || t('inbox.withoutCompany')}
            </Text>
            <StateLine lead={lead} />
          </Group>
        </div>
      </Group>
      <Group gap={8}>
        <Actions lead={lead} commands={commands} />
        <span style={{ flex: 1 }} />
        <Group gap={8} wrap="nowrap">
          <Select
            size="xs"
            w={150}
            aria-label={t('inbox.owner')}
            placeholder={t('inbox.nobody')}
            searchable
            clearable
            disabled={!isOpen || can['assign'] === false}
            data={users.map((user) => ({ value: user.id, label: user.name }))}
            value={textOf(lead, 'owner') ?? null}
            onChange={(owner) => void acts.assign(lead, owner)}
          />
          <Select
            size="xs"
            w={110}
            aria-label={t('inbox.priority')}
            placeholder={t('inbox.priority')}
            disabled={!isOpen || can['update'] === false}
            data={priorities.map(({ value, label }) => ({ value, label }))}
            value={textOf(lead, 'priority') ?? null}
            onChange={(priority) => void acts.setPriority(lead, priority)}
          />
        </Group>
      </Group>
      {isOpen && last !== undefined && last === lead['stage'] && <LastStage commands={commands} />}
      <StageStepper
        label={t('inbox.title')}
        stages={stages}
        current={textOf(lead, 'stage')}
        isDisabled={!isOpen || can['move'] === false}
        onMove={(stage) =>
          void acts.move(lead, { stage, isLast: stage.key === last }, (problem) => setMissing({ stage, problem }))
        }
      />
      {missing !== undefined && <MissingDialog lead={lead} missing={missing} onClose={() => setMissing(undefined)} />}
    </div>
  );
}
