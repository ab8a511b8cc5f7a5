// The search of the list. `/` and Ctrl K come here from everywhere; the arrow goes down into the rows, Enter opens the first.
import { Search as Glass } from 'lucide-react';
import { useEffect, useRef } from 'react';
import { searchWishes } from '../../search-focus.ts';
import { useStore } from '../../store.ts';
import { Kbd } from '../../ui/kbd.tsx';
import styles from './search.module.css';

export interface SearchProps {
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly found: number;
  readonly onDown: () => void;
  readonly onEnter: () => void;
}

const isMac = /Mac|iPhone|iPad/.test(navigator.userAgent);

/** The last wish that was granted, by whichever search was there: one made elsewhere waits for this view. */
let granted = searchWishes.get();

export function Search({ value, onChange, found, onDown, onEnter }: SearchProps) {
  const input = useRef<HTMLInputElement>(null);
  const wishes = useStore(searchWishes);
  useEffect(() => {
    if (wishes === granted) return;
    granted = wishes;
    input.current?.focus();
    input.current?.select();
  }, [wishes]);
  return (
    <div className={styles.search}>
      <Glass className={styles.glass} size={14} aria-hidden="true" />
      <input
        ref={input}
        className={styles.input}
        type="search"
        aria-label="Find a connection"
        aria-keyshortcuts="/ Control+K"
        placeholder="Find a connection"
        autoComplete="off"
        spellCheck={false}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'ArrowDown') onDown();
          else if (event.key === 'Enter') onEnter();
          else if (event.key === 'Escape') onChange('');
          else return;
          event.preventDefault();
        }}
      />
      <span className={styles.key} aria-hidden="true">
        <Kbd>{isMac ? '⌘ K' : 'Ctrl K'}</Kbd>
      </span>
      <span className="silent" role="status">
        {value.trim() === '' ? '' : `${found} found`}
      </span>
    </div>
  );
}
