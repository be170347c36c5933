import { Alert, Button, ColorInput, Group, Modal, Select, Stack, TextInput } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Problem } from '../../api/client.ts';
import { putConfig } from '../../api/config.ts';
import type { ConfigItem, ConfigValue } from '../../api/types.ts';
import { ProblemText, toProblem } from '../../app/acts.tsx';
import { currentLanguage } from '../../i18n/index.ts';

interface ListEntryDialogProps {
  readonly kind: string;
  /** The entry to change; a new one when absent. */
  readonly item?: ConfigItem;
  readonly position?: number;
  readonly onClose: () => void;
  readonly onSaved?: () => void;
}

const swatches = ['#1c7ed6', '#0b6166', '#2f9e44', '#f08c00', '#e03131', '#7048e8', '#868e96'];
const authKinds = ['api-key', 'hmac', 'public'] as const;

/** "Messe & Events" → "messe-events": lower case letters, digits and hyphens. */
const toKey = (label: string): string =>
  label
    .toLowerCase()
    .replaceAll('ä', 'ae')
    .replaceAll('ö', 'oe')
    .replaceAll('ü', 'ue')
    .replaceAll('ß', 'ss')
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '');

/** Makes or changes one entry of a list: its two labels and its colour; for sources how they sign in. */
export function ListEntryDialog({ kind, item, position, onClose, onSaved }: ListEntryDialogProps) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [de, setDe] = useState(item?.value.label?.de ?? '');
  const [en, setEn] = useState(item?.value.label?.en ?? '');
  const [color, setColor] = useState(item?.value.color ?? swatches[0] ?? '');
  const [auth, setAuth] = useState<string>('api-key');
  const [problem, setProblem] = useState<Problem>();
  const key = item?.key ?? toKey(de);
  const save = async (): Promise<void> => {
    const fresh: ConfigValue = kind === 'sources' ? { auth } : {};
    const place = item?.value.position ?? position;
    const value: ConfigValue = {
      ...fresh,
      ...item?.value,
      key,
      label: { de, en: en === '' ? de : en },
      ...(color === '' ? {} : { color }),
      ...(place === undefined ? {} : { position: place }),
    };
    try {
      await putConfig(kind, key, value);
      await client.invalidateQueries({ queryKey: ['config', kind] });
      notifications.show({ message: t('lists.saved', { name: currentLanguage() === 'de' ? de : en || de }) });
      onClose();
      onSaved?.();
    } catch (error) {
      setProblem(toProblem(error));
    }
  };
  return (
    <Modal
      opened
      onClose={onClose}
      title={item === undefined ? t(kind === 'sources' ? 'sources.add' : 'lists.add') : item.key}
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        <Stack gap="sm">
          {problem !== undefined && (
            <Alert color="red" role="alert">
              <ProblemText problem={problem} />
            </Alert>
          )}
          <TextInput data-autofocus required label={t('lists.labelDe')} value={de} onChange={(event) => setDe(event.currentTarget.value)} />
          <TextInput label={t('lists.labelEn')} value={en} onChange={(event) => setEn(event.currentTarget.value)} />
          <TextInput label={t('lists.key')} value={key} readOnly variant="filled" />
          <ColorInput label={t('lists.color')} value={color} onChange={setColor} swatches={swatches} format="hex" eyeDropperButtonProps={{ 'aria-label': t('lists.color') }} />
          {kind === 'sources' && item === undefined && (
            <Select
              label={t('sources.authLabel')}
              data={authKinds.map((value) => ({ value, label: t(`sources.auth.${value}`) }))}
              value={auth}
              allowDeselect={false}
              onChange={(value) => setAuth(value ?? 'api-key')}
            />
          )}
          <Group justify="flex-end" gap="sm" mt="sm">
            <Button variant="default" onClick={onClose}>
              {t('common.cancel')}
            </Button>
            <Button type="submit" disabled={key === ''}>
              {t('common.save')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
