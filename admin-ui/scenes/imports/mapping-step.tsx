import { Alert, Select } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { toChoices } from '../../api/choices.ts';
import { useConfig, useEntities, useSession } from '../../api/queries.ts';
import { Card } from '../../components/card.tsx';
import { inLanguage } from '../../i18n/index.ts';
import { textOf } from '../../model/entities.ts';
import { isTarget, targetFields, withColumn } from '../../model/imports.ts';
import { onMatches } from '../../../core/import-options.ts';
import { TableFrame } from '../settings/table-frame.tsx';
import { ColumnRows } from './column-rows.tsx';
import classes from './imports.module.css';
import type { StepProps } from './wizard.tsx';

function TargetChoices({ record, preview, draft }: StepProps) {
  const { t } = useTranslation();
  const entities = useEntities();
  const session = useSession();
  const options = (record['options'] ?? {}) as { readonly matchKey?: string; readonly onMatch?: string };
  const targets = [...entities.byName.values()].filter(
    (model) => isTarget(model) && session.can[model.name]?.['create'] !== false,
  );
  const model = entities.byName.get(textOf(record, 'entity') ?? '');
  const fieldLabel = (name: string): string => {
    const field = model?.fields.get(name);
    return field === undefined ? name : inLanguage(field.label);
  };
  return (
    <div className={classes['grid']}>
      <Select
        label={t('imports.target')}
        data={targets.map(({ name, label }) => ({ value: name, label: inLanguage(label) }))}
        value={textOf(record, 'entity') ?? null}
        allowDeselect={false}
        onChange={(entity) => void draft.change({ entity })}
      />
      <Select
        label={t('imports.source')}
        data={[...toChoices(useConfig('sources'))]}
        value={textOf(record, 'source') ?? null}
        allowDeselect={false}
        onChange={(source) => void draft.change({ source })}
      />
      <Select
        label={t('imports.matchKey')}
        data={[
          { value: '', label: t('imports.matchNone') },
          ...preview.matchKeys.map((name) => ({ value: name, label: fieldLabel(name) })),
        ]}
        value={options.matchKey ?? ''}
        allowDeselect={false}
        onChange={(matchKey) => void draft.change({ matchKey })}
      />
      <Select
        label={t('imports.onMatch')}
        data={onMatches.map((value) => ({ value, label: t(`imports.match.${value}`) }))}
        value={options.onMatch ?? 'skip'}
        allowDeselect={false}
        onChange={(onMatch) => void draft.change({ onMatch })}
      />
    </div>
  );
}

/** What rows become and which column fills which field, with samples and what comes out of them. */
export function MappingStep(props: StepProps) {
  const { t } = useTranslation();
  const { record, preview, draft } = props;
  const model = useEntities().byName.get(textOf(record, 'entity') ?? '');
  if (model === undefined) return null;
  const { mapping } = preview;
  return (
    <>
      <TargetChoices {...props} />
      {preview.fault !== null && (
        <Alert color="red" variant="light" p="sm" role="alert">
          {preview.fault}
        </Alert>
      )}
      <Card title={t(preview.isMappingSuggested ? 'imports.mappingSuggested' : 'imports.mapping')}>
        <TableFrame label={t('imports.mapping')}>
          <table className={classes['table']} data-wide data-middle>
            <thead>
              <tr>
                <th>{t('imports.column')}</th>
                <th className={classes['samples']}>{t('imports.samples')}</th>
                <th>{t('imports.field')}</th>
                <th>{t('imports.transform')}</th>
                <th>{t('imports.valueMap')}</th>
                <th>{t('imports.result')}</th>
              </tr>
            </thead>
            <tbody>
              {preview.columns.map((column) => (
                <ColumnRows
                  key={column.name}
                  column={column}
                  model={model}
                  fields={targetFields(model)}
                  mapping={mapping}
                  preview={preview}
                  onChange={(rows) => void draft.change({ mapping: withColumn(mapping, column.name, rows) })}
                  onSave={async (rows) => await draft.save({ mapping: withColumn(mapping, column.name, rows) })}
                />
              ))}
            </tbody>
          </table>
        </TableFrame>
      </Card>
    </>
  );
}
