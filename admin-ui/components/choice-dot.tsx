interface ChoiceDotProps {
  readonly label: string;
  readonly color?: string;
}

/** Colour of an admin's list entry as a dot: the text keeps its contrast whatever colour was chosen. */
export function ChoiceDot({ label, color }: ChoiceDotProps) {
  return (
    <span style={{ display: 'inline-flex', alignItems: 'center', gap: 6, minWidth: 0, maxWidth: '100%' }}>
      {color !== undefined && (
        <span aria-hidden style={{ flex: 'none', width: 8, height: 8, borderRadius: 4, background: color }} />
      )}
      <span className="lw-truncate">{label}</span>
    </span>
  );
}
