/** What the worker knows of the app beside it: whoever posts or clicks gets the processor first. */
export interface AppLoad {
  /** What share of its time, 0 to 1, the app works. */
  readonly heard: (share: number) => void;
  readonly isBusy: () => boolean;
}

const busyShare = 0.6;
/** Without news for this long the app is idle. */
const busyMs = 100;

export function createAppLoad(nowMs: () => number = () => performance.now()): AppLoad {
  let busyUntil = 0;
  return {
    heard: (share) => {
      if (share >= busyShare) busyUntil = nowMs() + busyMs;
    },
    isBusy: () => nowMs() < busyUntil,
  };
}
