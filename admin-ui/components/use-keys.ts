import { getHotkeyHandler } from '@mantine/hooks';
import { useEffect, useRef } from 'react';

type Keys = Readonly<Record<string, () => void>>;

const overlays = '[role="dialog"], [role="menu"]';
const texts = 'input:not([type="checkbox"], [type="radio"]), textarea, select, [contenteditable="true"]';

/** Text takes every key, a radio group the arrows. */
const isTaken = ({ target, key }: KeyboardEvent): boolean =>
  target instanceof Element &&
  (target.closest(texts) !== null || (key.startsWith('Arrow') && target.matches('[type="radio"]')));

/** Keys of a page: they rest while a dialog or a menu lies over it, and while somebody types. */
export function useKeys(keys: Keys): void {
  const latest = useRef(keys);
  useEffect(() => {
    latest.current = keys;
  });
  useEffect(() => {
    let overlaid: KeyboardEvent | undefined;
    // Before anything else: a dialog that this key closes is gone when the key arrives below.
    const look = (event: KeyboardEvent): void => {
      overlaid = document.querySelector(overlays) === null ? undefined : event;
    };
    const act = (event: KeyboardEvent): void => {
      if (event === overlaid || event.defaultPrevented || isTaken(event)) return;
      getHotkeyHandler(Object.entries(latest.current))(event);
    };
    window.addEventListener('keydown', look, true);
    document.addEventListener('keydown', act);
    return () => {
      window.removeEventListener('keydown', look, true);
      document.removeEventListener('keydown', act);
    };
  }, []);
}
