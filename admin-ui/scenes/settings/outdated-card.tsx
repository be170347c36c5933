import { Button, Group, Select, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { migrateOutdated, readOutdated, type Outdated } from '../../api/migration.ts';
import type { Stage } from '../../api/types.ts';
import { Card } from '../../components/card.tsx';
import { FormDialog, useForm } from '../../components/form-dialog.tsx';
import { MigrationWords } from '../../components/migration-words.tsx';
import { currentLanguage, inLanguage } from '../../i18n/index.ts';
import { formatNumber } from '../../model/format.ts';

interface OutdatedProps {
  readonly pipeline: string;
  /** Stages of the revision in force. */
  readonly stages: readonly Stage[];
}

type StageMap = Readonly<Record<string, string>>;

interface GroupRowProps {
  readonly group: Outdated['groups'][number];
  readonly outdated: Outdated;
  readonly stages: readonly Stage[];
  readonly to: string | undefined;
  readonly onMap: (to: string) => void;
}

/** Processes in one stage of one older revision, and the stage they go on in. */
function GroupRow({ group, outdated, stages, to, onMap }: GroupRowProps) {
  const { t } = useTranslation();
  return (
    <div>
      <Group gap="sm" wrap="nowrap" justify="space-between">
        <Text size="sm" flex={1} miw={0}>
          <strong>{inLanguage(group.label)}</strong>{' '}
          <Text component="span" size="sm" c="dimmed">
            {t('config.revision', { revision: group.revision })} · {formatNumber(group.count, currentLanguage())}
          </Text>
        </Text>
        <Text size="sm" c="dimmed" aria-hidden>
          →
        </Text>
        <Select
          size="xs"
          w={170}
          aria-label={t('migration.stageFor', { stage: inLanguage(group.label) })}
          placeholder={t('migration.choose')}
          allowDeselect={false}
          data={stages.map((stage) => ({ value: stage.key, label: inLanguage(stage.label) }))}
          value={to ?? null}
          onChange={(next) => {
            if (next !== null) onMap(next);
          }}
        />
      </Group>
      {to !== undefined && (
        <MigrationWords
          id={group.sample}
          migration={{ plural: outdated.plural, revision: outdated.latest, stageMap: { [group.stage]: to } }}
        />
      )}
    </div>
  );
}

/** Stages that are called the same go on as they are; for the others somebody has to say. */
const sameStages = (outdated: Outdated, stages: readonly Stage[]): StageMap =>
  Object.fromEntries(
    outdated.groups.filter(({ stage }) => stages.some(({ key }) => key === stage)).map(({ stage }) => [stage, stage]),
  );

interface MigrateDialogProps extends OutdatedProps {
  readonly outdated: Outdated;
  readonly onClose: () => void;
}

function MigrateDialog({ pipeline, stages, outdated, onClose }: MigrateDialogProps) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [stageMap, setStageMap] = useState(() => sameStages(outdated, stages));
  const [done, setDone] = useState(0);
  const { plural, latest: revision, groups, total } = outdated;
  const form = useForm(async () => {
    const { changed, failed } = await migrateOutdated(pipeline, { plural, revision, stageMap }, setDone);
    const sentence = t('migration.done', { count: changed, revision });
    notifications.show({
      message: failed === 0 ? sentence : `${sentence}, ${t('inbox.bulkFailed', { count: failed })}`,
    });
    await client.invalidateQueries({ queryKey: ['config', 'pipelines', pipeline, 'outdated'] });
    onClose();
  });
  return (
    <FormDialog
      title={t('migration.title', { revision })}
      form={form}
      submitLabel={t('migration.submit', { count: total })}
      isDisabled={groups.some(({ stage }) => stageMap[stage] === undefined)}
      onClose={onClose}
    >
      <Text size="sm">{t('migration.lead')}</Text>
      {groups.map((group) => (
        <GroupRow
          key={`${group.revision}/${group.stage}`}
          group={group}
          outdated={outdated}
          stages={stages}
          to={stageMap[group.stage]}
          onMap={(to) => setStageMap((known) => ({ ...known, [group.stage]: to }))}
        />
      ))}
      {done > 0 && (
        <Text size="sm" role="status">
          {t('migration.progress', { done, total })}
        </Text>
      )}
    </FormDialog>
  );
}

/** How many processes still run under older revisions, and the way to take them all along. */
export function OutdatedCard(props: OutdatedProps) {
  const { t } = useTranslation();
  const [isOpen, setOpen] = useState(false);
  const { pipeline } = props;
  const { data } = useQuery({
    queryKey: ['config', 'pipelines', pipeline, 'outdated'],
    queryFn: async () => await readOutdated(pipeline),
  });
  if (data === undefined || data.total === 0) return undefined;
  return (
    <Card title={t('migration.card')}>
      <Group gap="sm" justify="space-between">
        <Text size="sm" flex={1} miw={200}>
          {t('migration.outdated', { count: data.total, latest: data.latest })}
        </Text>
        <Button variant="default" onClick={() => setOpen(true)}>
          {t('migration.open')}
        </Button>
      </Group>
      {isOpen && <MigrateDialog {...props} outdated={data} onClose={() => setOpen(false)} />}
    </Card>
  );
}
