import { Alert, Button, Group, Stack } from '@mantine/core';
import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Problem } from '../api/client.ts';
import { ProblemText, toProblem } from '../app/acts.tsx';
import { Dialog } from './dialog.tsx';

interface Form {
  readonly problem: Problem | undefined;
  readonly isBusy: boolean;
  /** What is wrong with one input of the form. */
  readonly errorOf: (name: string) => string | undefined;
  readonly submit: () => Promise<void>;
}

/** Saves what a form holds, once at a time; what the server says against it stays to be shown. */
export function useForm(save: () => Promise<void>): Form {
  const [problem, setProblem] = useState<Problem>();
  const [isBusy, setBusy] = useState(false);
  return {
    problem,
    isBusy,
    errorOf: (name) => problem?.errors?.find((issue) => issue.path === `/${name}`)?.message,
    submit: async () => {
      setBusy(true);
      try {
        await save();
      } catch (error) {
        setProblem(toProblem(error));
      } finally {
        setBusy(false);
      }
    },
  };
}

interface FormDialogProps {
  readonly title: string;
  readonly form: Form;
  /** Word on the button that saves. */
  readonly submitLabel: string;
  readonly isDisabled?: boolean;
  /** What is saved takes something away. */
  readonly isDangerous?: boolean;
  readonly onClose: () => void;
  readonly children: ReactNode;
}

/** A form, or a question before something is taken away, in a dialog; stays open with the reason when saving fails. */
export function FormDialog({ title, form, submitLabel, isDisabled, isDangerous, onClose, children }: FormDialogProps) {
  const { t } = useTranslation();
  return (
    <Dialog onClose={onClose} title={title}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void form.submit();
        }}
      >
        <Stack gap="sm">
          {form.problem !== undefined && (
            <Alert color="red" role="alert">
              <ProblemText problem={form.problem} />
            </Alert>
          )}
          {children}
          <Group justify="flex-end" gap="sm" mt="sm">
            <Button variant="default" data-cancel onClick={onClose}>
              {t('common.cancel')}
            </Button>
            <Button
              type="submit"
              {...(isDangerous === true ? { color: 'red' } : {})}
              loading={form.isBusy}
              disabled={isDisabled === true}
            >
              {submitLabel}
            </Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
}
