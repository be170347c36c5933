import { Alert, Button, Group, SimpleGrid, Stack } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useState, type ComponentType } from 'react';
import { useTranslation } from 'react-i18next';
import type { Field } from '../../core/entity.ts';
import { useChoices } from '../api/choices.ts';
import type { Problem } from '../api/client.ts';
import { clearFresh } from '../api/live.ts';
import { useEntities } from '../api/queries.ts';
import type { RecordValue } from '../api/types.ts';
import { ProblemText, useActs } from '../app/acts.tsx';
import { inLanguage } from '../i18n/index.ts';
import { visibleFields } from '../model/entities.ts';
import { FieldInput } from './field/field-input.tsx';
import { Dialog } from './dialog.tsx';

interface CreateDialogProps {
  readonly entity: string;
  readonly initial?: Readonly<Record<string, unknown>>;
  /** Fields to ask for; all writable ones when absent. */
  readonly only?: readonly string[];
  readonly onClose: () => void;
  readonly onCreated?: (record: RecordValue) => void;
  /** Shown between the fields and the buttons, from what has been entered so far. */
  readonly hint?: ComponentType<{ readonly values: Readonly<Record<string, unknown>> }>;
}

const isWide = (field: Field, titleField: string): boolean =>
  field.kind === 'longText' || field.kind === 'list' || field.name === titleField || field.name === 'company';

/** Form of a new record, made from its schema; every fault is shown at its field. */
export function CreateDialog({ entity, initial = {}, only, onClose, onCreated, hint: Hint }: CreateDialogProps) {
  const { t } = useTranslation();
  const { run } = useActs();
  const client = useQueryClient();
  const model = useEntities().byName.get(entity);
  if (model === undefined) throw new Error(`no schema for ${entity}`);
  const choicesOf = useChoices(model);
  const [values, setValues] = useState<Readonly<Record<string, unknown>>>(initial);
  const [problem, setProblem] = useState<Problem>();
  const [isBusy, setBusy] = useState(false);
  const writable = visibleFields(model).filter(
    (field) => !field.isSystem && field.kind !== 'json' && field.section !== 'links',
  );
  const fields =
    only === undefined ? writable : only.flatMap((name) => writable.find((field) => field.name === name) ?? []);
  const errorOf = (name: string): string | undefined =>
    problem?.errors?.find((issue) => issue.path === `/${name}`)?.message;
  const isElsewhere =
    problem?.errors?.every((issue) => !fields.some((field) => issue.path === `/${field.name}`)) ?? true;
  const submit = async (): Promise<void> => {
    setBusy(true);
    const entered = Object.fromEntries(
      Object.entries(values).filter(([, value]) => value !== null && value !== undefined),
    );
    const written = await run([{ path: `/${model.plural}`, body: entered }], {
      done: t('record.created', { entity: inLanguage(model.label) }),
      onProblem: (answered) => {
        setProblem(answered);
        return true;
      },
    });
    setBusy(false);
    const record = written?.[0]?.data;
    if (record === undefined) return;
    clearFresh(entity);
    void client.invalidateQueries({ queryKey: ['list', model.plural] });
    onClose();
    onCreated?.(record);
  };
  return (
    <Dialog onClose={onClose} size={640} title={t('record.create', { entity: inLanguage(model.label) })}>
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <Stack gap="sm">
          {problem !== undefined && isElsewhere && (
            <Alert color="red" role="alert">
              <ProblemText problem={problem} />
            </Alert>
          )}
          <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="md" verticalSpacing="sm">
            {fields.map((field, index) => (
              <div key={field.name} style={isWide(field, model.titleField) ? { gridColumn: '1 / -1' } : undefined}>
                <FieldInput
                  field={field}
                  label={inLanguage(field.label)}
                  value={values[field.name]}
                  choices={choicesOf(field)}
                  autoFocus={index === 0}
                  error={errorOf(field.name)}
                  onChange={(value) => setValues((known) => ({ ...known, [field.name]: value }))}
                />
              </div>
            ))}
          </SimpleGrid>
          {Hint !== undefined && <Hint values={values} />}
          <Group justify="flex-end" gap="sm" mt="sm">
            <Button variant="default" data-cancel onClick={onClose}>
              {t('common.cancel')}
            </Button>
            <Button type="submit" loading={isBusy}>
              {t('common.add')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
}
