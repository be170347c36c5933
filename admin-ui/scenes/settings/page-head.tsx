import { Group, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';

interface PageHeadProps {
  readonly title: string;
  readonly lead: string;
  readonly children?: ReactNode;
}

export function PageHead({ title, lead, children }: PageHeadProps) {
  return (
    <Group justify="space-between" align="flex-start" mb="lg" gap="md">
      <div style={{ minWidth: 'min(100%, 240px)', flex: 1 }}>
        <Title order={1}>{title}</Title>
        <Text c="dimmed" size="sm" maw={640}>
          {lead}
        </Text>
      </div>
      <Group gap="sm">{children}</Group>
    </Group>
  );
}
