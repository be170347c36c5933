import { useHotkeys } from '@mantine/hooks';

/** Keys of a page: they rest while a dialog or a menu lies over it, and while somebody types. */
export function useKeys(keys: Readonly<Record<string, () => void>>): void {
  const guarded = (act: () => void) => (): void => {
    if (document.querySelector('[role="dialog"], [role="menu"]') === null) act();
  };
  useHotkeys(Object.entries(keys).map(([key, act]) => [key, guarded(act)]));
}
