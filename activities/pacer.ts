/** Keeps the relay a little ahead of the worker, no more, and knows how fast it goes. */
export interface Pacer {
  started(): void;
  stepTaken(): void;
  relayed(count: number): void;
  /** How many more may be started now; fewer while the app is busy. */
  room(isAppBusy: boolean): number;
  ratePerSecond(): number;
}

/** Processes started whose first step is still to come. */
const aheadLimit = 32;
/** The same while the app is busy. */
const aheadLimitWhenBusy = 2;
/** Steps may be taken by workers elsewhere; without news for this long the count begins anew. */
const forgetMs = 2_000;
const windowMs = 30_000;

export function createPacer(nowMs: () => number): Pacer {
  let ahead = 0;
  let heardAt = nowMs();
  let window: { at: number; count: number }[] = [];
  return {
    started: () => {
      ahead += 1;
    },
    stepTaken: () => {
      ahead = Math.max(ahead - 1, 0);
      heardAt = nowMs();
    },
    relayed: (count) => {
      const at = nowMs();
      window = [...window.filter((entry) => at - entry.at < windowMs), { at, count }];
    },
    room: (isAppBusy) => {
      if (ahead > 0 && nowMs() - heardAt > forgetMs) {
        ahead = 0;
        heardAt = nowMs();
      }
      return Math.max((isAppBusy ? aheadLimitWhenBusy : aheadLimit) - ahead, 0);
    },
    ratePerSecond: () => {
      const at = nowMs();
      const recent = window.filter((entry) => at - entry.at < windowMs);
      const first = recent[0];
      if (first === undefined) return 0;
      const total = recent.reduce((sum, entry) => sum + entry.count, 0);
      return Math.round((total / Math.max((at - first.at) / 1_000, 1)) * 10) / 10;
    },
  };
}
