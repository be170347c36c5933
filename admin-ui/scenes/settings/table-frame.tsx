import { ScrollArea } from '@mantine/core';
import type { ReactNode } from 'react';

interface TableFrameProps {
  readonly label: string;
  readonly children: ReactNode;
}

/** Lets a wide table scroll by itself; reachable by keyboard, so that it can be scrolled without a mouse. */
export function TableFrame({ label, children }: TableFrameProps) {
  return (
    <ScrollArea
      type="auto"
      scrollbars="x"
      offsetScrollbars
      viewportProps={{ tabIndex: 0, role: 'region', 'aria-label': label }}
    >
      {children}
    </ScrollArea>
  );
}
