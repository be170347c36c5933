import { useTranslation } from 'react-i18next';
import type { RecordValue } from '../../api/types.ts';
import { ChoiceDot } from '../../components/choice-dot.tsx';
import { textOf } from '../../model/entities.ts';

const tones: Readonly<Record<string, string>> = {
  running: 'var(--lw-accent)',
  checking: 'var(--lw-accent)',
  undoing: 'var(--lw-accent)',
  done: 'var(--lw-good)',
  failed: 'var(--lw-bad)',
  paused: 'var(--lw-warn)',
};

const stateOf = (record: RecordValue): string => {
  const state = textOf(record, 'state') ?? '';
  const undo = textOf(record, 'undoState');
  if (undo !== undefined) return undo === 'done' ? 'undone' : 'undoing';
  if (record['isDryRun'] !== true) return state;
  if (state === 'done') return 'checked';
  return state === 'running' || state === 'queued' ? 'checking' : state;
};

/** What an import is doing: colour and word. */
export function ImportState({ record }: { readonly record: RecordValue }) {
  const { t } = useTranslation();
  const state = stateOf(record);
  return <ChoiceDot label={t(`imports.state.${state}`, { defaultValue: state })} color={tones[state] ?? 'gray'} />;
}
