import { Progress as Bar, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import type { RecordValue } from '../../api/types.ts';
import { currentLanguage } from '../../i18n/index.ts';
import { importQuery, waitingQuery } from '../../api/imports.ts';
import { textOf } from '../../model/entities.ts';
import { formatNumber, formatTime } from '../../model/format.ts';
import { expectedEnd, expectedStart, progressOf } from '../../model/imports.ts';

/** How far an import is, and when it will probably be through. */
export function ImportProgress({ record }: { readonly record: RecordValue }) {
  const { t } = useTranslation();
  const language = currentLanguage();
  const { dataUpdatedAt } = useQuery(importQuery(record.id));
  const progress = progressOf(record);
  const end = textOf(record, 'state') === 'running' ? expectedEnd(record, new Date(dataUpdatedAt)) : undefined;
  const isCounted = textOf(record, 'checkedAt') !== undefined;
  const read = formatNumber(Number(record['read'] ?? 0), language);
  const expected = formatNumber(Number(record['expected'] ?? 0), language);
  return (
    <Stack gap={4}>
      <Bar
        value={(progress ?? 0) * 100}
        size="md"
        animated={textOf(record, 'state') === 'running'}
        aria-label={t('imports.progress')}
      />
      <Text size="sm" className="lw-figures">
        {progress === undefined
          ? t('imports.readOnly', { read })
          : t(isCounted ? 'imports.readOfCounted' : 'imports.readOf', { read, expected })}
        {end !== undefined && ` · ${t('imports.end', { at: formatTime(end.toISOString(), language) })}`}
      </Text>
      <Text size="xs" c="dimmed">
        {t('imports.mayLeave')}
      </Text>
    </Stack>
  );
}

/** Processes that an import has set going and that have not begun yet; nothing where all have. */
export function WaitingProcesses({ record, isOpen }: { readonly record: RecordValue; readonly isOpen: boolean }) {
  const { t } = useTranslation();
  const language = currentLanguage();
  const { data: waiting = 0, dataUpdatedAt } = useQuery(waitingQuery(record.id, isOpen));
  if (waiting === 0) return null;
  const end = expectedStart(record, waiting, new Date(dataUpdatedAt));
  return (
    <Text size="sm" className="lw-figures">
      {t('imports.waiting', { count: waiting, shown: formatNumber(waiting, language) })}
      {end !== undefined && ` · ${t('imports.end', { at: formatTime(end.toISOString(), language) })}`}
    </Text>
  );
}
