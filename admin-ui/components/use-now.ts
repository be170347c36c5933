import { useSyncExternalStore } from 'react';

const everyMs = 30_000;

/** One clock for the whole page: ages and deadlines move on without anything being fetched. */
const createClock = () => {
  let now = new Date();
  let timer: ReturnType<typeof setInterval> | undefined;
  const listeners = new Set<() => void>();
  return {
    get: (): Date => now,
    subscribe: (listener: () => void): (() => void) => {
      listeners.add(listener);
      timer ??= setInterval(() => {
        now = new Date();
        for (const one of listeners) one();
      }, everyMs);
      return () => {
        listeners.delete(listener);
        if (listeners.size > 0) return;
        clearInterval(timer);
        timer = undefined;
      };
    },
  };
};

const clock = createClock();

/** The time, to half a minute. */
export function useNow(): Date {
  return useSyncExternalStore(clock.subscribe, clock.get);
}
