import { Autocomplete, Checkbox, Loader, Popover, UnstyledButton, Button, Group, Stack } from '@mantine/core';
import { useVirtualizer } from '@tanstack/react-virtual';
import { IconArrowDown, IconArrowUp, IconFilter } from '@tabler/icons-react';
import { memo, useEffect, useRef, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { RecordValue } from '../api/types.ts';
import classes from './record-table.module.css';

export interface Column {
  readonly name: string;
  readonly label: string;
  /** CSS grid track, e.g. `minmax(120px, 2fr)`. */
  readonly width: string;
  readonly isSortable?: boolean;
  readonly isFilterable?: boolean;
  readonly example?: string;
  /** Words that the filter of this column takes, to choose from. */
  readonly suggestions?: readonly string[];
  readonly isEnd?: boolean;
  readonly render: (record: RecordValue) => ReactNode;
}

interface RecordTableProps {
  readonly label: string;
  readonly columns: readonly Column[];
  readonly rows: readonly RecordValue[];
  readonly rowHeight?: number;
  readonly total?: number | undefined;
  readonly selectedId?: string | undefined;
  readonly onOpen: (record: RecordValue) => void;
  readonly onEnd: () => void;
  readonly isLoadingMore: boolean;
  readonly sort?: string | undefined;
  readonly onSort?: (sort: string | undefined) => void;
  readonly filters?: Readonly<Record<string, string>> | undefined;
  readonly onFilter?: (field: string, expression: string | undefined) => void;
  readonly checked?: ReadonlySet<string> | undefined;
  readonly onCheck?: ((id: string, isChecked: boolean) => void) | undefined;
}

interface HeadProps {
  readonly column: Column;
  readonly sort: string | undefined;
  readonly onSort: ((sort: string | undefined) => void) | undefined;
  readonly expression: string | undefined;
  readonly onFilter: ((field: string, expression: string | undefined) => void) | undefined;
}

function HeadMenu({
  column,
  sort,
  onSort,
  expression,
  onFilter,
  onClose,
}: HeadProps & { readonly onClose: () => void }) {
  const { t } = useTranslation();
  const [text, setText] = useState(expression ?? '');
  const apply = (next: string): void => {
    onFilter?.(column.name, next.trim() === '' ? undefined : next.trim());
    onClose();
  };
  const sortBy = (next: string): void => {
    onSort?.(next === sort ? undefined : next);
    onClose();
  };
  return (
    <Stack gap="sm">
      {column.isSortable === true && onSort !== undefined && (
        <Group gap={4} grow>
          <Button
            variant={sort === column.name ? 'light' : 'default'}
            leftSection={<IconArrowUp size={14} />}
            onClick={() => sortBy(column.name)}
          >
            A–Z
          </Button>
          <Button
            variant={sort === `-${column.name}` ? 'light' : 'default'}
            leftSection={<IconArrowDown size={14} />}
            onClick={() => sortBy(`-${column.name}`)}
          >
            Z–A
          </Button>
        </Group>
      )}
      {column.isFilterable === true && onFilter !== undefined && (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            apply(text);
          }}
        >
          <Autocomplete
            size="xs"
            label={t('list.columnFilter')}
            description={t('list.columnHelp')}
            placeholder={t('list.columnHint', { example: column.example ?? 'A*|B*' })}
            data-autofocus
            data={column.suggestions ?? []}
            comboboxProps={{ withinPortal: false }}
            value={text}
            onChange={setText}
            onOptionSubmit={apply}
          />
          <Group justify="flex-end" gap="sm" mt="sm">
            {expression !== undefined && (
              <Button variant="subtle" color="gray" onClick={() => apply('')}>
                {t('list.clear')}
              </Button>
            )}
            <Button type="submit">{t('list.apply')}</Button>
          </Group>
        </form>
      )}
    </Stack>
  );
}

function Head(props: HeadProps) {
  const { column, sort, expression, onSort, onFilter } = props;
  const { t } = useTranslation();
  const [isOpen, setOpen] = useState(false);
  const isUp = sort === column.name;
  const isDown = sort === `-${column.name}`;
  const hasMenu =
    (column.isSortable === true && onSort !== undefined) || (column.isFilterable === true && onFilter !== undefined);
  const state = isUp ? 'ascending' : isDown ? 'descending' : undefined;
  return (
    <div role="columnheader" aria-sort={state} className={classes['head']} data-end={column.isEnd}>
      {!hasMenu && <span className="lw-truncate">{column.label}</span>}
      {hasMenu && (
        <Popover opened={isOpen} onChange={setOpen} width={280} position="bottom-start" trapFocus>
          <Popover.Target>
            <UnstyledButton
              className={classes['headButton']}
              aria-label={t('list.columnFilterFor', { column: column.label })}
              onClick={() => setOpen((known) => !known)}
            >
              <span className="lw-truncate">{column.label}</span>
              {isUp && <IconArrowUp size={13} aria-hidden />}
              {isDown && <IconArrowDown size={13} aria-hidden />}
              {expression !== undefined && <IconFilter size={13} aria-hidden color="var(--lw-accent)" />}
            </UnstyledButton>
          </Popover.Target>
          <Popover.Dropdown>
            <HeadMenu {...props} onClose={() => setOpen(false)} />
          </Popover.Dropdown>
        </Popover>
      )}
    </div>
  );
}

