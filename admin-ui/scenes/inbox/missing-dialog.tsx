import { Button, Group, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useChoices } from '../../api/choices.ts';
import type { Problem } from '../../api/client.ts';
import { useEntities } from '../../api/queries.ts';
import type { RecordValue, Stage } from '../../api/types.ts';
import { ProblemText, useActs } from '../../app/acts.tsx';
import { FieldInput } from '../../components/field/field-input.tsx';
import { inLanguage } from '../../i18n/index.ts';
import { Dialog } from '../../components/dialog.tsx';

export interface Missing {
  readonly stage: Stage;
  readonly problem: Problem;
}

interface MissingDialogProps {
  readonly lead: RecordValue;
  readonly missing: Missing;
  readonly onClose: () => void;
}

/** Asks for the fields that a stage requires, then moves; closing it leaves the lead where it is. */
export function MissingDialog({ lead, missing, onClose }: MissingDialogProps) {
  const { t } = useTranslation();
  const { run } = useActs();
  const model = useEntities().byName.get('lead');
  if (model === undefined) throw new Error('no schema for lead');
  const choicesOf = useChoices(model);
  const [values, setValues] = useState<Readonly<Record<string, unknown>>>({});
  const [problem, setProblem] = useState(missing.problem);
  const label = inLanguage(missing.stage.label);
  const issues = problem.errors ?? [];
  const paths = (missing.problem.errors ?? []).flatMap(({ path, alternatives = [] }) => [path, ...alternatives]);
  const fields = [...new Set(paths)].flatMap((path) => model.fields.get(path.slice(1)) ?? []);
  const isShown = (path: string): boolean => fields.some((field) => path === `/${field.name}`);
  const submit = async (): Promise<void> => {
    const patch = { method: 'PATCH' as const, path: `/leads/${lead.id}`, body: values };
    const move = { path: `/leads/${lead.id}/move`, body: { stage: missing.stage.key } };
    const written = await run(Object.keys(values).length === 0 ? [move] : [patch, move], {
      done: t('inbox.moved', { stage: label }),
      onProblem: (answered) => {
        setProblem(answered);
        return true;
      },
    });
    if (written !== undefined) onClose();
  };
  return (
    <Dialog onClose={onClose} title={t('inbox.missingTitle', { stage: label })}>
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <Stack gap="sm">
          {issues
            .filter((issue) => !isShown(issue.path))
            .map((issue) => (
              <Text key={issue.path + issue.message} size="sm">
                {issue.message}
              </Text>
            ))}
          {issues.length === 0 && <ProblemText problem={problem} />}
          {fields.map((field, index) => (
            <FieldInput
              key={field.name}
              field={field}
              label={inLanguage(field.label)}
              value={values[field.name] ?? lead[field.name]}
              choices={choicesOf(field)}
              autoFocus={index === 0}
              error={issues.find((issue) => issue.path === `/${field.name}`)?.message}
              onChange={(value) => setValues((known) => ({ ...known, [field.name]: value }))}
            />
          ))}
          <Group justify="flex-end" gap="sm" mt="sm">
            <Button variant="default" data-cancel onClick={onClose}>
              {t('common.cancel')}
            </Button>
            <Button type="submit">{t('common.save')}</Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
}
