import { Group } from '@mantine/core';
import type { ReactNode } from 'react';
import classes from './card.module.css';

interface CardProps {
  readonly title: string;
  readonly actions?: ReactNode;
  /** The sections inside have titles of their own; this one is for assistive technology only. */
  readonly isTitleHidden?: boolean;
  readonly tone?: 'plain' | 'accent' | 'bad';
  readonly children: ReactNode;
}

/** A titled part of a page. */
export function Card({ title, actions, isTitleHidden = false, tone = 'plain', children }: CardProps) {
  return (
    <section className={classes['card']} data-tone={tone} aria-label={title}>
      {!isTitleHidden && (
        <Group justify="space-between" wrap="nowrap" gap="sm" mih={24} mb={8}>
          <h2 className={classes['title']}>{title}</h2>
          {actions}
        </Group>
      )}
      {children}
    </section>
  );
}
