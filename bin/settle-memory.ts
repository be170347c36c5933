import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Long enough for a start to be over, also on a slow machine. */
const settledMs = 1_500;

/**
 * In a moment gives back the memory that only starting needed, about a third: what was read and compiled once. V8 does so by
 * itself only when nothing has happened for a while. Takes 50 ms.
 */
export function settleMemory(): void {
  setTimeout(() => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as NodeJS.GCFunction;
    void collect({ type: 'major', execution: 'async', flavor: 'last-resort' });
  }, settledMs).unref();
}
