import { ActionIcon, Button, Group, Select } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { IconArchive, IconArrowDown, IconArrowUp, IconPencil, IconPlus } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { archiveConfig, putConfig } from '../../api/config.ts';
import { configQuery } from '../../api/queries.ts';
import type { ConfigItem } from '../../api/types.ts';
import { showProblem, toProblem } from '../../app/acts.tsx';
import { ChoiceDot } from '../../components/choice-dot.tsx';
import { EmptyFace, ErrorFace, LoadingFace } from '../../components/faces.tsx';
import { inLanguage } from '../../i18n/index.ts';
import { ListEntryDialog } from './list-entry-dialog.tsx';
import { PageHead } from './page-head.tsx';
import classes from './settings.module.css';

const route = getRouteApi('/app/settings/$section');
const kinds = ['priorities', 'tags', 'loss-reasons', 'activity-types', 'note-types', 'sources'];

const byPosition = (left: ConfigItem, right: ConfigItem): number =>
  (left.value.position ?? 0) - (right.value.position ?? 0) || left.key.localeCompare(right.key);

interface EntryRowProps {
  readonly item: ConfigItem;
  readonly onEdit: () => void;
  readonly onArchive: () => void;
  readonly onMove: ((by: -1 | 1) => void) | undefined;
}

function EntryRow({ item, onEdit, onArchive, onMove }: EntryRowProps) {
  const { t } = useTranslation();
  const name = inLanguage(item.value.label) || item.key;
  const { color } = item.value;
  return (
    <tr>
      <td>
        <ChoiceDot label={item.value.label?.de ?? item.key} {...(color === undefined ? {} : { color })} />
      </td>
      <td>{item.value.label?.en}</td>
      <td>
        <code>{item.key}</code>
      </td>
      {item.usage !== undefined && <td data-figure>{item.usage}</td>}
      <td>
        <Group gap={0} wrap="nowrap" justify="flex-end">
          {onMove !== undefined && (
            <>
              <ActionIcon size={28} aria-label={`${t('lists.up')}: ${name}`} onClick={() => onMove(-1)}>
                <IconArrowUp size={15} />
              </ActionIcon>
              <ActionIcon size={28} aria-label={`${t('lists.down')}: ${name}`} onClick={() => onMove(1)}>
                <IconArrowDown size={15} />
              </ActionIcon>
            </>
          )}
          <ActionIcon size={28} aria-label={`${t('common.edit')}: ${name}`} onClick={onEdit}>
            <IconPencil size={15} />
          </ActionIcon>
          <ActionIcon size={28} aria-label={`${t('lists.archive')}: ${name}`} onClick={onArchive}>
            <IconArchive size={15} />
          </ActionIcon>
        </Group>
      </td>
    </tr>
  );
}

/** The entries of one list, in the order in which people see them. */
export function Lists() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const client = useQueryClient();
  const { kind: wanted } = route.useSearch();
  const kind = kinds.find((one) => one === wanted) ?? 'priorities';
  const answer = useQuery(configQuery(kind));
  const [editing, setEditing] = useState<ConfigItem | 'new'>();
  if (answer.isError) return <ErrorFace error={answer.error} onRetry={() => void answer.refetch()} />;
  if (answer.data === undefined) return <LoadingFace />;
  const items = answer.data.filter((item) => item.isArchived !== true).toSorted(byPosition);
  const hasUsage = items.some((item) => item.usage !== undefined);
  const attempt = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      showProblem(toProblem(error), t('error.title'));
    }
    await client.invalidateQueries({ queryKey: ['config', kind] });
  };
  const move = (index: number, by: -1 | 1) =>
    attempt(async () => {
      const reordered = [...items];
      const [moved] = reordered.splice(index, 1);
      if (moved === undefined) return;
      reordered.splice(Math.max(0, index + by), 0, moved);
      for (const [place, item] of reordered.entries()) {
        const position = (place + 1) * 10;
        if (item.value.position !== position) await putConfig(kind, item.key, { ...item.value, position });
      }
    });
  const archive = (item: ConfigItem) =>
    attempt(async () => {
      await archiveConfig(kind, item.key);
      notifications.show({ message: t('lists.archived', { name: inLanguage(item.value.label) || item.key }) });
    });
  return (
    <>
      <PageHead title={t('settings.lists')} lead={t('lists.lead')}>
        <Select
          size="xs"
          w={180}
          aria-label={t('settings.lists')}
          allowDeselect={false}
          data={kinds.map((value) => ({ value, label: t(`lists.kind.${value}`) }))}
          value={kind}
          onChange={(next) => void navigate({ to: '.', search: { kind: next ?? 'priorities' } })}
        />
        <Button leftSection={<IconPlus size={15} />} onClick={() => setEditing('new')}>
          {t('lists.add')}
        </Button>
      </PageHead>
      {items.length === 0 && (
        <EmptyFace text={t('lists.empty')} action={{ label: t('lists.add'), onClick: () => setEditing('new') }} />
      )}
      {items.length > 0 && (
        <div className={classes['scrollX']} tabIndex={0} role="region" aria-label={t(`lists.kind.${kind}`)}>
          <table className={classes['table']}>
            <thead>
              <tr>
                <th scope="col">{t('lists.labelDe')}</th>
                <th scope="col">{t('lists.labelEn')}</th>
                <th scope="col">{t('lists.key')}</th>
                {hasUsage && <th scope="col">{t('lists.usage')}</th>}
                <th scope="col">
                  <span className="lw-visually-hidden">{t('common.actions')}</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {items.map((item, index) => (
                <EntryRow
                  key={item.key}
                  item={item}
                  onEdit={() => setEditing(item)}
                  onArchive={() => void archive(item)}
                  onMove={(by) => void move(index, by)}
                />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {editing !== undefined && (
        <ListEntryDialog
          kind={kind}
          position={(items.length + 1) * 10}
          {...(editing === 'new' ? {} : { item: editing })}
          onClose={() => setEditing(undefined)}
        />
      )}
    </>
  );
}
