import type { Figure } from './measure.ts';

const rounded = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toFixed(1));

const cellsOf = (figure: Figure): string[] => [
  figure.name,
  `${rounded(figure.ours)} ${figure.unit}`,
  figure.bare === undefined ? '' : rounded(figure.bare),
  figure.ratio === undefined ? '' : figure.ratio.toFixed(2),
  figure.p99Ms === undefined ? '' : `${figure.p99Ms} ms`,
  figure.bareP99Ms === undefined ? '' : `${figure.bareP99Ms} ms`,
  figure.target,
  figure.isMet ? 'yes' : 'NO',
];

/** The figures as a table for a terminal. */
export function toTable(figures: readonly Figure[]): string {
  const rows = [['figure', 'ours', 'bare', 'ratio', 'p99', 'p99 bare', 'asked for', 'met'], ...figures.map(cellsOf)];
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows
    .map((row) =>
      row
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
        .join('  '),
    )
    .join('\n');
}
