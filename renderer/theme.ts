// Light, dark, or as the system has it: a preference of this browser, and no secret.
import { createStore, useStore } from './store.ts';

export type Theme = 'auto' | 'light' | 'dark';

const KEY = 'tokentray.theme';
const theme = createStore<Theme>('auto');

/** Before the first paint. */
export function applyStoredTheme(): void {
  const stored = localStorage.getItem(KEY);
  apply(stored === 'light' || stored === 'dark' ? stored : 'auto');
}

export function setTheme(next: Theme): void {
  if (next === 'auto') localStorage.removeItem(KEY);
  else localStorage.setItem(KEY, next);
  apply(next);
}

export function useTheme(): Theme {
  return useStore(theme);
}

function apply(next: Theme): void {
  if (next === 'auto') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = next;
  theme.set(next);
}
