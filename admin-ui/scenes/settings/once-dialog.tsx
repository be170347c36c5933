import { Alert, Button, CopyButton, Group, Stack, Text } from '@mantine/core';
import { IconCheck, IconCopy } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { Dialog } from '../../components/dialog.tsx';
import classes from './settings.module.css';

interface OnceDialogProps {
  readonly title: string;
  readonly hint: string;
  /** What is shown this one time: label and text. */
  readonly values: readonly (readonly [string, string])[];
  readonly onClose: () => void;
}

export function CopyText({ text }: { readonly text: string }) {
  const { t } = useTranslation();
  return (
    <CopyButton value={text}>
      {({ copied, copy }) => (
        <Button
          variant="default"
          leftSection={copied ? <IconCheck size={14} /> : <IconCopy size={14} />}
          onClick={copy}
        >
          {copied ? t('common.copied') : t('common.copy')}
        </Button>
      )}
    </CopyButton>
  );
}

/** Shows a secret exactly once; closing it is final, so a click beside it does nothing. */
export function OnceDialog({ title, hint, values, onClose }: OnceDialogProps) {
  return (
    <Dialog onClose={onClose} title={title} closeOnClickOutside={false}>
      <Stack gap="md">
        <Alert color="yellow" c="var(--mantine-color-text)">
          {hint}
        </Alert>
        {values.map(([label, text]) => (
          <div key={label}>
            <Text size="xs" c="dimmed" mb={4}>
              {label}
            </Text>
            <code className={classes['code']}>{text}</code>
            <Group mt={8}>
              <CopyText text={text} />
            </Group>
          </div>
        ))}
      </Stack>
    </Dialog>
  );
}
