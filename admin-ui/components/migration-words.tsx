import { Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { previewMigration, type Migration } from '../api/migration.ts';
import { ProblemText, toProblem } from '../app/acts.tsx';
import { inLanguage } from '../i18n/index.ts';

interface MigrationWordsProps {
  readonly id: string;
  readonly migration: Migration;
}

/** What a process would gain and lose under another revision, in words. */
export function MigrationWords({ id, migration }: MigrationWordsProps) {
  const { t } = useTranslation();
  const { data, error } = useQuery({
    queryKey: ['migration', id, migration],
    queryFn: async () => await previewMigration(id, migration),
  });
  if (error !== null) return <ProblemText problem={toProblem(error)} />;
  if (data === undefined) return undefined;
  const { stage, timers, planOnlyInNew, planChanged } = data;
  const names = (list: readonly Parameters<typeof inLanguage>[0][]): string =>
    list.map((one) => inLanguage(one)).join(', ');
  const lines = [
    stage.from !== stage.to && t('migration.entered'),
    timers.added.length > 0 && t('migration.timersAdded', { names: names(timers.added) }),
    timers.removed.length > 0 && t('migration.timersRemoved', { names: names(timers.removed) }),
    timers.changed.length > 0 && t('migration.timersChanged', { names: names(timers.changed) }),
    planOnlyInNew.length > 0 && t('migration.planOnlyInNew', { names: names(planOnlyInNew) }),
    planChanged.length > 0 && t('migration.planChanged', { names: names(planChanged) }),
  ].filter((line) => line !== false);
  return (
    <>
      {(lines.length === 0 ? [t('migration.same')] : lines).map((line) => (
        <Text key={line} size="xs" c="dimmed">
          {line}
        </Text>
      ))}
    </>
  );
}
