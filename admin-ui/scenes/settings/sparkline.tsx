interface SparklineProps {
  readonly values: readonly number[];
  readonly label: string;
}

/** Small bars of the last hours. */
export function Sparkline({ values, label }: SparklineProps) {
  const most = Math.max(1, ...values);
  return (
    <svg width={values.length * 5} height={24} role="img" aria-label={label}>
      {values.map((value, index) => {
        const height = Math.max(1, (value / most) * 24);
        return (
          <rect
            key={index}
            x={index * 5}
            y={24 - height}
            width={4}
            height={height}
            rx={1}
            fill="var(--lw-accent)"
            opacity={value === 0 ? 0.25 : 0.9}
          />
        );
      })}
    </svg>
  );
}
