import { messageOf } from '../core/errors.ts';
import process from 'node:process';

/** One thing to end, in its turn. What it does not manage in `withinMs` is left to the end of the process. */
export interface ShutdownStep {
  readonly name: string;
  readonly withinMs: number;
  readonly run: () => Promise<void> | void;
}

const sameSignalMs = 500;

/**
 * Ends the process in order on SIGTERM, SIGINT or SIGHUP, and when a parent with an IPC channel dies: each step in turn, then exit 0.
 * A second Ctrl-C ends it at once. Give the steps at most 10 s together.
 * @param steps asked for when the end comes, so that it knows what has been started until then
 * @returns the same end for whoever has another reason, with the exit code to use
 */
export function endInOrder(
  steps: () => readonly ShutdownStep[],
  onProblem: (text: string) => void,
): (exitCode: number) => void {
  let isEnding = false;
  let endingSince = 0;
  const end = (exitCode: number): void => {
    if (isEnding) return;
    isEnding = true;
    endingSince = performance.now();
    void runSteps(steps(), onProblem).then(() => process.exit(exitCode));
  };
  const onSignal = (signal: NodeJS.Signals): void => {
    // One Ctrl-C arrives several times: from the terminal, and passed on by npm and the launcher.
    if (isEnding && signal === 'SIGINT' && performance.now() - endingSince > sameSignalMs) process.exit(130);
    end(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, onSignal);
  if (process.connected) process.once('disconnect', () => end(0));
  return end;
}

async function runSteps(steps: readonly ShutdownStep[], onProblem: (text: string) => void): Promise<void> {
  for (const step of steps) {
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<void>((resolve) => {
      timer = setTimeout(() => {
        onProblem(`${step.name} did not end within ${step.withinMs} ms`);
        resolve();
      }, step.withinMs);
    });
    try {
      // In turn by intent: what comes later serves what comes earlier.
      await Promise.race([step.run(), limit]);
    } catch (error) {
      onProblem(`${step.name}: ${messageOf(error)}`);
    }
    clearTimeout(timer);
  }
}
