import { ActionIcon, Anchor, Button, Group, Text, TextInput, Tooltip } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { IconRotate } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { fixImportRow, importQuery, rowsQuery, type ImportRow } from '../../api/imports.ts';
import { useEntities } from '../../api/queries.ts';
import type { RecordValue } from '../../api/types.ts';
import { showProblem, toProblem } from '../../app/acts.tsx';
import { addressOf } from '../../app/address.ts';
import { ErrorFace, LoadingFace } from '../../components/faces.tsx';
import { textOf } from '../../model/entities.ts';
import { TableFrame } from '../settings/table-frame.tsx';
import classes from './imports.module.css';

interface LineProps {
  readonly row: ImportRow;
  readonly columns: readonly string[];
  /** Address of the record that the row made or found. */
  readonly to: string | undefined;
  /** Undefined: it can only be looked at. */
  readonly onFix: ((cells: readonly string[] | null) => void) | undefined;
}

function Cells({ row, columns, onFix }: Omit<LineProps, 'to'>) {
  const { t } = useTranslation();
  if (onFix === undefined)
    return columns.map((name, index) => (
      <td key={name}>
        <span className={classes['cell']}>{row.cells[index] ?? ''}</span>
      </td>
    ));
  const put = (index: number, value: string): void => {
    if (value === (row.cells[index] ?? '')) return;
    onFix(columns.map((_, one) => (one === index ? value : (row.cells[one] ?? ''))));
  };
  return columns.map((name, index) => (
    <td key={name} style={{ minWidth: 120 }}>
      <TextInput
        key={row.cells[index]}
        aria-label={t('imports.cell', { column: name, line: row.line })}
        defaultValue={row.cells[index] ?? ''}
        size="xs"
        onBlur={(event) => put(index, event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter') put(index, event.currentTarget.value);
        }}
      />
    </td>
  ));
}

function Line({ row, columns, to, onFix }: LineProps) {
  const { t } = useTranslation();
  // Its cells may be right as they were told apart.
  const isOdd = row.reasons.some(({ code }) => code === 'unreadable');
  const reasons = row.reasons.map(({ field, message }) => (field === null ? message : `${field}: ${message}`));
  return (
    <tr data-line={row.line}>
      <td className={classes['end']}>{row.line}</td>
      <td style={{ minWidth: 160 }}>
        {reasons.map((reason) => (
          <Text key={reason} size="xs" c="var(--lw-bad)">
            {reason}
          </Text>
        ))}
        {reasons.length === 0 && (
          <Text size="xs" c="dimmed">
            {t(`imports.outcome.${row.outcome}`)}
          </Text>
        )}
        <Group gap={4}>
          {to !== undefined && (
            <Anchor component={Link} to={to} size="xs">
              {t('common.open')}
            </Anchor>
          )}
          {row.isEdited && (
            <Text size="xs" c="dimmed">
              {t('imports.edited')}
            </Text>
          )}
          {isOdd && onFix !== undefined && (
            <Button
              variant="subtle"
              size="compact-xs"
              onClick={() => onFix(columns.map((_, index) => row.cells[index] ?? ''))}
            >
              {t('imports.takeAsShown', { line: row.line })}
            </Button>
          )}
          {row.isEdited && onFix !== undefined && (
            <Tooltip label={t('imports.unedit')}>
              <ActionIcon size={20} aria-label={t('imports.unedit')} onClick={() => onFix(null)}>
                <IconRotate size={13} />
              </ActionIcon>
            </Tooltip>
          )}
        </Group>
      </td>
      <Cells row={row} columns={columns} onFix={onFix} />
    </tr>
  );
}

interface RowTableProps {
  readonly record: RecordValue;
  readonly outcome: string;
  readonly isEditable: boolean;
}

/** Rows of one outcome; those of a checked draft can be corrected where they stand. */
export function RowTable({ record, outcome, isEditable }: RowTableProps) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const entities = useEntities();
  const [after, setAfter] = useState(0);
  // What was corrected stays in sight with what became of it, whatever list it belongs to now.
  const [fixed, setFixed] = useState<ReadonlyMap<number, ImportRow>>(new Map());
  const run = textOf(record, 'finishedAt') ?? textOf(record, 'checkedAt') ?? textOf(record, 'state') ?? '';
  const answer = useQuery(rowsQuery(record.id, outcome, { run, after }));
  if (answer.isError) return <ErrorFace error={answer.error} onRetry={() => void answer.refetch()} />;
  if (answer.data === undefined) return <LoadingFace rows={3} />;
  const { columns, rows, next } = answer.data;
  const model = entities.byName.get(textOf(record, 'entity') ?? '');
  const fix = async (line: number, cells: readonly string[] | null): Promise<void> => {
    try {
      const row = await fixImportRow(record.id, line, cells);
      setFixed((known) => new Map(known).set(line, row));
      void client.invalidateQueries({ queryKey: importQuery(record.id).queryKey });
    } catch (error) {
      showProblem(toProblem(error), t('error.title'));
    }
  };
  const addressFor = ({ recordId }: ImportRow): string | undefined =>
    recordId === null || model === undefined ? undefined : addressOf(model.name, recordId, model.plural);
  if (rows.length === 0) return <Text c="dimmed">{t('imports.noRows')}</Text>;
  return (
    <>
      <TableFrame label={t('imports.rows')}>
        <table className={classes['table']}>
          <thead>
            <tr>
              <th className={classes['end']}>{t('imports.line')}</th>
              <th>{t('imports.resultColumn')}</th>
              {columns.map((name) => (
                <th key={name}>{name}</th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((known) => {
              const row = fixed.get(known.line) ?? known;
              const onFix = isEditable
                ? (cells: readonly string[] | null): void => void fix(row.line, cells)
                : undefined;
              return <Line key={row.line} row={row} columns={columns} to={addressFor(row)} onFix={onFix} />;
            })}
          </tbody>
        </table>
      </TableFrame>
      <Group gap="sm" mt="sm">
        {after > 0 && (
          <Button variant="default" size="xs" onClick={() => setAfter(0)}>
            {t('imports.firstRows')}
          </Button>
        )}
        {next !== null && (
          <Button variant="default" size="xs" onClick={() => setAfter(next)}>
            {t('imports.nextRows')}
          </Button>
        )}
      </Group>
    </>
  );
}
