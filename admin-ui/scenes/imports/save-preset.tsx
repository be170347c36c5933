import { Button, Group, Stack, TextInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { notifications } from '@mantine/notifications';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Mapping } from '../../../core/mapping.ts';
import { putConfig } from '../../api/config.ts';
import type { RecordValue } from '../../api/types.ts';
import { ProblemText, toProblem } from '../../app/acts.tsx';
import { toKey } from '../../../core/spelling.ts';
import type { Problem } from '../../api/client.ts';
import { Dialog } from '../../components/dialog.tsx';
import { textOf } from '../../model/entities.ts';

const keyOf = (label: string): string => toKey(label).slice(0, 60);

type Options = Readonly<Record<string, unknown>> & { readonly mapping?: Mapping; readonly hasHeader?: boolean };

/** The import's settings as the mapping that a recurring one is made with. */
const presetOf = (record: RecordValue, label: string) => {
  const { mapping, hasHeader, ...file } = (record['options'] ?? {}) as Options;
  return {
    key: keyOf(label),
    label: { de: label, en: label },
    entity: textOf(record, 'entity'),
    ...mapping,
    file: { ...file, ...(hasHeader === undefined ? {} : { header: hasHeader }), source: textOf(record, 'source') },
  };
};

/** Keeps how this file was imported under a name, so that the next one needs only to be chosen. */
export function SavePreset({ record }: { readonly record: RecordValue }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [isOpen, setOpen] = useState(false);
  const [label, setLabel] = useState('');
  const [problem, setProblem] = useState<Problem>();
  const save = async (): Promise<void> => {
    try {
      await putConfig('mappings', keyOf(label), presetOf(record, label.trim()));
      await client.invalidateQueries({ queryKey: ['config', 'mappings'] });
      setOpen(false);
      notifications.show({ message: t('imports.presetSaved', { name: label }) });
    } catch (error) {
      setProblem(toProblem(error));
    }
  };
  return (
    <>
      <Button variant="default" onClick={() => setOpen(true)}>
        {t('imports.savePreset')}
      </Button>
      {isOpen && (
        <Dialog onClose={() => setOpen(false)} title={t('imports.savePreset')}>
          <Stack gap="md">
            <TextInput
              data-autofocus
              label={t('imports.presetName')}
              description={keyOf(label) === '' ? t('imports.presetHint') : `leitwerk import … --preset ${keyOf(label)}`}
              value={label}
              onChange={(event) => setLabel(event.currentTarget.value)}
            />
            {problem !== undefined && <ProblemText problem={problem} />}
            <Group justify="flex-end">
              <Button disabled={keyOf(label) === ''} onClick={() => void save()}>
                {t('common.save')}
              </Button>
            </Group>
          </Stack>
        </Dialog>
      )}
    </>
  );
}