interface RowProps extends Pick<RecordTableProps, 'columns' | 'onOpen' | 'onCheck'> {
  readonly row: RecordValue;
  readonly index: number;
  /** CSS grid tracks of the row. */
  readonly tracks: string;
  readonly height: number;
  /** Where it begins, in pixels from the top of the list. */
  readonly start: number;
  readonly isSelected: boolean;
  readonly isTabStop: boolean;
  readonly isChecked: boolean;
}

function OneRow({ row, columns, onOpen, onCheck, isChecked, ...place }: RowProps) {
  const { t } = useTranslation();
  return (
    <div
      role="row"
      aria-rowindex={place.index + 1}
      aria-selected={place.isSelected}
      tabIndex={place.isTabStop ? 0 : -1}
      className={classes['row']}
      style={{
        gridTemplateColumns: place.tracks,
        height: place.height,
        transform: `translateY(${place.start}px)`,
      }}
      onClick={() => onOpen(row)}
      onKeyDown={(event) => {
        if (event.key === 'Enter') onOpen(row);
      }}
    >
      {onCheck !== undefined && (
        <div role="cell" className={classes['check']} data-checked={isChecked}>
          <Checkbox
            size="xs"
            aria-label={t('list.select')}
            checked={isChecked}
            onClick={(event) => event.stopPropagation()}
            onChange={(event) => onCheck(row.id, event.currentTarget.checked)}
          />
        </div>
      )}
      {columns.map((column) => (
        <div key={column.name} role="cell" className={classes['cell']} data-end={column.isEnd}>
          {column.render(row)}
        </div>
      ))}
    </div>
  );
}

/** Scrolling draws the table at every step; rows that stay as they are cost nothing then. */
const Row = memo(OneRow);

/** A list of any length: only what is seen is in the page, more is asked for shortly before its end. */
export function RecordTable(props: RecordTableProps) {
  const { columns, rows, selectedId, onOpen, onEnd, checked, onCheck, rowHeight = 52 } = props;
  const { t } = useTranslation();
  const body = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => body.current,
    estimateSize: () => rowHeight,
    overscan: 12,
    getItemKey: (index) => rows[index]?.id ?? index,
  });
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  // Reaching the end is an event of scrolling, which only the virtualizer knows about.
  useEffect(() => {
    if (rows.length > 0 && last >= rows.length - 30) onEnd();
  }, [last, rows.length, onEnd]);
  const selectedIndex = rows.findIndex((row) => row.id === selectedId);
  useEffect(() => {
    if (selectedIndex >= 0) virtual.scrollToIndex(selectedIndex, { align: 'auto' });
  }, [selectedIndex, virtual]);

  const tracks = [...(onCheck === undefined ? [] : ['28px']), ...columns.map((column) => column.width)].join(' ');
  return (
    <div className={classes['table']} role="table" aria-label={props.label} aria-rowcount={props.total ?? rows.length}>
      <div role="rowgroup">
        <div role="row" className={classes['heads']} style={{ gridTemplateColumns: tracks }}>
          {onCheck !== undefined && (
            <div role="columnheader">
              <span className="lw-visually-hidden">{t('list.select')}</span>
            </div>
          )}
          {columns.map((column) => (
            <Head
              key={column.name}
              column={column}
              sort={props.sort}
              onSort={props.onSort}
              expression={props.filters?.[column.name]}
              onFilter={props.onFilter}
            />
          ))}
        </div>
      </div>
      <div role="rowgroup" ref={body} className={`${classes['body']} lw-scroll`} tabIndex={-1}>
        <div style={{ height: virtual.getTotalSize(), position: 'relative' }} role="presentation">
          {items.map(({ index, start, key }) => {
            const row = rows[index];
            if (row === undefined) return undefined;
            return (
              <Row
                key={key}
                row={row}
                index={index}
                columns={columns}
                tracks={tracks}
                height={rowHeight}
                start={start}
                isSelected={row.id === selectedId}
                isTabStop={row.id === selectedId || (selectedIndex < 0 && index === 0)}
                isChecked={checked?.has(row.id) === true}
                onOpen={onOpen}
                onCheck={onCheck}
              />
            );
          })}
        </div>
        {props.isLoadingMore && (
          <Group justify="center" p="sm">
            <Loader size="xs" aria-label={t('common.loading')} />
          </Group>
        )}
      </div>
    </div>
  );
}
