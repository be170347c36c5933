import { Anchor } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { EntityModel, Field } from '../../../core/entity.ts';
import { useChoices } from '../../api/choices.ts';
import type { Problem } from '../../api/client.ts';
import type { RecordValue } from '../../api/types.ts';
import { useActs } from '../../app/acts.tsx';
import { isEmptyValue, sectionsOf, visibleFields } from '../../model/entities.ts';
import { useEntities, useSession } from '../../api/queries.ts';
import { addressOf } from '../../app/address.ts';
import classes from './field.module.css';
import { InlineField, type SaveField } from './inline-field.tsx';

interface RecordFormProps {
  readonly model: EntityModel;
  readonly record: RecordValue;
  readonly labels: Readonly<Record<string, string>>;
  /** Fields that the page shows elsewhere. */
  readonly without?: ReadonlySet<string>;
  readonly sections?: readonly string[];
}

const isSame = (left: unknown, right: unknown): boolean =>
  JSON.stringify(left ?? null) === JSON.stringify(right ?? null);

const isRecordValue = (value: unknown): value is RecordValue =>
  typeof value === 'object' && value !== null && 'version' in value && typeof value.version === 'number';

const faultText = (problem: Problem): string => {
  const messages = (problem.errors ?? []).map((issue) => issue.message);
  return messages.length === 0 ? (problem.detail ?? problem.title) : messages.join(' ');
};

/**
 * Saves one field against the version it was read from. When somebody else has changed *other* fields, it is saved all
 * the same; when they changed this one, the answer carries their value and nothing is written.
 */
export function useSaveField(plural: string, record: RecordValue): SaveField {
  const { run } = useActs();
  return async (name, value, base) => {
    if (!isSame(record[name], base)) return { message: '', theirs: { value: record[name] } };
    const attempt = async (version: number): Promise<Problem | undefined> => {
      let problem: Problem | undefined;
      await run([{ method: 'PATCH', path: `/${plural}/${record.id}`, body: { [name]: value }, ifMatch: version }], {
        onProblem: (answered) => {
          problem = answered;
          return answered.status === 409 || answered.status === 422;
        },
      });
      return problem;
    };
    let problem = await attempt(record.version);
    const current = problem?.status === 409 ? problem['current'] : undefined;
    if (isRecordValue(current)) {
      if (!isSame(current[name], base)) return { message: '', theirs: { value: current[name] } };
      problem = await attempt(current.version);
    }
    return problem === undefined ? undefined : { message: faultText(problem) };
  };
}

/** The record as its schema describes it: sections of fields, each edited in place. */
export function RecordForm({ model, record, labels, without, sections }: RecordFormProps) {
  const { t } = useTranslation();
  const choicesOf = useChoices(model);
  const entities = useEntities();
  const session = useSession();
  const save = useSaveField(model.plural, record);
  const [isAllShown, setAllShown] = useState(false);
  const mayUpdate = session.can[model.name]?.['update'] === true && !model.isReadOnly;

  const fields = visibleFields(model).filter(
    (field) => without?.has(field.name) !== true && (sections === undefined || sections.includes(field.section)),
  );
  const isHiddenNow = (field: Field): boolean => !isAllShown && field.isSystem && isEmptyValue(record[field.name]);
  const hidden = fields.filter(isHiddenNow).length;
  const hrefOf = (field: Field): string | undefined => {
    const id = record[field.name];
    const target = entities.byName.get(field.target ?? '');
    return typeof id === 'string' && target !== undefined ? addressOf(target.name, id, target.plural) : undefined;
  };

  return (
    <div>
      {sectionsOf(fields.filter((field) => !isHiddenNow(field))).map(([section, ofSection]) => (
        <section key={section} className={classes['section']}>
          <h3 className={classes['heading']}>{t(`section.${section}`, { defaultValue: section })}</h3>
          {ofSection.map((field) => (
            <InlineField
              key={`${record.id}${field.name}`}
              field={field}
              value={record[field.name]}
              choices={choicesOf(field)}
              labels={labels}
              isWritable={mayUpdate && !field.isSystem && field.kind !== 'json'}
              onSave={save}
              href={hrefOf(field)}
            />
          ))}
        </section>
      ))}
      {hidden > 0 && (
        <Anchor component="button" type="button" size="xs" mt="sm" onClick={() => setAllShown(true)}>
          {t('field.emptyFields', { count: hidden })}
        </Anchor>
      )}
    </div>
  );
}
