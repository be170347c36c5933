import { Button, Group, Kbd, Stack, Text, TextInput } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { toChoices, type Choice } from '../../api/choices.ts';
import { useConfig } from '../../api/queries.ts';
import { currentLanguage } from '../../i18n/index.ts';
import { formatSoon, fromLocalInput } from '../../model/format.ts';
import { Dialog } from '../../components/dialog.tsx';

export interface DialogProps {
  readonly onClose: () => void;
}

/** Asks why, from the admin's list of reasons: one press of a digit or a click is enough. */
export function ArchiveDialog({ onClose, onArchive }: DialogProps & { readonly onArchive: (reason: string) => void }) {
  const { t } = useTranslation();
  const reasons = toChoices(useConfig('loss-reasons'));
  const choose = (reason: Choice): void => {
    onArchive(reason.value);
    onClose();
  };
  // On the page, not on the dialog: a quick key press comes before the focus does.
  useHotkeys(reasons.slice(0, 9).map((reason, index) => [String(index + 1), () => choose(reason)]));
  return (
    <Dialog onClose={onClose} title={t('inbox.archiveTitle')} size="xs">
      <Stack gap={4}>
        {reasons.map((reason, index) => (
          <Button
            key={reason.value}
            variant="subtle"
            color="gray"
            c="var(--mantine-color-text)"
            justify="space-between"
            size="sm"
            data-autofocus={index === 0 ? true : undefined}
            rightSection={index < 9 && <Kbd size="xs">{index + 1}</Kbd>}
            onClick={() => choose(reason)}
          >
            {reason.label}
          </Button>
        ))}
      </Stack>
    </Dialog>
  );
}

const at = (days: number, hour: number): string => {
  const day = new Date();
  day.setDate(day.getDate() + days);
  day.setHours(hour, 0, 0, 0);
  return day.toISOString();
};

const snoozeOptions = (): readonly (readonly [string, string])[] => {
  const now = new Date();
  const untilMonday = (8 - now.getDay()) % 7 || 7;
  const later: readonly (readonly [string, string])[] = now.getHours() < 14 ? [['today', at(0, 15)]] : [];
  return [...later, ['tomorrow', at(1, 9)], ['week', at(untilMonday, 9)], ['month', at(30, 9)]];
};

export function SnoozeDialog({ onClose, onSnooze }: DialogProps & { readonly onSnooze: (until: string) => void }) {
  const { t } = useTranslation();
  const [own, setOwn] = useState('');
  const choose = (until: string | null): void => {
    if (until === null) return;
    onSnooze(until);
    onClose();
  };
  return (
    <Dialog onClose={onClose} title={t('inbox.snooze')} size={400}>
      <Stack gap={4}>
        {snoozeOptions().map(([name, until], index) => (
          <Button
            key={name}
            variant="subtle"
            color="gray"
            c="var(--mantine-color-text)"
            justify="space-between"
            size="sm"
            data-autofocus={index === 0 ? true : undefined}
            rightSection={
              <Text size="xs" c="dimmed">
                {formatSoon(until, currentLanguage())}
              </Text>
            }
            onClick={() => choose(until)}
          >
            {t(`inbox.snoozeOption.${name}`)}
          </Button>
        ))}
        <form
          onSubmit={(event) => {
            event.preventDefault();
            choose(fromLocalInput(own));
          }}
        >
          <Group align="end" gap="sm" mt="sm" wrap="nowrap">
            <TextInput
              flex={1}
              size="xs"
              type="datetime-local"
              label={t('inbox.snoozeOption.custom')}
              value={own}
              onChange={(event) => setOwn(event.currentTarget.value)}
            />
            <Button type="submit" variant="default" disabled={own === ''}>
              {t('inbox.snooze')}
            </Button>
          </Group>
        </form>
      </Stack>
    </Dialog>
  );
}
