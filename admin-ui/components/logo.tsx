import { Group, Text } from '@mantine/core';

interface LogoProps {
  readonly size?: number;
  readonly isInverse?: boolean;
}

export function Logo({ size = 24, isInverse = false }: LogoProps) {
  return (
    <Group gap={10} wrap="nowrap">
      <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden>
        <rect width="32" height="32" rx="8" fill={isInverse ? 'rgba(255,255,255,0.14)' : '#0b6166'} />
        <path d="M9 8v16h7" fill="none" stroke="#fff" strokeWidth="3" strokeLinecap="round" strokeLinejoin="round" />
        <path d="M15 16l8-6v12z" fill="#8fd3d4" />
      </svg>
      <Text component="span" fw={650} fz={Math.max(15, size * 0.58)} lh={1} style={{ letterSpacing: '-0.01em' }}>
        Leitwerk
      </Text>
    </Group>
  );
}
