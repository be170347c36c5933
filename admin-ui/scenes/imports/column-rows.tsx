import { Button, Select, Text, Textarea } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { EntityModel, Field } from '../../../core/entity.ts';
import { columnPath } from '../../../core/mapping-path.ts';
import type { Mapping, MappingRow } from '../../../core/mapping.ts';
import { useChoices } from '../../api/choices.ts';
import type { ImportPreview } from '../../api/imports.ts';
import { FieldValue } from '../../components/field/field-value.tsx';
import { inLanguage } from '../../i18n/index.ts';
import { brokenLines, columnOf, fromValueMap, toValueMap } from '../../model/imports.ts';
import { FormDialog, useForm } from '../../components/form-dialog.tsx';
import classes from './imports.module.css';

const transforms = [
  'trim',
  'lower',
  'upper',
  'name',
  'firstName',
  'lastName',
  'phone',
  'money',
  'number',
  'date',
  'boolean',
  'split',
] as const;

function ValueMapDialog(props: {
  readonly row: MappingRow;
  readonly samples: readonly string[];
  readonly onClose: () => void;
  /** Throws what is said against it. */
  readonly onSave: (valueMap: MappingRow['valueMap']) => Promise<void>;
}) {
  const { t } = useTranslation();
  const known = fromValueMap(props.row.valueMap);
  const [text, setText] = useState(known === '' ? props.samples.map((sample) => `${sample} = `).join('\n') : known);
  const [broken, setBroken] = useState<readonly string[]>([]);
  const form = useForm(async () => {
    const lines = brokenLines(text);
    setBroken(lines);
    if (lines.length > 0) return;
    await props.onSave(toValueMap(text));
    props.onClose();
  });
  return (
    <FormDialog title={t('imports.valueMap')} form={form} submitLabel={t('common.save')} onClose={props.onClose}>
      <Textarea
        data-autofocus
        label={t('imports.valueMapLines')}
        description={t('imports.valueMapLead')}
        autosize
        minRows={5}
        maxRows={16}
        value={text}
        error={broken.length > 0 && t('imports.valueMapBroken', { lines: broken.join(' · ') })}
        onChange={(event) => setText(event.currentTarget.value)}
      />
    </FormDialog>
  );
}

interface MappedCellsProps {
  readonly column: ImportPreview['columns'][number];
  readonly row: MappingRow | undefined;
  readonly model: EntityModel;
  readonly fields: readonly Field[];
  readonly preview: ImportPreview;
  /** Undefined: the column fills no field here any more. */
  readonly onChange: (row: MappingRow | undefined) => void;
  /** Throws what is said against the row. */
  readonly onSave: (row: MappingRow) => Promise<void>;
}

function Result({ row, model, preview }: Pick<MappedCellsProps, 'row' | 'model' | 'preview'>) {
  const choicesOf = useChoices(model);
  const field = row === undefined ? undefined : model.fields.get(row.to);
  if (field === undefined) return null;
  const first = preview.rows.find(
    ({ values, issues }) => values?.[field.name] !== undefined || issues.some(({ path }) => path === `/${field.name}`),
  );
  const issue = first?.issues.find(({ path }) => path === `/${field.name}`);
  if (issue !== undefined)
    return (
      <Text size="xs" c="var(--lw-bad)">
        {issue.message}
      </Text>
    );
  const value = first?.values?.[field.name];
  return value === undefined ? null : <FieldValue field={field} value={value} choices={choicesOf(field)} labels={{}} />;
}

function MappedCells({ column, row, model, fields, preview, onChange, onSave }: MappedCellsProps) {
  const { t } = useTranslation();
  const [isOpen, setOpen] = useState(false);
  const transform = typeof row?.transform === 'string' ? row.transform : undefined;
  const count = Object.keys(row?.valueMap ?? {}).length;
  return (
    <>
      <td style={{ minWidth: 190 }}>
        <Select
          aria-label={t('imports.fieldFor', { column: column.name })}
          data={fields.map((field) => ({ value: field.name, label: inLanguage(field.label) }))}
          value={row?.to ?? null}
          placeholder={t(`imports.notMapped.${preview.unmapped}`)}
          searchable
          clearable
          size="xs"
          onChange={(to) =>
            onChange(to === null ? undefined : { ...row, from: row?.from ?? columnPath(column.name), to })
          }
        />
      </td>
      <td style={{ minWidth: 150 }}>
        {row !== undefined && (
          <Select
            aria-label={t('imports.transformFor', { column: column.name })}
            data={transforms.map((value) => ({ value, label: t(`imports.transforms.${value}`) }))}
            value={transform ?? null}
            placeholder={t('common.none')}
            clearable
            size="xs"
            onChange={(value) => {
              const { transform: _, ...rest } = row;
              const chosen = transforms.find((one) => one === value);
              onChange(chosen === undefined ? rest : { ...rest, transform: chosen });
            }}
          />
        )}
      </td>
      <td>
        {row !== undefined && (
          <Button variant="subtle" size="compact-xs" onClick={() => setOpen(true)}>
            {count === 0 ? t('common.none') : t('imports.values', { count })}
            <span className="lw-visually-hidden"> {t('imports.valueMapFor', { column: column.name })}</span>
          </Button>
        )}
        {isOpen && row !== undefined && (
          <ValueMapDialog
            row={row}
            samples={column.samples}
            onClose={() => setOpen(false)}
            onSave={async (valueMap) => {
              const { valueMap: _, ...rest } = row;
              await onSave(valueMap === undefined ? rest : { ...rest, valueMap });
            }}
          />
        )}
      </td>
      <td>
        <Result row={row} model={model} preview={preview} />
      </td>
    </>
  );
}

interface ColumnRowsProps extends Omit<MappedCellsProps, 'row' | 'onChange' | 'onSave'> {
  readonly mapping: Mapping;
  readonly onChange: (rows: readonly MappingRow[]) => void;
  readonly onSave: (rows: readonly MappingRow[]) => Promise<void>;
}

/** One column of the file and every field that it fills. */
export function ColumnRows({ mapping, onChange, onSave, ...rest }: ColumnRowsProps) {
  const { column } = rest;
  const own = mapping.rows.filter((row) => columnOf(row) === column.name);
  const shown: readonly (MappingRow | undefined)[] = own.length === 0 ? [undefined] : own;
  const withRow = (index: number, row: MappingRow | undefined): readonly MappingRow[] => [
    ...own.slice(0, index),
    ...(row === undefined ? [] : [row]),
    ...own.slice(index + 1),
  ];
  return shown.map((row, index) => (
    <tr key={row?.to ?? ''}>
      <td>{index === 0 && <span className={classes['cell']}>{column.name}</span>}</td>
      <td className={classes['samples']}>
        {index === 0 && (
          <Text size="xs" c="dimmed" className={classes['cell']} component="span">
            {column.samples.join(' · ')}
          </Text>
        )}
      </td>
      <MappedCells
        {...rest}
        row={row}
        onChange={(changed) => onChange(withRow(index, changed))}
        onSave={async (changed) => await onSave(withRow(index, changed))}
      />
    </tr>
  ));
}
