// Where the window is: the path of the address, nothing else. One table of views; what is not in it is the list.
import { createStore, useStore } from './store.ts';

export type Route =
  | { readonly view: 'connections'; readonly id?: string }
  | { readonly view: 'providers' }
  | { readonly view: 'provider'; readonly id: string }
  | { readonly view: 'new-provider' }
  | { readonly view: 'picker' }
  | { readonly view: 'calendar' | 'activity' | 'scripts' | 'settings' | 'decode' };

const path = createStore(location.pathname);
addEventListener('popstate', () => path.set(location.pathname));

function parsePath(pathname: string): Route {
  const [first = '', second] = pathname.split('/').filter((part) => part !== '');
  const id = second === undefined ? undefined : decodePart(second);
  switch (first) {
    case 'connections':
      return id === undefined ? { view: 'connections' } : { view: 'connections', id };
    case 'providers':
      if (id === undefined) return { view: 'providers' };
      return id === 'new' ? { view: 'new-provider' } : { view: 'provider', id };
    case 'picker':
    case 'calendar':
    case 'activity':
    case 'scripts':
    case 'settings':
    case 'decode':
      return { view: first };
    default:
      return { view: 'connections' };
  }
}

function decodePart(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    // Not of our making: no connection or provider is called that, and the view says so.
    return part;
  }
}

export function navigate(to: string, { replace = false } = {}): void {
  if (to === location.pathname) return;
  if (replace) history.replaceState(null, '', to);
  else history.pushState(null, '', to);
  path.set(to);
}

export function isPicker(): boolean {
  return parsePath(path.get()).view === 'picker';
}

export function useRoute(): Route {
  return parsePath(useStore(path));
}

/** Ids and names hold nothing that a path would have to encode. */
export const paths = {
  connection: (id: string) => `/connections/${id}`,
  provider: (id: string) => `/providers/${id}`,
};
