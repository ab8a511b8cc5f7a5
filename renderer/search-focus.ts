// `/` and Ctrl K (Command K on a Mac) lead to the search of the list from everywhere.
import { useEffect } from 'react';
import { navigate } from './router.ts';
import { createStore } from './store.ts';

/** As in connections.module.css: below it a connection in detail covers the list. */
const ONE_PANE = '(max-width: 879px)';

/** Counts the wishes; the list takes the focus when it grows. */
export const searchWishes = createStore(0);

export function useFindKeys(): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const withCommand = event.key.toLowerCase() === 'k' && (event.ctrlKey || event.metaKey);
      if (!withCommand && (event.key !== '/' || isTyping(event.target))) return;
      if (event.defaultPrevented || inDialog()) return;
      event.preventDefault();
      if (!location.pathname.startsWith('/connections') || matchMedia(ONE_PANE).matches) navigate('/');
      searchWishes.set(searchWishes.get() + 1);
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);
}

/** Where letters are text, they are no commands. */
export function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && target.closest('input, textarea, select, [contenteditable]') !== null
  );
}

/** Notices are dialogs that hold nothing up: they say so themselves. */
export function inDialog(): boolean {
  const open = ':is([role=dialog], [role=alertdialog]):not([aria-modal=false]), [role=menu]';
  return document.querySelector(open) !== null;
}
