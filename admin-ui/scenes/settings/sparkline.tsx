interface SparklineProps {
  readonly values: readonly number[];
  readonly label: string;
}

const barHeight = 24;

/** Small bars of the last hours, never narrower than they are, whatever stands beside them. */
export function Sparkline({ values, label }: SparklineProps) {
  const most = Math.max(1, ...values);
  const width = values.length * 5;
  return (
    <svg
      width={width}
      height={barHeight}
      viewBox={`0 0 ${width} ${barHeight}`}
      style={{ flex: 'none' }}
      role="img"
      aria-label={label}
    >
      {values.map((value, index) => {
        const height = Math.max(1, (value / most) * barHeight);
        return (
          <rect
            key={index}
            x={index * 5}
            y={barHeight - height}
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
