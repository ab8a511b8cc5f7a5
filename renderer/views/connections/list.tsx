// The list: search on top, rows below of which only the visible ones exist. One row at a time can be reached by Tab;
// arrows move among them, Enter opens, c copies.
import { defaultRangeExtractor, useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useMemo, useRef, useState } from 'react';
import type { ConnectionJson, ConsentJson } from '../../../api/wire.ts';
import { useNow } from '../../clock.ts';
import { ConnectMenu } from './connect-menu.tsx';
import { ConnectionRow } from './connection-row.tsx';
import { ConsentRow } from './consent-row.tsx';
import styles from './list.module.css';
import { findConnections, linesOf, looseConsents, sortConnections } from './rows.ts';
import { Search } from './search.tsx';
import { useListKeys } from './use-list-keys.ts';

/** As in list.module.css: fixed heights need no measuring. */
const ROW_PX = 56;
const TITLE_PX = 40;
/** A flick of the wheel lands on rows that are there already. */
const OVERSCAN = 10;

const TITLES = { needs: 'Needs you', fresh: 'Fresh', waiting: 'Waiting' } as const;

export interface ConnectionListProps {
  readonly connections: readonly ConnectionJson[];
  readonly consents: readonly ConsentJson[];
  readonly chosen: string | undefined;
}

export function ConnectionList({ connections, consents, chosen }: ConnectionListProps) {
  const now = useNow();
  const [wanted, setWanted] = useState('');
  const scroller = useRef<HTMLDivElement>(null);

  const sorted = useMemo(() => sortConnections(connections), [connections]);
  const found = useMemo(() => findConnections(sorted, wanted), [sorted, wanted]);
  const loose = useMemo(() => looseConsents(consents, connections), [consents, connections]);
  const lines = useMemo(
    () => linesOf(found, wanted.trim() === '' ? loose : [], now),
    [found, loose, wanted, now],
  );

  const keys = useListKeys(lines, chosen);
  const cursorAt = lines.findIndex((line) => line.kind === 'connection' && line.key === keys.cursor);
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroller.current,
    estimateSize: (at) => (lines[at]?.kind === 'title' ? TITLE_PX : ROW_PX),
    getItemKey: (at) => lines[at]?.key ?? at,
    overscan: OVERSCAN,
    // The row with the focus stays, wherever it is scrolled to.
    rangeExtractor: (range) =>
      cursorAt === -1
        ? defaultRangeExtractor(range)
        : [...new Set([...defaultRangeExtractor(range), cursorAt])].sort((one, other) => one - other),
  });

  const { focusWanted } = keys;
  useEffect(() => {
    if (focusWanted && cursorAt !== -1) virtual.scrollToIndex(cursorAt, { align: 'auto' });
  }, [focusWanted, cursorAt, virtual]);

  return (
    <section className={styles.pane} aria-label="Connections">
      <h1 className="silent">Connections</h1>
      <div className={styles.bar}>
        <Search
          value={wanted}
          onChange={setWanted}
          found={found.length}
          onDown={keys.focusFirst}
          onEnter={keys.openFirst}
        />
        <ConnectMenu />
      </div>
      <div className={styles.scroller} ref={scroller}>
        {lines.length === 0 && (
          <p className={styles.none}>Nothing fits “{wanted.trim()}”. Search by name, account or scope.</p>
        )}
        {/* biome-ignore lint/a11y/useSemanticElements: rows are placed one by one, which a list element does not expect */}
        <div
          className={styles.lines}
          role="list"
          aria-label="Connections"
          style={{ height: virtual.getTotalSize() }}
          onKeyDown={keys.onKeyDown}
        >
          {virtual.getVirtualItems().map(({ index, start, key }) => {
            const line = lines[index];
            if (line === undefined) return null;
            return (
              // biome-ignore lint/a11y/useSemanticElements: as above
              <div
                key={key}
                className={styles.line}
                role="listitem"
                aria-setsize={lines.length}
                aria-posinset={index + 1}
                style={{ transform: `translateY(${start}px)` }}
              >
                {line.kind === 'title' && <h2 className={styles.title}>{TITLES[line.group]}</h2>}
                {line.kind === 'consent' && <ConsentRow consent={line.consent} />}
                {line.kind === 'connection' && (
                  <ConnectionRow
                    connection={line.connection}
                    now={now}
                    chosen={line.key === chosen}
                    cursor={line.key === keys.cursor}
                    focusWanted={focusWanted && line.key === keys.cursor}
                    onFocus={keys.focused}
                  />
                )}
              </div>
            );
          })}
        </div>
      </div>
    </section>
  );
}
