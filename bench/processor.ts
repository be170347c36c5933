import { readFileSync } from 'node:fs';

/** Linux counts in hundredths of a second. */
const usPerTick = 10_000;

/** Processor time that a process has used, in microseconds; undefined where the system does not tell (not Linux). */
export function readProcessorUs(pid: number): number | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) * usPerTick;
  } catch {
    return undefined;
  }
}
