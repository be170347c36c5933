import { Modal, type ModalProps } from '@mantine/core';
import { useLayoutEffect } from 'react';
import { useTranslation } from 'react-i18next';

const inputs = 'input:not([type="hidden"], :disabled), textarea:not(:disabled), select:not(:disabled)';

/** Pixels that the ring around what has the focus needs below the head. */
const ringSpace = 3;

/** The first input, else what leaves everything as it is: Mantine alone would take the X. */
const markFirst = (body: HTMLElement | null): void => {
  if (body === null || body.querySelector('[data-autofocus]') !== null) return;
  const first = body.querySelector(inputs) ?? body.querySelector('[data-cancel]') ?? body.querySelector('button');
  first?.setAttribute('data-autofocus', 'true');
};

/** An entry of a menu is gone by the time the focus comes back: then it is what opens the menu. */
const triggerOf = (focused: Element | null): HTMLElement | null => {
  const menu = focused?.closest('[role="menu"]');
  const trigger =
    menu === null || menu === undefined ? focused : document.getElementById(menu.getAttribute('aria-labelledby') ?? '');
  return trigger instanceof HTMLElement ? trigger : null;
};

/** Gives the focus back to where it was when this came up. Mantine does so only for what stays in the page closed. */
export function useFocusBack(): void {
  useLayoutEffect(() => {
    const trigger = triggerOf(document.activeElement);
    return () => (trigger?.isConnected === true ? trigger : document.getElementById('main'))?.focus();
  }, []);
}

/** A window over the page, open for as long as it is drawn. */
export function Dialog({ children, ...props }: Omit<ModalProps, 'opened' | 'closeButtonProps'>) {
  const { t } = useTranslation();
  useFocusBack();
  return (
    <Modal opened closeButtonProps={{ 'aria-label': t('common.close') }} {...props}>
      <div ref={markFirst} style={{ paddingTop: ringSpace }}>
        {children}
      </div>
    </Modal>
  );
}
