import { LeitwerkError } from '../core/errors.ts';

/**
 * Places where a test may break the process on purpose (`FAILPOINT=<stage>:<kill|throw|EIO|ENOSPC|delay>[:nth]`):
 * S1 bytes in, S4 intake row committed, S5 answer sent, S6 relay picked, S7 workflow started, S8 relay marked,
 * S10 record written, S11 effect sent, S12 effect recorded. `commit` breaks the next commit of the database.
 */
export type FailpointStage = 'S1' | 'S4' | 'S5' | 'S6' | 'S7' | 'S8' | 'S10' | 'S11' | 'S12' | 'commit';

type Mode = 'kill' | 'throw' | 'EIO' | 'ENOSPC' | 'delay';

let armed: { stage: string; mode: Mode; countdown: number } | undefined;

/** Arms the one failpoint of this process; `nth` counts the hits until it acts (1 = the first). */
export function armFailpoint(specification: string): void {
  const [stage, mode, nth] = specification.split(':');
  if (stage === undefined || !['kill', 'throw', 'EIO', 'ENOSPC', 'delay'].includes(mode ?? '')) {
    throw new LeitwerkError('Misconfigured', {
      text: { de: 'FAILPOINT ist ungültig: <Stelle>:<Art>[:n]', en: 'FAILPOINT is invalid: <stage>:<mode>[:nth]' },
    });
  }
  armed = { stage, mode: mode as Mode, countdown: Number(nth ?? 1) };
}

/** Does nothing unless armed for `stage`. */
export function failpoint(stage: FailpointStage): void {
  if (armed === undefined || armed.stage !== stage) return;
  armed.countdown -= 1;
  if (armed.countdown !== 0) return;
  const { mode } = armed;
  armed = undefined;
  if (mode === 'kill') process.kill(process.pid, 'SIGKILL');
  if (mode === 'delay') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2000);
  else throw Object.assign(new Error(`failpoint ${stage}`), { code: mode === 'throw' ? 'FAILPOINT' : `SQLITE_${mode === 'EIO' ? 'IOERR' : 'FULL'}` });
}
