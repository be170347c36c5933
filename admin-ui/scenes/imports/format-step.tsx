import { Select, Text } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { ImportPreview, ImportWords } from '../../api/imports.ts';
import { currentLanguage } from '../../i18n/index.ts';
import { formatInstant, formatNumber } from '../../model/format.ts';
import { decimals, delimiters, encodings } from '../../../core/import-options.ts';
import { Card } from '../../components/card.tsx';
import { FormDialog, useForm } from '../../components/form-dialog.tsx';
import { TableFrame } from '../settings/table-frame.tsx';
import classes from './imports.module.css';
import type { Draft } from './use-draft.ts';
import type { StepProps } from './wizard.tsx';

type Options = Readonly<Record<string, unknown>>;

/** A choice of the format: what was found out, or what somebody says instead. */
function FormatSelect(props: {
  readonly name: string;
  readonly values: readonly string[];
  readonly labelOf: (value: string) => string;
  readonly given: string | undefined;
  readonly found: string | null;
  readonly onChange: (value: string) => void;
}) {
  const { t } = useTranslation();
  const { name, values, labelOf, given, found } = props;
  const auto = {
    value: 'auto',
    label: t('imports.found', { value: found === null ? t('common.none') : labelOf(found) }),
  };
  return (
    <Select
      label={t(`imports.format.${name}`)}
      data={[auto, ...values.map((value) => ({ value, label: labelOf(value) }))]}
      value={given ?? 'auto'}
      allowDeselect={false}
      onChange={(value) => props.onChange(value ?? 'auto')}
    />
  );
}

/** A question before corrected rows are forgotten. */
function DropEdits(props: {
  readonly edits: number;
  readonly words: ImportWords;
  readonly draft: Draft;
  readonly onClose: () => void;
}) {
  const { t } = useTranslation();
  const { edits, words, draft, onClose } = props;
  const form = useForm(async () => {
    onClose();
    await draft.change(words);
  });
  return (
    <FormDialog
      title={t('imports.dropEditsTitle')}
      form={form}
      submitLabel={t('imports.dropEdits')}
      isDangerous
      onClose={onClose}
    >
      <Text size="sm">{t('imports.dropEditsLead', { count: edits })}</Text>
    </FormDialog>
  );
}

function FormatChoices({ record, preview, draft }: StepProps) {
  const { t } = useTranslation();
  const options = (record['options'] ?? {}) as Options;
  const given = (name: string): string | undefined => (typeof options[name] === 'string' ? options[name] : undefined);
  const [asked, setAsked] = useState<ImportWords>();
  const edits = Number(record['edits'] ?? 0);
  const now: Readonly<Record<string, string | null>> = {
    sheet: preview.sheet,
    encoding: preview.encoding,
    delimiter: preview.delimiter,
    header: String(preview.header),
  };
  // With other cells, what was corrected in the former ones is lost.
  const set = (name: string) => (value: string) => {
    if (edits > 0 && name in now && now[name] !== value) setAsked({ [name]: value });
    else void draft.change({ [name]: value });
  };
  const isSheet = preview.sheets !== null;
  const header = typeof options['hasHeader'] === 'boolean' ? String(options['hasHeader']) : undefined;
  return (
    <div className={classes['grid']}>
      {preview.sheets !== null && (
        <Select
          label={t('imports.format.sheet')}
          data={preview.sheets.map(({ name }) => name)}
          value={preview.sheet}
          allowDeselect={false}
          onChange={(value) => set('sheet')(value ?? '')}
        />
      )}
      {!isSheet && (
        <FormatSelect
          name="encoding"
          values={encodings}
          labelOf={(value) => t(`imports.encoding.${value}`)}
          given={given('encoding')}
          found={preview.encoding}
          onChange={set('encoding')}
        />
      )}
      {!isSheet && (
        <FormatSelect
          name="delimiter"
          values={delimiters}
          labelOf={(value) => (value === '\t' ? t('imports.tab') : value)}
          given={given('delimiter')}
          found={preview.delimiter}
          onChange={set('delimiter')}
        />
      )}
      <FormatSelect
        name="header"
        values={['true', 'false']}
        labelOf={(value) => t(value === 'true' ? 'common.yes' : 'common.no')}
        given={header}
        found={String(preview.header)}
        onChange={set('header')}
      />
      <FormatSelect
        name="decimal"
        values={decimals}
        labelOf={(value) => t(`imports.decimal.${value}`)}
        given={given('decimal')}
        found={preview.decimal}
        onChange={set('decimal')}
      />
      {asked !== undefined && (
        <DropEdits edits={edits} words={asked} draft={draft} onClose={() => setAsked(undefined)} />
      )}
    </div>
  );
}

type RawCellsProps = { readonly row: ImportPreview['rows'][number] } & Pick<ImportPreview, 'columns'>;

function RawCells({ row, columns }: RawCellsProps) {
  const unreadable = row.issues.find(({ code }) => code === 'unreadable');
  if (unreadable !== undefined)
    return (
      <td colSpan={columns.length}>
        <Text size="xs" c="var(--lw-bad)">
          {unreadable.message}
        </Text>
      </td>
    );
  return columns.map(({ name }, index) => (
    <td key={name}>
      <span className={classes['cell']}>{row.cells[index] ?? ''}</span>
    </td>
  ));
}

function RawRows({ preview }: Pick<StepProps, 'preview'>) {
  const { t } = useTranslation();
  return (
    <TableFrame label={t('imports.preview')}>
      <table className={classes['table']}>
        <thead>
          <tr>
            <th className={classes['end']}>{t('imports.line')}</th>
            {preview.columns.map(({ name }) => (
              <th key={name}>{name}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {preview.rows.map((row) => (
            <tr key={row.line}>
              <td className={classes['end']}>{row.line}</td>
              <RawCells row={row} columns={preview.columns} />
            </tr>
          ))}
        </tbody>
      </table>
    </TableFrame>
  );
}

/** How the file is read: found out, changeable, with its first rows as they are then. */
export function FormatStep(props: StepProps) {
  const { t } = useTranslation();
  const { preview } = props;
  const language = currentLanguage();
  return (
    <>
      {preview.former !== null && (
        <Text size="sm" c="dimmed">
          {t('imports.former', { file: preview.former.fileName, at: formatInstant(preview.former.at, language) })}
        </Text>
      )}
      <FormatChoices {...props} />
      <Card
        title={t('imports.previewOf', { count: preview.expected, shown: formatNumber(preview.expected, language) })}
      >
        <RawRows preview={preview} />
      </Card>
    </>
  );
}
