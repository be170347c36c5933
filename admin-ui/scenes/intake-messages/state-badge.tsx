import { Badge } from '@mantine/core';
import { useTranslation } from 'react-i18next';

const tones: Readonly<Record<string, string>> = {
  accepted: 'var(--lw-good)',
  rejected: 'var(--lw-bad)',
  unreadable: 'var(--lw-bad)',
  duplicate: 'var(--lw-warn)',
  spam: 'var(--lw-warn)',
};

/** Result of a received message: colour and word. */
export function StateBadge({ state }: { readonly state: string }) {
  const { t } = useTranslation();
  return (
    <Badge variant="outline" color="gray" c={tones[state] ?? 'dimmed'}>
      {t(`choice.intake-message.state.${state}`, { defaultValue: state })}
    </Badge>
  );
}
