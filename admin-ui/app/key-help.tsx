import { Group, Kbd, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { Dialog } from '../components/dialog.tsx';

const keys = [
  ['J', 'next'],
  ['K', 'previous'],
  ['A', 'accept'],
  ['C', 'convert'],
  ['X', 'archive'],
  ['S', 'snooze'],
  ['L', 'link'],
  ['N', 'note'],
  ['Z', 'undo'],
  ['Esc', 'close'],
  ['/', 'search'],
  ['⌘ / Ctrl K', 'palette'],
  ['?', 'help'],
] as const;

export function KeyHelp({ onClose }: { readonly onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <Dialog onClose={onClose} title={t('inbox.key.title')}>
      <Stack gap={10}>
        {keys.map(([key, name]) => (
          <Group key={key} justify="space-between" wrap="nowrap">
            <Text size="sm">{t(`inbox.key.${name}`)}</Text>
            <Kbd>{key}</Kbd>
          </Group>
        ))}
      </Stack>
    </Dialog>
  );
}
