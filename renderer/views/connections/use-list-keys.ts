// The keyboard of the list: which row the keys are at, and what each key does there. Keys work in the list, and from
// the page itself when nothing else has the focus.
import { type KeyboardEvent, useCallback, useEffect, useMemo, useState } from 'react';
import type { ConnectionJson } from '../../../api/wire.ts';
import { copyToken } from '../../copy-token.ts';
import { navigate, paths } from '../../router.ts';
import { inDialog, isTyping } from '../../search-focus.ts';
import type { Line } from './rows.ts';

const PAGE_ROWS = 10;

type Key = Pick<globalThis.KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey' | 'preventDefault'>;

export function useListKeys(lines: readonly Line[], chosen: string | undefined) {
  const [state, setState] = useState<{ readonly at: string | undefined; readonly focusWanted: boolean }>({
    at: undefined,
    focusWanted: false,
  });
  const rows = useMemo(
    () => lines.flatMap((line): ConnectionJson[] => (line.kind === 'connection' ? [line.connection] : [])),
    [lines],
  );
  const has = (id: string | undefined): boolean => id !== undefined && rows.some((row) => row.id === id);
  const cursor = has(state.at) ? state.at : has(chosen) ? chosen : rows[0]?.id;

  const focusAt = (place: number): void => {
    const row = rows[Math.max(0, Math.min(rows.length - 1, place))];
    if (row !== undefined) setState({ at: row.id, focusWanted: true });
  };

  const onKey = (event: Key, fromPage: boolean): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const here = rows.findIndex(({ id }) => id === cursor);
    const row = rows[here];
    if (event.key === 'c') {
      const wanted = fromPage ? (rows.find(({ id }) => id === chosen) ?? row) : row;
      if (wanted !== undefined) void copyToken(wanted, 'token');
    } else {
      const place = placeAfter(event.key, here, rows.length, fromPage);
      if (place === undefined) return;
      focusAt(place);
    }
    event.preventDefault();
  };

  // The newest handler, without asking the page for a new listener at every tick of the clock.
  useEffect(() => {
    const onPageKey = (event: globalThis.KeyboardEvent): void => {
      if (event.defaultPrevented || isTyping(event.target) || inDialog()) return;
      const onPage = event.target === document.body;
      if (onPage || event.key === 'c') onKey(event, true);
    };
    addEventListener('keydown', onPageKey);
    return () => removeEventListener('keydown', onPageKey);
  });

  const focused = useCallback((id: string) => setState({ at: id, focusWanted: false }), []);

  return {
    cursor,
    focusWanted: state.focusWanted,
    focused,
    onKeyDown: (event: KeyboardEvent) => onKey(event, false),
    focusFirst: () => focusAt(0),
    openFirst: () => {
      const [first] = rows;
      if (first === undefined) return;
      setState({ at: first.id, focusWanted: true });
      navigate(paths.connection(first.id));
    },
  };
}

/** Where a key leads; undefined for other keys. The first arrow from the page goes to the row, the next ones move. */
function placeAfter(key: string, here: number, rows: number, fromPage: boolean): number | undefined {
  const step = fromPage ? 0 : 1;
  switch (key) {
    case 'ArrowDown':
      return here + step;
    case 'ArrowUp':
      return here - step;
    case 'PageDown':
      return here + PAGE_ROWS;
    case 'PageUp':
      return here - PAGE_ROWS;
    case 'Home':
      return 0;
    case 'End':
      return rows - 1;
    default:
      return undefined;
  }
}
