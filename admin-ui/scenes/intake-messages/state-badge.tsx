import { useTranslation } from 'react-i18next';
import { ChoiceDot } from '../../components/choice-dot.tsx';

const tones: Readonly<Record<string, string>> = {
  accepted: 'var(--lw-good)',
  attached: 'var(--lw-good)',
  updated: 'var(--lw-good)',
  rejected: 'var(--lw-bad)',
  unreadable: 'var(--lw-bad)',
  duplicate: 'var(--lw-warn)',
  filed: 'var(--lw-good)',
  triage: 'var(--lw-warn)',
  quarantined: 'var(--lw-bad)',
  spam: 'var(--lw-warn)',
  waiting: 'var(--lw-warn)',
  parked: 'var(--lw-bad)',
};

/** Result of a received message: colour and word. */
export function StateBadge({ state }: { readonly state: string }) {
  const { t } = useTranslation();
  return (
    <ChoiceDot
      label={t(`choice.intake-message.state.${state}`, { defaultValue: state })}
      color={tones[state] ?? 'gray'}
    />
  );
}
