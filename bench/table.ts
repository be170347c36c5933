import type { Figure } from './measure.ts';

const rounded = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toFixed(1));

const cellsOf = (figure: Figure): string[] => [
  figure.name,
  `${rounded(figure.ours)} ${figure.unit}`,
  figure.bare === undefined ? '' : rounded(figure.bare),
  figure.ratio === undefined ? '' : figure.ratio.toFixed(2),
  figure.p99Ms === undefined ? '' : `${figure.p99Ms} ms`,
  figure.bareP99Ms === undefined ? '' : `${figure.bareP99Ms} ms`,
  figure.processorUs === undefined ? '' : `${figure.processorUs.toFixed(0)} µs`,
  figure.bareProcessorUs === undefined ? '' : `${figure.bareProcessorUs.toFixed(0)} µs`,
  figure.target,
  figure.isMet ? 'yes' : 'NO',
];

/** `processor` is the server's own time for an answer, which bounds it when the rest of the machine has nothing else to do. */
const head = ['figure', 'ours', 'bare', 'ratio', 'p99', 'bare', 'processor', 'bare', 'asked for', 'met'];

/** The figures as a table for a terminal. */
export function toTable(figures: readonly Figure[]): string {
  const rows = [head, ...figures.map(cellsOf)];
  const widths = head.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
        .join('  '),
    )
    .join('\n');
}
