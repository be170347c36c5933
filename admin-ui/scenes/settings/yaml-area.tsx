import { useRef } from 'react';
import type { FieldIssue } from '../../api/client.ts';
import classes from './yaml-area.module.css';

interface YamlAreaProps {
  readonly label: string;
  readonly value: string;
  readonly issues: readonly FieldIssue[];
  readonly onChange: (text: string) => void;
  readonly onSave: () => void;
}

/** Text with line numbers; lines with an error are marked in the margin. Tab indents, Escape lets the focus go. */
export function YamlArea({ label, value, issues, onChange, onSave }: YamlAreaProps) {
  const gutter = useRef<HTMLDivElement>(null);
  const wrong = new Set(issues.map((issue) => issue.line));
  const count = value.split('\n').length;
  return (
    <div className={classes['frame']}>
      <div ref={gutter} className={classes['gutter']} aria-hidden>
        {Array.from({ length: count }, (_, index) => (
          <div key={index} data-wrong={wrong.has(index + 1)}>
            {index + 1}
          </div>
        ))}
      </div>
      <textarea
        className={classes['text']}
        aria-label={label}
        aria-invalid={issues.length > 0}
        spellCheck={false}
        wrap="off"
        value={value}
        onChange={(event) => onChange(event.currentTarget.value)}
        onScroll={(event) => {
          if (gutter.current !== null) gutter.current.scrollTop = event.currentTarget.scrollTop;
        }}
        onKeyDown={(event) => {
          const area = event.currentTarget;
          if (event.key === 'Tab' && !event.shiftKey) {
            event.preventDefault();
            area.setRangeText('  ', area.selectionStart, area.selectionEnd, 'end');
            onChange(area.value);
          }
          if (event.key === 'Escape') area.blur();
          if (event.key === 's' && (event.metaKey || event.ctrlKey)) {
            event.preventDefault();
            onSave();
          }
        }}
      />
    </div>
  );
}

/** Puts the cursor where an error is. */
export function goToLine(area: HTMLTextAreaElement | null, line: number, column: number): void {
  if (area === null) return;
  const start =
    area.value
      .split('\n')
      .slice(0, line - 1)
      .join('\n').length +
    (line > 1 ? 1 : 0) +
    column -
    1;
  area.focus();
  area.setSelectionRange(start, start);
  area.scrollTop = Math.max(0, (line - 6) * 20);
}
