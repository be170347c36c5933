import { UnstyledButton } from '@mantine/core';
import { IconCheck } from '@tabler/icons-react';
import type { Stage } from '../api/types.ts';
import { inLanguage } from '../i18n/index.ts';
import classes from './stage-stepper.module.css';

interface StageStepperProps {
  readonly label: string;
  readonly stages: readonly Stage[];
  readonly current: string | undefined;
  readonly isDisabled: boolean;
  readonly onMove: (stage: Stage) => void;
}

/** Where the record stands in its pipeline; a click moves it. */
export function StageStepper({ label, stages, current, isDisabled, onMove }: StageStepperProps) {
  const at = stages.findIndex((stage) => stage.key === current);
  return (
    <ol className={classes['steps']} aria-label={label}>
      {stages.map((stage, index) => {
        const state = index < at ? 'past' : index === at ? 'current' : 'future';
        return (
          <li key={stage.key} className={classes['step']} data-state={state}>
            <UnstyledButton
              className={classes['button']}
              disabled={isDisabled || index === at}
              aria-current={index === at ? 'step' : undefined}
              onClick={() => onMove(stage)}
            >
              {index < at && <IconCheck size={13} stroke={2.4} aria-hidden />}
              <span className="lw-truncate">{inLanguage(stage.label)}</span>
            </UnstyledButton>
          </li>
        );
      })}
    </ol>
  );
}
