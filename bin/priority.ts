import { writeFileSync } from 'node:fs';
import { setPriority } from 'node:os';

/** About a third of the usual share, when there is not enough for all. */
export const niceness = 5;

/**
 * Lets a process that was just started, and what it starts, stand back while processors are short: an answer to a person or a sender
 * goes before the steps of processes. Where there is time for all it changes nothing; where the system does not let us, neither.
 */
export function standBack(pid: number): void {
  try {
    setPriority(pid, niceness);
    // Linux shares between sessions first, and between the processes of each then.
    if (process.platform === 'linux') writeFileSync(`/proc/${pid}/autogroup`, String(niceness));
  } catch {
    // A container may hide either.
  }
}
