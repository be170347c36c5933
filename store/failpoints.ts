import process from 'node:process';
import { LeitwerkError } from '../core/errors.ts';

const stages = [
  'S1',
  'S2',
  'S3',
  'S4',
  'S5',
  'S6',
  'S7',
  'S8',
  'S9',
  'S10',
  'S11',
  'S12',
  'write',
  'commit',
  'sync',
] as const;
const modes = ['kill', 'throw', 'EIO', 'ENOSPC', 'delay'] as const;

/**
 * Places where a test may break the process on purpose (`FAILPOINT=<stage>:<kill|throw|EIO|ENOSPC|delay>[:nth]`):
 * S1 bytes in, S2 file written, S3 file synced, S4 intake row committed, S5 answer sent, S6 relay picked, S7 workflow started,
 * S8 relay marked, S9 mail parsed, S10 record written, S11 effect sent, S12 effect recorded. `write` breaks a statement that writes, `commit` a commit, `sync` its
 * way to the disk.
 */
export type FailpointStage = (typeof stages)[number];

type Mode = (typeof modes)[number];

interface Failpoint {
  readonly stage: FailpointStage;
  readonly mode: Mode;
  countdown: number;
}

const delayMs = 2_000;

let armed: Failpoint | undefined;
let isListening = false;

/**
 * Arms the one failpoint of this process; `nth` counts the hits until it acts (1 = the first), then it is spent. `none` arms nothing.
 * From then on whoever started this process may arm another one over its channel: `{kind: 'failpoint', specification}`.
 * @throws LeitwerkError `Misconfigured`.
 */
export function armFailpoint(specification: string): void {
  armed = specification === 'none' ? undefined : parse(specification);
  if (isListening || process.send === undefined) return;
  isListening = true;
  process.on('message', (message: unknown) => {
    if (typeof message !== 'object' || message === null || !('specification' in message)) return;
    armFailpoint(String(message.specification));
    process.send?.({ kind: 'failpoint', specification: message.specification });
  });
}

/** Does nothing unless armed for `stage`. */
export function failpoint(stage: FailpointStage): void {
  if (armed === undefined || armed.stage !== stage) return;
  armed.countdown -= 1;
  if (armed.countdown > 0) return;
  const { mode } = armed;
  armed = undefined;
  act(stage, mode);
}

function act(stage: FailpointStage, mode: Mode): void {
  switch (mode) {
    case 'kill':
      process.kill(process.pid, 'SIGKILL');
      return;
    case 'delay':
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, delayMs);
      return;
    case 'throw':
      throw Object.assign(new Error(`failpoint ${stage}`), { code: 'FAILPOINT' });
    case 'EIO':
      throw Object.assign(new Error(`failpoint ${stage}`), { code: 'SQLITE_IOERR' });
    case 'ENOSPC':
      throw Object.assign(new Error(`failpoint ${stage}`), { code: 'SQLITE_FULL' });
  }
}

function parse(specification: string): Failpoint {
  const [stage, mode, nth = '1'] = specification.split(':');
  const known = {
    stage: stages.find((one) => one === stage),
    mode: modes.find((one) => one === mode),
    nth: Number(nth),
  };
  if (known.stage !== undefined && known.mode !== undefined && Number.isInteger(known.nth) && known.nth > 0) {
    return { stage: known.stage, mode: known.mode, countdown: known.nth };
  }
  throw new LeitwerkError('Misconfigured', {
    text: {
      de: `FAILPOINT ist ungültig. Erlaubt: <${stages.join('|')}>:<${modes.join('|')}>[:n] oder none.`,
      en: `FAILPOINT is invalid. Allowed: <${stages.join('|')}>:<${modes.join('|')}>[:n] or none.`,
    },
  });
}
